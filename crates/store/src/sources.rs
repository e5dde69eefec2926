//! `source`: the inbound URLs, and (in [`secrets`]) what they verify with.

use hookyard_domain::ids::{SourceId, WorkspaceId};
use hookyard_domain::provider::Provider;
use hookyard_domain::workspace::Slug;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

pub mod secrets;
mod standing;

pub use standing::{Standing, standings};

/// What a source accepts and how it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourcePolicy {
    /// The longest body, in bytes.
    pub body_bytes_max: i32,
    /// The status that tells the provider of success.
    pub accepted_status: i16,
    /// How long the hash of a body is remembered, in seconds.
    pub replay_window_s: i32,
    /// How old a signed time may be, in milliseconds.
    pub fresh_ms: i64,
    /// How old a signed time may be when neither id nor body were ever seen, in milliseconds.
    pub unseen_age_ms_max: i64,
}

impl SourcePolicy {
    /// What a provider's source has unless its owner wants something else.
    pub fn of(provider: Provider) -> Self {
        /// GitHub's own cap on a payload.
        const BODY_BYTES_MAX: i32 = 25 * 1024 * 1024;
        const DAY_S: i32 = 24 * 60 * 60;
        const MINUTE_MS: i64 = 60 * 1000;
        /// Linear's last redelivery comes six hours after the first.
        const UNSEEN_AGE_MS_MAX: i64 = 8 * 60 * MINUTE_MS;
        Self {
            body_bytes_max: BODY_BYTES_MAX,
            accepted_status: provider.accepted_status().cast_signed(),
            replay_window_s: DAY_S,
            fresh_ms: MINUTE_MS,
            unseen_age_ms_max: UNSEEN_AGE_MS_MAX,
        }
    }
}

/// A source to be added.
#[derive(Debug, Clone)]
pub struct NewSource {
    pub id: SourceId,
    /// None: the deployment's, at the provider's connector URL.
    pub workspace: Option<WorkspaceId>,
    pub provider: Provider,
    pub slug: Slug,
    pub policy: SourcePolicy,
}

/// An inbound URL.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    pub id: SourceId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: Option<WorkspaceId>,
    /// The owner's slug; none for the deployment's.
    pub workspace: Option<String>,
    pub provider: Provider,
    pub slug: String,
    #[serde(flatten)]
    pub policy: SourcePolicy,
    /// How many secrets verify now: two while the source rotates.
    pub secrets: i64,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

impl Source {
    /// The path that deliveries are posted to.
    pub fn path(&self) -> String {
        match self.workspace_id {
            None => format!("/v1/webhooks/connectors/{}", self.provider),
            Some(_) => format!("/v1/webhooks/sources/{}", self.id),
        }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: SourceId(row.get("id")),
            workspace_id: row.get::<_, Option<_>>("workspace_id").map(WorkspaceId),
            workspace: row.get("workspace"),
            provider: row.get::<_, &str>("provider").parse()?,
            slug: row.get("slug"),
            policy: SourcePolicy {
                body_bytes_max: row.get("body_bytes_max"),
                accepted_status: row.get("accepted_status"),
                replay_window_s: row.get("replay_window_s"),
                fresh_ms: row.get("fresh_ms"),
                unseen_age_ms_max: row.get("unseen_age_ms_max"),
            },
            secrets: row.get("secrets"),
            created_at: row.get("created_at"),
            disabled_at: row.get("disabled_at"),
        })
    }
}

/// Adds a source. False if the deployment has one of this provider already, or the workspace one of this slug.
pub async fn insert(db: &impl Db, source: &NewSource) -> Result<bool, StoreError> {
    const SQL: &str = "-- sources::insert
        insert into source (id, workspace_id, provider, slug, body_bytes_max, accepted_status, replay_window_s,
                            fresh_ms, unseen_age_ms_max)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict do nothing";
    let policy = &source.policy;
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &source.id.0,
                /* workspace */ &source.workspace.map(|id| id.0),
                /* provider */ &source.provider.as_str(),
                /* slug */ &source.slug.as_str(),
                /* body bytes max */ &policy.body_bytes_max,
                /* accepted status */ &policy.accepted_status,
                /* replay window */ &policy.replay_window_s,
                /* fresh */ &policy.fresh_ms,
                /* unseen age max */ &policy.unseen_age_ms_max,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The source of this id.
pub async fn by_id(db: &impl Db, id: SourceId) -> Result<Option<Source>, StoreError> {
    const SQL: &str = "-- sources::by_id
        select source.id, source.workspace_id, workspace.slug as workspace, source.provider, source.slug,
               source.body_bytes_max, source.accepted_status, source.replay_window_s, source.fresh_ms,
               source.unseen_age_ms_max, source.created_at, source.disabled_at,
               (select count(*) from source_secret
                 where source_id = source.id and (expires_at is null or expires_at > now())) as secrets
          from source
          left join workspace on workspace.id = source.workspace_id
         where source.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Source::read).transpose()
}

/// The deployment's source of a provider, which its connector URL serves.
pub async fn of_deployment(
    db: &impl Db,
    provider: Provider,
) -> Result<Option<SourceId>, StoreError> {
    const SQL: &str = "-- sources::of_deployment
        select id from source where provider = $1 and workspace_id is null";
    let row = db.row_opt(SQL, &[/* provider */ &provider.as_str()]).await?;
    Ok(row.map(|row| SourceId(row.get("id"))))
}

/// The sources of one workspace, or all.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<SourceId>,
) -> Result<Page<Source, SourceId>, StoreError> {
    const ALL: &str = "-- sources::list (all)
        select source.id, source.workspace_id, workspace.slug as workspace, source.provider, source.slug,
               source.body_bytes_max, source.accepted_status, source.replay_window_s, source.fresh_ms,
               source.unseen_age_ms_max, source.created_at, source.disabled_at,
               (select count(*) from source_secret
                 where source_id = source.id and (expires_at is null or expires_at > now())) as secrets
          from source
          left join workspace on workspace.id = source.workspace_id
         where source.id < $1
         order by source.id desc limit 101";
    const OF_WORKSPACE: &str = "-- sources::list (of a workspace)
        select source.id, source.workspace_id, workspace.slug as workspace, source.provider, source.slug,
               source.body_bytes_max, source.accepted_status, source.replay_window_s, source.fresh_ms,
               source.unseen_age_ms_max, source.created_at, source.disabled_at,
               (select count(*) from source_secret
                 where source_id = source.id and (expires_at is null or expires_at > now())) as secrets
          from source
          join workspace on workspace.id = source.workspace_id
         where source.id < $1 and source.workspace_id = $2
         order by source.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Source::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Switches a source off or on. False if there was nothing to change.
pub async fn set_disabled(db: &impl Db, id: SourceId, disabled: bool) -> Result<bool, StoreError> {
    const SQL: &str = "-- sources::set_disabled
        update source set disabled_at = case when $2 then now() end
         where id = $1 and (disabled_at is not null) <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* disabled */ &disabled]).await? == 1)
}
