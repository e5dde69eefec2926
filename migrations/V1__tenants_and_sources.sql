-- Tenants, the inbound URLs, and what is sealed.
--
-- Ids are UUIDs made by the processes; times are the database's. No table that the ingress inserts into has a
-- foreign key: a key check would lock a row that a worker may hold.

create table workspace (
    id          uuid primary key,
    slug        text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name        text not null check (length(name) between 1 and 200),
    plan        text not null check (plan in ('free', 'starter', 'professional')),
    created_at  timestamptz not null default now()
);

create table source (
    id                      uuid primary key,
    workspace_id            uuid references workspace,
    provider                text not null check (provider in ('github', 'linear')),
    slug                    text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    body_bytes_max          integer not null check (body_bytes_max between 1 and 104857600),
    accepted_status         smallint not null check (accepted_status between 200 and 299),
    replay_window_s         integer not null check (replay_window_s between 0 and 604800),
    fresh_ms                bigint not null check (fresh_ms >= 0),
    unseen_age_ms_max       bigint not null check (unseen_age_ms_max >= 0),
    created_at              timestamptz not null default now(),
    disabled_at             timestamptz
);
-- A connector URL names no source: one a provider serves the whole deployment.
create unique index source_of_deployment on source (provider) where workspace_id is null;
create unique index source_slug on source (workspace_id, slug) where workspace_id is not null;
create index source_by_workspace on source (workspace_id, id);

-- Two secrets are valid while a source rotates.
create table source_secret (
    id          uuid primary key,
    source_id   uuid not null references source,
    sealed      bytea not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz
);
create index source_secret_by_source on source_secret (source_id);

-- The deployment's GitHub App: one row or none. Only the worker and the operator may read it.
create table github_app (
    id                  uuid primary key,
    singleton           boolean not null default true unique check (singleton),
    app_id              bigint not null check (app_id > 0),
    private_key_sealed  bytea not null,
    updated_at          timestamptz not null default now()
);

create table audit_log (
    id            uuid primary key,
    at            timestamptz not null default now(),
    workspace_id  uuid,
    actor         text not null,
    action        text not null,
    subject       text not null,
    reason        text,
    before        jsonb,
    after         jsonb
);
create index audit_log_by_workspace on audit_log (workspace_id, id);
create index audit_log_by_subject on audit_log (subject, id);
