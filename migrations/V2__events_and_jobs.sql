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
create index job_parked on job (workspace_id, lane_id, due_at) where state = 'parked';
create index job_lane_leased on job (lane_id) where state = 'leased' and lane_id is not null;
create index job_lane_ready on job (workspace_id) where state = 'ready' and lane_id is not null;

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

-- Makes the partitions of today and the days ahead; safe to call at any time by anybody who may.
--
-- A partition is made by itself and attached then: that holds up neither inserts nor readers, as making it in its
-- place would.
create function make_event_partitions(days_ahead integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '1s'
as $$
declare
    day   date;
    name  text;
    made  integer := 0;
begin
    if days_ahead < 0 or days_ahead > 366 then
        raise exception 'days_ahead must be 0 to 366';
    end if;
    perform pg_advisory_xact_lock(hashtext('make_event_partitions'));
    -- Yesterday too: a call may be in flight over midnight.
    for day in select generate_series((now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date + days_ahead, interval '1 day')::date loop
        name := 'event_' || to_char(day, 'YYYYMMDD');
        if to_regclass(name) is null then
            execute format('create table %I (like event including all)', name);
            execute format('alter table event attach partition %I for values from (%L) to (%L)',
                           name, event_day_bound(day), event_day_bound(day + 1));
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;

-- The partitions of event by day.
create view event_partition as
    select child.relname::text as name,
           -- The planner may read a name before it knows that it is a partition's.
           case when child.relname ~ '^event_[0-9]{8}$' then to_date(right(child.relname, 8), 'YYYYMMDD') end as day
      from pg_inherits
      join pg_class child on child.oid = inhrelid
     where inhparent = 'event'::regclass;

-- Drops the partition of a day, or says what holds it back.
-- Gives way soon: the drop waits for, and then holds up, every insert.
create function drop_event_partition(day date) returns text
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '200ms'
as $$
declare
    name   text := 'event_' || to_char(day, 'YYYYMMDD');
    lower  uuid := event_day_bound(day);
    upper  uuid := event_day_bound(day + 1);
begin
    if day >= (now() at time zone 'UTC')::date - 1 then
        return 'too_young';
    end if;
    if to_regclass(name) is null then
        return 'absent';
    end if;
    -- Nothing can add work for the partition's events between the look and the drop. The parent first, as readers.
    lock table only event in access exclusive mode;
    execute format('lock table %I in access exclusive mode', name);
    if exists (select 1 from job where kind = 'event' and subject_id >= lower and subject_id < upper) then
        return 'held_by_job';
    end if;
    if exists (select 1 from sync_event
                where event_id >= lower and event_id < upper and status in ('queued', 'running')) then
        return 'held_by_sync_event';
    end if;
    execute format('drop table %I', name);
    return 'dropped';
end $$;
