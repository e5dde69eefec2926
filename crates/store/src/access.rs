//! Who shows a token or a cookie, in which workspace an id lies, and what somebody was granted there.

use hookyard_domain::ids::{InstanceId, MemberId, TokenId, WorkspaceId};
use hookyard_domain::role::{InstanceRole, MemberRole};
use hookyard_domain::token::TokenScope;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Db, StoreError};

/// The owner of a token or of a session, as both are found by the hash of what was shown.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// Of what was shown: a SHA-256.
    pub hash: Vec<u8>,
    /// None: somebody who signed in by a link.
    pub token: Option<TokenId>,
    pub token_name: Option<String>,
    /// None: an operator.
    pub workspace: Option<WorkspaceId>,
    /// None: an application or an operator.
    pub member: Option<BearingMember>,
    pub scopes: Vec<TokenScope>,
    /// Whether its time is over: it opens nothing any more.
    pub expired: bool,
    /// Whether the token and the member are known to have been here today.
    pub seen_today: bool,
}

/// The member behind a token or a session.
#[derive(Debug, Clone)]
pub struct BearingMember {
    pub id: MemberId,
    pub name: String,
    pub role: MemberRole,
}

impl Bearer {
    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        let scopes: Option<Vec<&str>> = row.get("scopes");
        let member = match row.get::<_, Option<Uuid>>("member_id") {
            None => None,
            Some(id) => Some(BearingMember {
                id: MemberId(id),
                name: row.get("member_name"),
                role: row.get::<_, &str>("member_role").parse()?,
            }),
        };
        Ok(Self {
            hash: row.get("hash"),
            token: row.get::<_, Option<_>>("token_id").map(TokenId),
            token_name: row.get("token_name"),
            workspace: row.get::<_, Option<_>>("workspace_id").map(WorkspaceId),
            member,
            scopes: scopes
                .unwrap_or_default()
                .into_iter()
                .map(str::parse)
                .collect::<Result<_, _>>()?,
            expired: row.get("expired"),
            seen_today: row.get("seen_today"),
        })
    }
}

/// The owner of the token with this hash; none if it is unknown or revoked, or its member removed.
pub async fn by_token(db: &impl Db, hash: &[u8]) -> Result<Option<Bearer>, StoreError> {
    const SQL: &str = "-- access::by_token
        select token.hash, token.id as token_id, token.name as token_name, token.workspace_id, token.scopes,
               member.id as member_id, member.name as member_name, member.role as member_role,
               coalesce(token.expires_at <= now(), false) as expired,
               exists (select from day_seen where id = token.id and day = (now() at time zone 'utc')::date)
               and (member.id is null or exists (
                    select from day_seen where id = member.id and day = (now() at time zone 'utc')::date)) as seen_today
          from token left join member on member.id = token.member_id
         where token.hash = $1 and token.revoked_at is null and member.removed_at is null";
    let row = db.row_opt(SQL, &[/* hash */ &hash]).await?;
    row.as_ref().map(Bearer::read).transpose()
}

/// What an id in a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noun {
    Account,
    ConfigObject,
    Connection,
    DeadLetter,
    Delivery,
    Event,
    Grant,
    Instance,
    Mapping,
    Member,
    OauthClient,
    Replay,
    Source,
    Subscription,
    SyncEvent,
    Target,
    Team,
    Token,
}

/// Where something is within its workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The connector instance that it belongs to, if it belongs to one.
    pub instance: Option<InstanceId>,
}

/// The place of what this id names; none if there is no such thing in this workspace.
pub async fn place_of(
    db: &impl Db,
    noun: Noun,
    id: Uuid,
    workspace: WorkspaceId,
) -> Result<Option<Place>, StoreError> {
    let row = db.row_opt(place_sql(noun), &[/* id */ &id, /* workspace */ &workspace.0]).await?;
    Ok(row.map(|row| Place { instance: row.get::<_, Option<_>>("instance_id").map(InstanceId) }))
}

