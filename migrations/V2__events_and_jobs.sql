-- Events in day partitions, the keys that make each be recorded once, and the promises of work.

-- The first UUIDv7 of a day, in UTC: a partition's bound.
create function event_day_bound(day date) returns uuid
    language sql immutable strict parallel safe
    as $$ select (lpad(to_hex((extract(epoch from day) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- A UUIDv7 of the given time.
create function uuid_v7(at timestamptz) returns uuid
    language sql volatile parallel safe
    as $$ select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6),
              52, 1), 53, 1), 'hex')::uuid $$;

create table event (
    id                    uuid not null,
    received_at           timestamptz not null default now(),
    source_id             uuid,
    workspace_id          uuid,
    installation_id       bigint,
    repository_id         bigint,
    body_bytes            integer not null,
    origin                text not null check (origin in ('webhook', 'api', 'system')),
    type                  text not null,
    outcome               text check (outcome in ('ignored', 'replay', 'failed')),
    reason                text,
    -- What the provider called this delivery; for a replay, still its own.
    provider_delivery_id  text collate "C",
    hook_id               text,
    -- The event that a replay repeats.
    repeats               uuid,
    repository            text,
    git_ref               text,
    before_sha            text,
    head_sha              text,
    -- When the body was removed before its time.
    redacted_at           timestamptz,
    headers               json,
    content_type          text,
    body                  bytea compression lz4,
    primary key (id)
) partition by range (id);
create index event_by_delivery on event (provider_delivery_id, id);
create index event_by_type on event (type, id);
create index event_by_source on event (source_id, id);
create index event_by_outcome on event (outcome, id) where outcome is not null;

-- Which workspaces an event of a shared URL concerns.
create table event_workspace (
    workspace_id  uuid not null,
    event_id      uuid not null,
    primary key (workspace_id, event_id)
);
create index event_workspace_by_event on event_workspace (event_id);

-- Every key by which an event is recognised. kind 'd': hook id and delivery id. kind 'h': the body's hash. kind 'i':
-- an application's Idempotency-Key, with the workspace in place of the source.
create table dedupe (
    kind       "char" not null,
    source_id  uuid not null,
    key        bytea not null,
    event_id   uuid not null,
    seen_at    timestamptz not null default now(),
    -- kind 'i': what the key stands for; another body under it is a mistake of the application.
    body_hash  bytea,
    primary key (kind, source_id, key)
);

create table job (
    id            uuid primary key default gen_random_uuid(),
    subject_id    uuid not null,
    workspace_id  uuid,
    lease_owner   uuid,
    lease_epoch   bigint not null default 0,
    -- When someone must look at this row again.
    due_at        timestamptz not null,
    created_at    timestamptz not null default now(),
    runs          integer not null default 0,
    -- Publications by the sweep since it became ready: the grace doubles with each.
    republished   integer not null default 0,
    kind          text not null check (kind in ('event', 'sync', 'delivery', 'replay')),
    -- 'parked' waits for a place at its receiver. Nothing but a free place wakes it: due_at says since when it waits.
    state         text not null check (state in ('ready', 'scheduled', 'leased', 'parked')),
    -- The receiver of a delivery: the jobs of a lane share its places, and wait in order.
    lane_id       uuid,
    -- The subject was handled or refused before; it is to be done from the start.
    again         boolean not null default false,
    check ((state = 'leased') = (lease_owner is not null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);
create unique index job_of_subject on job (subject_id, kind);
create index job_ready on job (kind, due_at) where state = 'ready';
create index job_scheduled on job (due_at) where state = 'scheduled';
create index job_leased on job (due_at) where state = 'leased';
-- A delivery's id begins with its event's time: a lane's jobs wait in that order, and keep their place.
create index job_parked on job (workspace_id, lane_id, subject_id) where state = 'parked';
-- The leased ones and the ready ones, by conditions that no other index has: what asks for them is served by these.
-- One entry a row: an entry shared by many could be marked as gone only when all of them are.
create index job_lane_leased on job (workspace_id, lane_id) with (deduplicate_items = off)
    where lease_owner is not null and lane_id is not null;
create index job_lane_ready on job (workspace_id) with (deduplicate_items = off)
    where lane_id is not null and state not in ('scheduled', 'leased', 'parked');

create table dead_letter (
    id            uuid primary key,
    created_at    timestamptz not null default now(),
    workspace_id  uuid,
    subject_id    uuid not null,
    kind          text not null check (kind in ('event', 'sync', 'delivery')),
    reason        text not null,
    error         text,
    settled_at    timestamptz,
    settled_how   text check (settled_how in ('replayed', 'dropped')),
    check ((settled_at is null) = (settled_how is null))
);
create unique index dead_letter_open on dead_letter (subject_id, kind) where settled_at is null;
create index dead_letter_by_workspace on dead_letter (workspace_id, id);
create index dead_letter_list on dead_letter (id) where settled_at is null;

-- Queue messages that named no known work.
create table rejected_message (
    id           uuid primary key,
    received_at  timestamptz not null default now(),
    queue        text not null,
    reason       text not null,
    body         bytea not null,
    body_bytes   integer not null
);

-- Sources whose callers' signatures keep failing: at most one row a source and quarter of an hour, by whichever
-- process of the ingress finds out first.
create table signature_failures (
    source_id     uuid not null,
    window_start  timestamptz not null,
    -- The calls refused until it was noticed.
    failures      integer not null,
    -- When the owners of the source were told.
    told_at       timestamptz,
    primary key (source_id, window_start)
);
create index signature_failures_untold on signature_failures (window_start) where told_at is null;

-- The partitions of event by day.
create view event_partition as
    select child.relname::text as name,
           -- The planner may read a name before it knows that it is a partition's.
           case when child.relname ~ '^event_[0-9]{8}$' then to_date(right(child.relname, 8), 'YYYYMMDD') end as day
      from pg_inherits
      join pg_class child on child.oid = inhrelid
     where inhparent = 'event'::regclass;
