-- Who may do what: members, teams, grants, and how they sign in.

create table member (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    name          text not null check (length(name) between 1 and 100),
    role          text not null check (role in ('owner', 'admin', 'member')),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    removed_at    timestamptz
);
create unique index member_name on member (workspace_id, lower(name)) where removed_at is null;
create index member_by_workspace on member (workspace_id, id);

create table team (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    name          text not null check (length(name) between 1 and 100),
    created_at    timestamptz not null default now(),
    removed_at    timestamptz
);
create unique index team_name on team (workspace_id, lower(name)) where removed_at is null;
create index team_by_workspace on team (workspace_id, id);

create table team_member (
    team_id    uuid not null references team,
    member_id  uuid not null references member,
    primary key (team_id, member_id)
);
create index team_member_by_member on team_member (member_id);

-- To one member, one team, or everybody in the workspace. Granted again, the row comes back.
create table access_grant (
    id            uuid primary key,
    workspace_id  uuid not null references workspace,
    instance_id   uuid not null references connector_instance,
    member_id     uuid references member,
    team_id       uuid references team,
    org_wide      boolean not null default false,
    role          text not null check (role in ('viewer', 'editor', 'manager')),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    removed_at    timestamptz,
    check (num_nonnulls(member_id, team_id) + org_wide::integer = 1)
);
create unique index access_grant_member on access_grant (instance_id, member_id) where member_id is not null;
create unique index access_grant_team on access_grant (instance_id, team_id) where team_id is not null;
create unique index access_grant_org_wide on access_grant (instance_id) where org_wide;
create index access_grant_by_instance on access_grant (instance_id, id);
create index access_grant_by_member on access_grant (member_id) where removed_at is null;
create index access_grant_by_team on access_grant (team_id) where removed_at is null;
create index access_grant_by_workspace on access_grant (workspace_id) where org_wide and removed_at is null;

-- A token is an application's (it has scopes), a member's (it may what the member may), or an operator's (no
-- workspace, the whole deployment).
alter table token
    alter column workspace_id drop not null,
    add column member_id uuid references member,
    add constraint token_owner check ((workspace_id is null) = ('operator' = any(scopes))
                                      and (member_id is null or scopes = '{}' and workspace_id is not null)
                                      and (workspace_id is not null or scopes = '{operator}'));
create index token_by_member on token (member_id) where member_id is not null;

-- Who is signed in to the console. Of the cookie only the hash is kept. It ends with its token and with its member.
create table console_session (
    hash        bytea primary key check (length(hash) = 32),
    token_id    uuid references token,
    member_id   uuid references member,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    ended_at    timestamptz,
    check (num_nonnulls(token_id, member_id) > 0)
);
create index console_session_by_expiry on console_session (expires_at);

-- Signs one member in, once.
create table sign_in_link (
    hash        bytea primary key check (length(hash) = 32),
    member_id   uuid not null references member,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index sign_in_link_by_expiry on sign_in_link (expires_at);
