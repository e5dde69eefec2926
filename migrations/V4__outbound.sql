-- What goes out: connections, who is told of which events, what is owed to whom, and every try.

-- Stored credentials of one external system. The sealed column is empty once it is disconnected.
create table connection (
    id                 uuid primary key,
    workspace_id       uuid not null references workspace,
    kind               text not null check (kind in ('slack', 'discord', 'webhook')),
    name               text not null check (length(name) between 1 and 100),
    status             text not null check (status in ('connected', 'disconnected', 'action_needed', 'error', 'disabled')),
    sealed             bytea,
    -- What may be shown: the host, the provider's name of the channel.
    metadata           jsonb not null default '{}',
    -- Who connected it: opaque to Hookyard, the key of the grants of OAuth clients.
    user_id            text,
    concurrency_max    integer not null default 16 check (concurrency_max between 1 and 1000),
    rate_per_s         real check (rate_per_s > 0),
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    last_tested_at     timestamptz,
    last_triggered_at  timestamptz,
    last_error         text,
    -- Since when it has done nothing but fail.
    failing_since      timestamptz,
    check ((status = 'disconnected') = (sealed is null)),
    unique (workspace_id, kind, name)
);
create index connection_by_workspace on connection (workspace_id, id);

create table subscription (
    id             uuid primary key,
    workspace_id   uuid not null references workspace,
    connection_id  uuid not null references connection,
    -- Exact types, prefixes such as 'post.*', or '*'.
    event_types    text[] not null check (cardinality(event_types) between 1 and 100),
    filter         text,
    template       text,
    -- Empty: the default policy.
    retry_policy   jsonb,
    status         text not null check (status in ('active', 'paused')),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
create index subscription_by_workspace on subscription (workspace_id, id);
create index subscription_by_connection on subscription (connection_id, id);
create index subscription_active on subscription (workspace_id) where status = 'active';

-- Whether a list of event types names this one.
create function wants_event(event_types text[], type text) returns boolean
    language sql immutable parallel safe
    as $$ select '*' = any(event_types) or type = any(event_types)
              or exists (select 1 from unnest(event_types) as pattern
                          where right(pattern, 2) = '.*' and starts_with(type, left(pattern, -1))) $$;

-- Applications that are told when one of their users connects an integration.
create table oauth_client (
    id                  uuid primary key,
    workspace_id        uuid not null references workspace,
    name                text not null check (length(name) between 1 and 100),
    -- The URL, and the secret if there is one.
    sealed              bytea not null,
    metadata            jsonb not null default '{}',
    scopes              text[] not null,
    status              text not null check (status in ('active', 'disabled')),
    created_at          timestamptz not null default now(),
    last_triggered_at   timestamptz,
    last_error          text,
    failing_since       timestamptz,
    unique (workspace_id, name)
);
create table oauth_grant (
    client_id   uuid not null references oauth_client on delete cascade,
    user_id     text not null check (length(user_id) between 1 and 200),
    granted_at  timestamptz not null default now(),
    revoked_at  timestamptz,
    primary key (client_id, user_id)
);
create index oauth_grant_by_user on oauth_grant (user_id, client_id) where revoked_at is null;

-- What an application shows to publish events; only its hash is kept.
create table token (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    name          text not null check (length(name) between 1 and 100),
    -- The first characters, to recognise it by.
    prefix        text not null,
    hash          bytea not null unique,
    scopes        text[] not null,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz,
    revoked_at    timestamptz
);
create index token_by_workspace on token (workspace_id, id);

-- One event owed to one subscriber. 'delivering' is not stored: it is a delivery whose job is leased.
create table delivery (
    -- Follows from event and subscriber, so that fanning out twice finds the row there, and begins with the event's
    -- time, so that it names the partition. A UUID of version 8.
    id                uuid not null,
    event_id          uuid not null,
    workspace_id      uuid not null,
    subscriber_id     uuid not null,
    subscriber_kind   text not null check (subscriber_kind in ('subscription', 'oauth_client')),
    -- The connection or the OAuth client: whom the calls go to.
    receiver_id       uuid not null,
    event_type        text not null,
    state             text not null check (state in ('pending', 'delivered', 'failed', 'dead', 'cancelled')),
    -- Tries on record, over all replays; the number of the last one.
    attempts          integer not null default 0,
    -- Tries before the last replay: the retry policy counts from there.
    attempts_before   integer not null default 0,
    created_at        timestamptz not null default now(),
    -- When it came to its state.
    state_at          timestamptz not null default now(),
    next_attempt_at   timestamptz,
    -- The last try.
    response_status   integer,
    error_class       text,
    error             text,
    -- A cancellation that came while a try was in flight: there will be no further one.
    cancel_requested_at timestamptz,
    -- The state where it is none of the usual ones. A delivery that succeeds at once never has one: its update changes
    -- nothing that is indexed, and touches no index.
    setback           text generated always as (case when state in ('failed', 'dead', 'cancelled') then state end) stored,
    primary key (id)
) partition by range (id);
create index delivery_by_workspace on delivery (workspace_id, id);
create index delivery_by_setback on delivery (workspace_id, setback, id) where setback is not null;
create index delivery_by_receiver on delivery (receiver_id, id);

-- One try. Never changed.
create table attempt (
    delivery_id       uuid not null,
    number            integer not null,
    started_at        timestamptz not null,
    duration_ms       integer not null,
    response_status   integer,
    -- Empty: it succeeded.
    error_class       text,
    error             text,
    response_headers  json,
    response_excerpt  text,
    primary key (delivery_id, number)
) partition by range (delivery_id);

-- Replays of a filter's worth of deliveries, done in portions.
create table replay (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    -- What is replayed, and up to when deliveries count.
    filter        jsonb not null,
    frozen_at     timestamptz not null default now(),
    expected      bigint not null,
    replayed      bigint not null default 0,
    per_s         integer not null check (per_s between 1 and 10000),
    -- The last delivery looked at.
    cursor        uuid,
    state         text not null check (state in ('running', 'completed', 'cancelled')),
    actor         text not null,
    reason        text,
    created_at    timestamptz not null default now(),
    ended_at      timestamptz
);
create index replay_by_workspace on replay (workspace_id, id);

-- What waits for a further attempt at a receiver, for whoever calls it off.
create index job_lane_scheduled on job (workspace_id, lane_id) where state = 'scheduled' and lane_id is not null;

-- How many jobs of each of these lanes are leased, and how many of its workspace, counted up to a limit; nobody else
-- leases of these lanes until the transaction ends.
--
-- A statement sees what was committed before it began, a volatile function what was committed before each of its own:
-- so the count includes what another worker leased while this one waited for the lock.
--
-- Leases come and go by the ten thousand a second. A plain index scan marks the entries of those that are gone, so that
-- the next one need not look at them; a bitmap scan does not.
create function lane_leased(workspaces uuid[], lanes uuid[], workspace_max bigint)
    returns table (workspace_id uuid, lane_id uuid, leased bigint, workspace_leased bigint)
    language plpgsql volatile
    set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan
as $$
begin
    perform pg_advisory_xact_lock(lock)
       from (select distinct hashtextextended(asked.lane::text, 7) as lock from unnest(lanes) as asked(lane) order by 1) locks;
    return query
        with total as materialized (
            select asked.workspace, (select count(*)
                                       from (select from job
                                              where job.workspace_id = asked.workspace and job.lane_id is not null
                                                and job.lease_owner is not null limit workspace_max) leased) as leased
              from (select distinct unnest(workspaces) as workspace) asked
        )
        select asked.workspace, asked.lane,
               (select count(*) from job
                 where job.workspace_id = asked.workspace and job.lane_id = asked.lane and job.lease_owner is not null),
               total.leased
          from unnest(workspaces, lanes) as asked(workspace, lane) join total using (workspace);
end $$;

-- Makes the partitions of yesterday, today and the days ahead; safe to call at any time by anybody who may.
--
-- A partition is made by itself and attached then: that holds up neither inserts nor readers, as making it in its
-- place would.
create function make_partitions(days_ahead integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '30s'
as $$
declare
    day     date;
    parent  text;
    name    text;
    made    integer := 0;
begin
    if days_ahead < 0 or days_ahead > 366 then
        raise exception 'days_ahead must be 0 to 366';
    end if;
    -- Another maker is waited for; whoever uses the tables is not.
    perform pg_advisory_xact_lock(hashtext('make_partitions'));
    set local lock_timeout = '1s';
    -- Yesterday too: a call may be in flight over midnight.
    for day in select generate_series((now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date + days_ahead, interval '1 day')::date loop
        foreach parent in array array['event', 'delivery', 'attempt'] loop
            name := parent || '_' || to_char(day, 'YYYYMMDD');
            if to_regclass(name) is null then
                -- Room in every page of deliveries for the next state of every row: many are written at once.
                execute format('create table %I (like %I including all) with (fillfactor = %s)', name, parent,
                               case parent when 'delivery' then 50 else 100 end);
                execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                               parent, name, event_day_bound(day), event_day_bound(day + 1));
                made := made + (parent = 'event')::integer;
            end if;
        end loop;
    end loop;
    return made;
end $$;

-- Drops a day's events, deliveries and attempts, or says what holds them back.
-- Gives way soon: the drop waits for, and then holds up, every insert.
create function drop_partitions(day date) returns text
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '200ms'
as $$
declare
    suffix  text := '_' || to_char(day, 'YYYYMMDD');
    lower   uuid := event_day_bound(day);
    upper   uuid := event_day_bound(day + 1);
    parent  text;
begin
    if day >= (now() at time zone 'UTC')::date - 1 then
        return 'too_young';
    end if;
    if to_regclass('event' || suffix) is null then
        return 'absent';
    end if;
    -- Before anything is locked: this may read all of the day's deliveries. Whoever reopens one later adds a job.
    if exists (select 1 from delivery where id >= lower and id < upper and state in ('pending', 'failed')) then
        return 'held_by_delivery';
    end if;
    -- Nothing can add work for the day between the look and the drop. Parents first, as readers.
    foreach parent in array array['event', 'delivery', 'attempt'] loop
        execute format('lock table only %I in access exclusive mode', parent);
        if to_regclass(parent || suffix) is not null then
            execute format('lock table %I in access exclusive mode', parent || suffix);
        end if;
    end loop;
    if exists (select 1 from job where kind in ('event', 'delivery') and subject_id >= lower and subject_id < upper) then
        return 'held_by_job';
    end if;
    if exists (select 1 from sync_event
                where event_id >= lower and event_id < upper and status in ('queued', 'running')) then
        return 'held_by_sync_event';
    end if;
    foreach parent in array array['attempt', 'delivery', 'event'] loop
        execute format('drop table if exists %I', parent || suffix);
    end loop;
    return 'dropped';
end $$;
