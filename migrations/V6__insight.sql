-- What the admin pages count and tell: who works, attempts of syncs, tallies, rollups.

-- Processes that run jobs; each says every few seconds that it is there.
create table worker (
    id          uuid primary key,
    name        text not null,
    version     text not null,
    started_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    stopped_at  timestamptz
);
create index worker_running on worker (seen_at) where stopped_at is null;

-- Each lease that ran a sync, and how that ended.
create table sync_attempt (
    sync_event_id    uuid not null references sync_event on delete cascade,
    -- Over all leases: those that were put off count here, and not in sync_event.attempts.
    number           integer not null check (number > 0),
    worker_id        uuid,
    lease_epoch      bigint not null,
    started_at       timestamptz not null default now(),
    ended_at         timestamptz,
    outcome          text check (outcome in ('finished', 'failed', 'put_off', 'stopped', 'lost')),
    cause            text check (cause in ('rate_limited', 'not_visible', 'no_app', 'unreachable', 'moved', 'unexpected')),
    error            text,
    github_requests  integer not null default 0,
    -- What was seen: entries of the tree, those that a mapping selects, those unlike what is bound.
    tree_entries     integer,
    matched          integer,
    differing        integer,
    next_attempt_at  timestamptz,
    primary key (sync_event_id, number),
    check ((ended_at is null) = (outcome is null))
);

-- The event that told how it ended, if anybody wanted to know.
alter table sync_event add column told_event_id uuid;

-- Who asked for a sync, or for a delivery once more, by what they led to.
create index audit_log_by_result on audit_log (coalesce(after ->> 'syncEventId', after ->> 'subjectId'), id)
    where after ->> 'syncEventId' is not null or after ->> 'subjectId' is not null;

-- What ended lately, counted by whoever ended it. Rows are only added, and soon folded into rollup.
create table tally (
    workspace_id  uuid not null,
    metric        text not null,
    at            timestamptz not null default now(),
    count         integer not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- How often something happened in a minute ('m') or an hour ('h').
create table rollup (
    workspace_id  uuid not null,
    width         "char" not null check (width in ('m', 'h')),
    bucket        timestamptz not null,
    metric        text not null,
    count         bigint not null,
    primary key (workspace_id, width, bucket, metric)
);
create index rollup_old on rollup (width, bucket);

-- Up to which event arrivals are counted: the ingress counts nothing.
create table arrivals_counted (
    singleton  boolean primary key default true check (singleton),
    up_to      uuid not null
);
insert into arrivals_counted (up_to) values (uuid_v7(now()));

-- When an id was made.
create function uuid_v7_time(id uuid) returns timestamptz
    language sql immutable strict parallel safe
    as $$ select to_timestamp(('x0000' || left(translate(id::text, '-', ''), 12))::bit(64)::bigint / 1000.0) $$;

create function tally_sync() returns trigger
    language plpgsql
as $$
begin
    insert into tally (workspace_id, metric, count) values (new.workspace_id, 'sync_' || new.status, 1);
    return null;
end $$;
create trigger sync_event_tallied after update on sync_event
    for each row when (old.completed_at is null and new.completed_at is not null) execute function tally_sync();

-- For lists and what needs attention: few rows have such a state.
create index sync_event_setback on sync_event (workspace_id, status, id) where status in ('failed', 'partial');
create index dead_letter_open_by_workspace on dead_letter (workspace_id, id) where settled_at is null;
create index connector_target_amiss on connector_target (workspace_id, id) where status not in ('active', 'disabled');
