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
