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
create index subscription_by_connection on subscription (connection_id);
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

-- The id of what is owed to a subscriber for an event: it follows from the two, so that fanning out twice finds
-- the row there, and it begins with the event's time, so that it names its partition. A UUID of version 8.
create function delivery_id(event uuid, subscriber uuid) returns uuid
    language sql immutable strict parallel safe
    as $$ select encode(set_byte(set_byte(digest, 6, (get_byte(digest, 6) & 15) | 128), 8, (get_byte(digest, 8) & 63) | 128), 'hex')::uuid
            from (select overlay(substring(sha256(uuid_send(event) || uuid_send(subscriber)) from 1 for 16)
                         placing substring(uuid_send(event) from 1 for 6) from 1 for 6) as digest) derived $$;

-- One event owed to one subscriber. 'delivering' is not stored: it is a delivery whose job is leased.
create table delivery (
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
    primary key (id)
) partition by range (id);
create index delivery_by_workspace on delivery (workspace_id, id);
create index delivery_by_state on delivery (workspace_id, state, id);
create index delivery_by_receiver on delivery (receiver_id, id);
create index delivery_by_event on delivery (event_id);

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
