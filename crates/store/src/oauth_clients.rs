//! `oauth_client` and `oauth_grant`: applications that are told when one of their users connects an integration.

use hookyard_domain::connection::Name;
use hookyard_domain::ids::{OauthClientId, WorkspaceId};
use hookyard_domain::token::ClientScope;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::delivery_jobs::Lane;
use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError, Tx, deliveries};

/// The table and the column, as the sealed values are bound to them.
pub const TABLE: &str = "oauth_client";
pub const COLUMN: &str = "sealed";

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient<'a> {
    pub id: OauthClientId,
    pub workspace: WorkspaceId,
    pub name: &'a Name,
    /// Its URL, and its secret if it has one, sealed for this id.
    pub sealed: &'a [u8],
    /// What may be shown of them.
    pub metadata: &'a Value,
    pub scopes: &'a [ClientScope],
}

/// An application; its URL and its secret are never part of this.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OauthClient {
    pub id: OauthClientId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub name: String,
    pub metadata: Value,
    pub scopes: Vec<ClientScope>,
    pub active: bool,
    /// Users who have granted it access now.
    pub grants: i64,
    pub created_at: Timestamp,
    pub last_triggered_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Since when it has done nothing but fail.
    pub failing_since: Option<Timestamp>,
}

impl OauthClient {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let scopes: Vec<&str> = row.get("scopes");
        Ok(Self {
            id: OauthClientId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            name: row.get("name"),
            metadata: row.get("metadata"),
            scopes: scopes.into_iter().map(str::parse).collect::<Result<_, _>>()?,
            active: row.get("active"),
            grants: row.get("grants"),
            created_at: row.get("created_at"),
            last_triggered_at: row.get("last_triggered_at"),
            last_error: row.get("last_error"),
            failing_since: row.get("failing_since"),
        })
    }
}

/// Adds an active client. False if the workspace has one of this name.
pub async fn insert(db: &impl Db, client: &NewClient<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "-- oauth_clients::insert
        insert into oauth_client (id, workspace_id, name, sealed, metadata, scopes, status)
        values ($1, $2, $3, $4, $5, $6, 'active')
        on conflict (workspace_id, name) do nothing";
    let scopes: Vec<&str> = client.scopes.iter().map(|it| it.as_str()).collect();
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &client.id.0,
                /* workspace */ &client.workspace.0,
                /* name */ &client.name.as_str(),
                /* sealed */ &client.sealed,
                /* metadata */ &client.metadata,
                /* scopes */ &scopes,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The client of this id.
pub async fn by_id(db: &impl Db, id: OauthClientId) -> Result<Option<OauthClient>, StoreError> {
    const SQL: &str = "-- oauth_clients::by_id
        select client.id, client.workspace_id, workspace.slug as workspace, client.name, client.metadata, client.scopes,
               client.status = 'active' as active, client.created_at, client.last_triggered_at, client.last_error,
               client.failing_since,
               (select count(*) from oauth_grant where client_id = client.id and revoked_at is null) as grants
          from oauth_client client join workspace on workspace.id = client.workspace_id
         where client.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(OauthClient::read).transpose()
}

/// The clients of one workspace, or all, newest first.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<OauthClientId>,
) -> Result<Page<OauthClient, OauthClientId>, StoreError> {
    const ALL: &str = "-- oauth_clients::list (all)
        select client.id, client.workspace_id, workspace.slug as workspace, client.name, client.metadata, client.scopes,
               client.status = 'active' as active, client.created_at, client.last_triggered_at, client.last_error,
               client.failing_since,
               (select count(*) from oauth_grant where client_id = client.id and revoked_at is null) as grants
          from oauth_client client join workspace on workspace.id = client.workspace_id
         where client.id < $1
         order by client.id desc limit 101";
    const OF_WORKSPACE: &str = "-- oauth_clients::list (of a workspace)
        select client.id, client.workspace_id, workspace.slug as workspace, client.name, client.metadata, client.scopes,
               client.status = 'active' as active, client.created_at, client.last_triggered_at, client.last_error,
               client.failing_since,
               (select count(*) from oauth_grant where client_id = client.id and revoked_at is null) as grants
          from oauth_client client join workspace on workspace.id = client.workspace_id
         where client.id < $1 and client.workspace_id = $2
         order by client.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(OauthClient::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Grants a client access for a user, in the caller's words; false if it has it already.
pub async fn grant(db: &impl Db, client: OauthClientId, user: &str) -> Result<bool, StoreError> {
    const SQL: &str = "-- oauth_clients::grant
        insert into oauth_grant (client_id, user_id) values ($1, $2)
        on conflict (client_id, user_id)
        do update set granted_at = now(), revoked_at = null where oauth_grant.revoked_at is not null";
    Ok(db.execute(SQL, &[/* client */ &client.0, /* user */ &user]).await? == 1)
}

/// Takes a user's grant back; false if there is none.
pub async fn revoke(db: &impl Db, client: OauthClientId, user: &str) -> Result<bool, StoreError> {
    const SQL: &str = "-- oauth_clients::revoke
        update oauth_grant set revoked_at = now() where client_id = $1 and user_id = $2 and revoked_at is null";
    Ok(db.execute(SQL, &[/* client */ &client.0, /* user */ &user]).await? == 1)
}

/// Switches a client on again that had been switched off; false if it is active or not there.
pub async fn enable(db: &impl Db, id: OauthClientId) -> Result<bool, StoreError> {
    const SQL: &str = "-- oauth_clients::enable
        update oauth_client set status = 'active', failing_since = null, last_error = null
         where id = $1 and status = 'disabled'";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}

/// Removes a client with its grants and calls off what waits for it; returns how many deliveries that were, or none if
/// it is not there.
pub async fn remove(tx: &Tx<'_>, client: &OauthClient) -> Result<Option<u64>, StoreError> {
    const SQL: &str = "-- oauth_clients::remove
        delete from oauth_client where id = $1";
    let lane = Lane { workspace: client.workspace_id, receiver: client.id.0 };
    let cancelled = deliveries::cancel_waiting(tx, lane, "the OAuth client was removed").await?;
    let removed = tx.execute(SQL, &[/* id */ &client.id.0]).await?;
    Ok((removed == 1).then_some(cancelled))
}

/// Up to 500 clients in the order of their ids, those after `after`.
pub async fn sealed_after(
    db: &impl Db,
    after: Uuid,
) -> Result<Vec<(OauthClientId, Vec<u8>)>, StoreError> {
    const SQL: &str = "-- oauth_clients::sealed_after
        select id, sealed from oauth_client where id > $1 order by id limit 500";
    let rows = db.rows(SQL, &[/* after */ &after]).await?;
    Ok(rows.iter().map(|row| (OauthClientId(row.get("id")), row.get("sealed"))).collect())
}

/// Puts newly sealed bytes in the place of the old ones. False if somebody changed or removed those meanwhile.
pub async fn replace_sealed(
    db: &impl Db,
    id: OauthClientId,
    old: &[u8],
    new: &[u8],
) -> Result<bool, StoreError> {
    const SQL: &str = "-- oauth_clients::replace_sealed
        update oauth_client set sealed = $3 where id = $1 and sealed = $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* old */ &old, /* new */ &new]).await? == 1)
}
