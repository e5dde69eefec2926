//! The source behind an inbound URL, with its sealed secrets.

use hookyard_domain::ids::{SourceId, WorkspaceId};
use hookyard_domain::provider::Provider;
use uuid::Uuid;

use crate::{Db, StoreError};

/// What an inbound URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// The deployment's source of a provider: `/v1/webhooks/connectors/{provider}`.
    Connector(Provider),
    /// A workspace's own source: `/v1/webhooks/sources/{source_id}`.
    Source(SourceId),
}

/// A source that takes calls.
#[derive(Debug, Clone)]
pub struct ActiveSource {
    pub id: SourceId,
    pub workspace: Option<WorkspaceId>,
    pub provider: Provider,
    pub body_bytes_max: i32,
    pub accepted_status: i16,
    pub replay_window_s: i32,
    pub fresh_ms: i64,
    pub unseen_age_ms_max: i64,
    /// Each active secret's row and its sealed bytes.
    pub secrets: Vec<(Uuid, Vec<u8>)>,
}

/// The source behind a door; none where there is none or it is switched off.
pub async fn active_source(db: &impl Db, door: Door) -> Result<Option<ActiveSource>, StoreError> {
    const SQL: &str = "-- ingest::active_source
        select id, workspace_id, provider, body_bytes_max, accepted_status, replay_window_s, fresh_ms,
               unseen_age_ms_max
          from source
         where disabled_at is null and ((id = $1 and workspace_id is not null) or (provider = $2 and workspace_id is null))";
    const SECRETS: &str = "-- ingest::active_secrets
        select id, sealed from source_secret
         where source_id = $1 and (expires_at is null or expires_at > now()) order by created_at desc";
    let (id, provider) = match door {
        Door::Connector(provider) => (None, Some(provider.as_str())),
        Door::Source(id) => (Some(id.0), None),
    };
    let Some(row) = db.row_opt(SQL, &[/* id */ &id, /* provider */ &provider]).await? else {
        return Ok(None);
    };
    let id: Uuid = row.get("id");
    let secrets = db.rows(SECRETS, &[/* source */ &id]).await?;
    Ok(Some(ActiveSource {
        id: SourceId(id),
        workspace: row.get::<_, Option<Uuid>>("workspace_id").map(WorkspaceId),
        provider: row.get::<_, &str>("provider").parse()?,
        body_bytes_max: row.get("body_bytes_max"),
        accepted_status: row.get("accepted_status"),
        replay_window_s: row.get("replay_window_s"),
        fresh_ms: row.get("fresh_ms"),
        unseen_age_ms_max: row.get("unseen_age_ms_max"),
        secrets: secrets.iter().map(|row| (row.get("id"), row.get("sealed"))).collect(),
    }))
}