#[expect(clippy::too_many_lines, reason = "one statement a noun, and nothing else")]
const fn place_sql(noun: Noun) -> &'static str {
    match noun {
        Noun::Account => {
            "-- access::place_of (account)
            select null::uuid as instance_id from connector_account where id = $1 and workspace_id = $2"
        }
        Noun::ConfigObject => {
            "-- access::place_of (config object)
            select target.instance_id from config_object object
              join connector_target target on target.id = object.target_id
             where object.id = $1 and object.workspace_id = $2"
        }
        Noun::Connection => {
            "-- access::place_of (connection)
            select null::uuid as instance_id from connection where id = $1 and workspace_id = $2"
        }
        Noun::DeadLetter => {
            "-- access::place_of (dead letter)
            select null::uuid as instance_id from dead_letter where id = $1 and workspace_id = $2"
        }
        Noun::Delivery => {
            "-- access::place_of (delivery)
            select null::uuid as instance_id from delivery where id = $1 and workspace_id = $2"
        }
        // The workspace's own, or one of a shared URL that concerns it.
        Noun::Event => {
            "-- access::place_of (event)
            select null::uuid as instance_id from event where id = $1 and workspace_id = $2
            union all
            select null::uuid from event_workspace where event_id = $1 and workspace_id = $2
            limit 1"
        }
        Noun::Grant => {
            "-- access::place_of (grant)
            select instance_id from access_grant where id = $1 and workspace_id = $2"
        }
        Noun::Instance => {
            "-- access::place_of (instance)
            select id as instance_id from connector_instance where id = $1 and workspace_id = $2"
        }
        Noun::Mapping => {
            "-- access::place_of (mapping)
            select target.instance_id from connector_mapping mapping
              join connector_target target on target.id = mapping.target_id
             where mapping.id = $1 and mapping.workspace_id = $2"
        }
        Noun::Member => {
            "-- access::place_of (member)
            select null::uuid as instance_id from member where id = $1 and workspace_id = $2"
        }
        Noun::OauthClient => {
            "-- access::place_of (OAuth client)
            select null::uuid as instance_id from oauth_client where id = $1 and workspace_id = $2"
        }
        Noun::Replay => {
            "-- access::place_of (replay)
            select null::uuid as instance_id from replay where id = $1 and workspace_id = $2"
        }
        Noun::Source => {
            "-- access::place_of (source)
            select null::uuid as instance_id from source where id = $1 and workspace_id = $2"
        }
        Noun::Subscription => {
            "-- access::place_of (subscription)
            select null::uuid as instance_id from subscription where id = $1 and workspace_id = $2"
        }
        Noun::SyncEvent => {
            "-- access::place_of (sync event)
            select target.instance_id from sync_event sync
              join connector_target target on target.id = sync.target_id
             where sync.id = $1 and sync.workspace_id = $2"
        }
        Noun::Target => {
            "-- access::place_of (target)
            select instance_id from connector_target where id = $1 and workspace_id = $2"
        }
        Noun::Team => {
            "-- access::place_of (team)
            select null::uuid as instance_id from team where id = $1 and workspace_id = $2"
        }
        Noun::Token => {
            "-- access::place_of (token)
            select null::uuid as instance_id from token where id = $1 and workspace_id = $2"
        }
    }
}

/// What a member was granted on an instance: directly, by teams, and together with everybody.
pub async fn roles_on(
    db: &impl Db,
    member: MemberId,
    instance: InstanceId,
) -> Result<Vec<InstanceRole>, StoreError> {
    const SQL: &str = "-- access::roles_on
        select role from access_grant
         where instance_id = $1 and removed_at is null
           and (org_wide or member_id = $2 or team_id in (select team_id from team_member where member_id = $2))";
    let rows = db.rows(SQL, &[/* instance */ &instance.0, /* member */ &member.0]).await?;
    rows.iter().map(|row| Ok(row.get::<_, &str>("role").parse()?)).collect()
}

/// The instances of a workspace on which a member was granted this role or a stronger one.
pub async fn instances_of(
    db: &impl Db,
    workspace: WorkspaceId,
    member: MemberId,
    least: InstanceRole,
) -> Result<Vec<InstanceId>, StoreError> {
    const SQL: &str = "-- access::instances_of
        select instance_id from access_grant where member_id = $2 and removed_at is null and role = any($3)
        union
        select granted.instance_id from access_grant granted
          join team_member on team_member.team_id = granted.team_id
         where team_member.member_id = $2 and granted.removed_at is null and granted.role = any($3)
        union
        select instance_id from access_grant
         where workspace_id = $1 and org_wide and removed_at is null and role = any($3)";
    let roles = InstanceRole::ALL.iter().filter(|role| **role >= least);
    let roles: Vec<&str> = roles.map(|role| role.as_str()).collect();
    let rows = db
        .rows(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* member */ &member.0,
                /* roles */ &roles,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| InstanceId(row.get("instance_id"))).collect())
}
