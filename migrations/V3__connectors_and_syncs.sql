-- What is tracked, each reconciliation, and what it brought in.

create table connector_account (
    id               uuid primary key,
    workspace_id     uuid not null references workspace,
    connector_type   text not null check (connector_type in ('github')),
    installation_id  bigint not null check (installation_id > 0),
    login            text not null,
    status           text not null check (status in ('active', 'suspended', 'disconnected')),
    -- The last event that decided the status: an earlier one that comes later decides nothing.
    status_event_id  uuid,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now()
);
create unique index connector_account_installation on connector_account (workspace_id, connector_type, installation_id);
create index connector_account_by_installation on connector_account (installation_id);
create index connector_account_by_workspace on connector_account (workspace_id, id);

create table connector_instance (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    account_id    uuid not null references connector_account,
    name          text not null check (length(name) between 1 and 200),
    status        text not null check (status in ('active', 'disabled', 'archived')),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
create unique index connector_instance_name on connector_instance (account_id, name);
create index connector_instance_by_workspace on connector_instance (workspace_id, id);

create table connector_target (
    id                        uuid primary key,
    workspace_id              uuid not null references workspace,
    instance_id               uuid not null references connector_instance,
    repository_id             bigint not null check (repository_id > 0),
    repository                text not null,
    git_ref                   text not null check (git_ref like 'refs/heads/_%'),
    status                    text not null check (status in ('active', 'branch_deleted', 'repository_gone',
                                                              'repository_removed', 'needs_confirmation', 'disabled')),
    status_event_id           uuid,
    archived                  boolean not null default false,
    default_branch            text,
    mapping_revision          bigint not null default 0,
    applied_sha               text,
    applied_mapping_revision  bigint,
    applied_parser_version    integer,
    applied_at                timestamptz,
    -- The branch's entity tag when applied_sha was read.
    applied_etag              text,
    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now()
);
create unique index connector_target_branch on connector_target (instance_id, repository_id, git_ref);
create index connector_target_by_ref on connector_target (repository_id, git_ref);
create index connector_target_by_workspace on connector_target (workspace_id, id);

create table connector_mapping (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    target_id     uuid not null references connector_target,
    selector      text not null,
    object_type   text not null check (object_type in ('skill', 'agent', 'command', 'hook', 'mcp', 'file')),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
create unique index connector_mapping_selector on connector_mapping (target_id, selector);
create index connector_mapping_by_workspace on connector_mapping (workspace_id, id);

create table sync_event (
    id                uuid primary key,
    -- The order of arrival, which decides what supersedes what.
    seq               bigint generated always as identity,
    workspace_id      uuid not null,
    target_id         uuid not null,
    event_id          uuid,
    queued_at         timestamptz not null default now(),
    started_at        timestamptz,
    completed_at      timestamptz,
    mapping_revision  bigint,
    attempts          integer not null default 0,
    -- How often a push was looked for that the branch did not show yet.
    looks             integer not null default 0,
    created           integer not null default 0,
    updated           integer not null default 0,
    deleted           integer not null default 0,
    skipped           integer not null default 0,
    failed            integer not null default 0,
    github_requests   integer not null default 0,
    allow_deletions   boolean not null default false,
    trigger           text not null check (trigger in ('push', 'manual_resync', 'retry', 'connected', 'recheck',
                                                       'repository', 'installation_repositories')),
    status            text not null check (status in ('queued', 'running', 'completed', 'failed', 'partial', 'ignored')),
    reason            text,
    error             text,
    delivery_id       text collate "C",
    event_type        text,
    repository        text not null,
    git_ref           text not null,
    before_sha        text collate "C",
    announced_sha     text collate "C",
    applied_sha       text collate "C",
    check ((completed_at is null) = (status in ('queued', 'running')))
) with (fillfactor = 85);
create unique index sync_event_running on sync_event (target_id) where status = 'running';
create index sync_event_queued on sync_event (target_id, seq) where status = 'queued';
create index sync_event_by_event on sync_event (event_id);
create index sync_event_unfinished on sync_event (event_id) where status in ('queued', 'running');
create index sync_event_by_target on sync_event (target_id, id);
create index sync_event_by_workspace on sync_event (workspace_id, id);
create index sync_event_by_status on sync_event (status, id);
create index sync_event_by_delivery on sync_event (delivery_id);
create index sync_event_by_announced on sync_event (announced_sha);
create index sync_event_by_applied on sync_event (applied_sha) where applied_sha is not null;

-- Which outcome each file had, but for files that were as before: those are only counted.
create table sync_file (
    sync_event_id     uuid not null references sync_event on delete cascade,
    path              text collate "C" not null,
    outcome           text not null check (outcome in ('created', 'updated', 'deleted', 'skipped', 'failed')),
    reason            text,
    error             text,
    blob_sha          text,
    config_object_id  uuid,
    primary key (sync_event_id, path, outcome)
);

-- Contents by Git's own hash, never shared between workspaces.
create table blob (
    workspace_id  uuid not null,
    sha           text collate "C" not null,
    content       bytea compression lz4 not null,
    created_at    timestamptz not null default now(),
    primary key (workspace_id, sha)
);

create table config_object (
    id                  uuid primary key,
    workspace_id        uuid not null references workspace,
    target_id           uuid not null references connector_target,
    object_type         text not null check (object_type in ('skill', 'agent', 'command', 'hook', 'mcp', 'file')),
    path                text collate "C" not null,
    status              text not null check (status in ('active', 'deleted')),
    current_version_id  uuid not null,
    title               text not null,
    description         text,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now()
);
create index config_object_by_workspace on config_object (workspace_id, id);
create index config_object_by_target on config_object (target_id, id);
create index config_object_by_path on config_object (path, id);

create table config_object_version (
    id                uuid primary key,
    config_object_id  uuid not null references config_object,
    number            integer not null check (number > 0),
    sync_event_id     uuid not null,
    commit_sha        text not null,
    -- The deleted version has no content.
    blob_sha          text collate "C",
    deleted           boolean not null default false,
    title             text not null,
    description       text,
    metadata          jsonb,
    created_at        timestamptz not null default now(),
    check (deleted = (blob_sha is null))
);
create unique index config_object_version_number on config_object_version (config_object_id, number);

-- Which object a path of a target stands for, and at which content.
create table source_binding (
    id                uuid primary key,
    target_id         uuid not null,
    config_object_id  uuid not null references config_object,
    path              text collate "C" not null,
    object_type       text not null,
    blob_sha          text collate "C" not null,
    parser_version    integer not null,
    bound_at          timestamptz not null default now(),
    closed_at         timestamptz
);
create unique index source_binding_open on source_binding (target_id, path) where closed_at is null;
create index source_binding_by_object on source_binding (config_object_id);

-- What once stood at a path. A file that comes back there is a new object.
create table tombstone (
    config_object_id  uuid primary key references config_object,
    target_id         uuid not null,
    path              text collate "C" not null,
    sync_event_id     uuid not null,
    deleted_at        timestamptz not null default now()
);
create index tombstone_by_path on tombstone (target_id, path);

-- For lists: an account's instances, an instance's targets, a repository's targets (to find its sync events by name),
-- a target's mappings, a workspace's skills.
create index connector_instance_by_account on connector_instance (account_id, id);
create index connector_target_by_instance on connector_target (instance_id, id);
create index connector_target_by_repository on connector_target (repository);
create index connector_mapping_by_target on connector_mapping (target_id, id);
create index config_object_by_type on config_object (workspace_id, object_type, id);
