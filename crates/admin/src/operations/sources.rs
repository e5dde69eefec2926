//! Sources: the inbound URLs and their secrets.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookyard_domain::ids::{SourceId, WorkspaceId};
use hookyard_domain::provider::Provider;
use hookyard_domain::workspace::Slug;
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::sources::secrets::{self, SealedSecret};
use hookyard_store::sources::{self, NewSource, Source, SourcePolicy, Standing};
use hookyard_store::{Db, Store, Tx};
use hookyard_vault::{KeyRing, Label};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::actor::Change;
use super::{Actor, OperationError, ShownOnce, workspaces};

/// The longest signing secret, in bytes. Providers' own are shorter.
pub const SECRET_BYTES_MAX: usize = 1024;
/// The random bytes of a secret that is made here.
const MADE_BYTES: usize = 32;
/// The longest time that two secrets may be valid.
pub const KEEP_OLD_MAX: Duration = Duration::from_hours(30 * 24);

/// A source as its operator sees it: never with a secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceView {
    #[serde(flatten)]
    pub source: Source,
    /// The path that deliveries are posted to.
    pub path: String,
    /// Since when its newest secret is there.
    pub secret_since: Option<Timestamp>,
    /// When the secret before that one ends; none: there is one at the most.
    pub old_secret_until: Option<Timestamp>,
    /// When the newest of its calls came that was verified and recorded.
    pub last_verified_at: Option<Timestamp>,
    /// When the newest quarter of an hour began in which its callers' signatures kept failing; remembered for a week.
    pub last_failed_at: Option<Timestamp>,
    /// How many had failed when that was noticed.
    pub last_failures: Option<i32>,
}

impl SourceView {
    fn new(source: Source, standing: Option<&Standing>) -> Self {
        let failing = standing.and_then(|it| it.failing);
        Self {
            path: source.path(),
            source,
            secret_since: standing.and_then(|it| it.secret_since),
            old_secret_until: standing.and_then(|it| it.rotates_until),
            last_verified_at: standing.and_then(|it| it.verified).map(|(_, at)| at),
            last_failed_at: failing.map(|(at, _)| at),
            last_failures: failing.map(|(_, count)| count),
        }
    }
}

/// The sources of one workspace, or all, newest first.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<SourceId>,
) -> Result<Page<SourceView, SourceId>, OperationError> {
    let Page { items, next_cursor } = sources::list(db, workspace, page).await?;
    Ok(Page { items: viewed(db, items).await?, next_cursor })
}

async fn viewed(db: &impl Db, sources: Vec<Source>) -> Result<Vec<SourceView>, OperationError> {
    let ids: Vec<SourceId> = sources.iter().map(|it| it.id).collect();
    let standings = sources::standings(db, &ids).await?;
    let view = |source: Source| {
        let standing = standings.iter().find(|it| it.source == source.id);
        SourceView::new(source, standing)
    };
    Ok(sources.into_iter().map(view).collect())
}

/// A source to be added.
#[derive(Debug, Clone)]
pub struct CreateSource {
    pub provider: Provider,
    /// None: the deployment's, at the provider's connector URL.
    pub workspace: Option<Slug>,
    pub slug: Slug,
}

/// Adds a source with its first secret, sealed under `ring`.
pub async fn create(
    store: &Store,
    actor: &Actor,
    ring: &KeyRing,
    new: CreateSource,
    secret: &SecretSlice<u8>,
) -> Result<SourceView, OperationError> {
    check_secret(secret)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let source = NewSource {
        // Random throughout: the id is in the URL, and is not to be guessed.
        id: SourceId(Uuid::new_v4()),
        workspace: workspaces::filter(&tx, new.workspace.as_ref()).await?,
        provider: new.provider,
        slug: new.slug,
        policy: SourcePolicy::of(new.provider),
    };
    if !sources::insert(&tx, &source).await? {
        return Err(taken(&tx, &source).await?);
    }
    add_secret(&tx, ring, source.id, secret).await?;
    let view = require(&tx, source.id).await?;
    let change = Change {
        action: "source.create",
        workspace: source.workspace,
        subject: source.id.to_string(),
        before: None,
        after: Some(
            json!({ "provider": source.provider, "slug": view.source.slug, "path": view.path }),
        ),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(view)
}

async fn taken(db: &impl Db, source: &NewSource) -> Result<OperationError, OperationError> {
    let provider = source.provider;
    let slug = source.slug.as_str();
    if source.workspace.is_some() {
        return Ok(OperationError::conflict(format!(
            "the workspace has a source of the slug {slug} already; choose another slug"
        )));
    }
    let existing = sources::of_deployment(db, provider).await?;
    let existing = existing.map(|id| id.to_string()).unwrap_or_default();
    Ok(OperationError::conflict(format!(
        "the deployment has its source of {provider} already, {existing}; to give it a new secret run \
         `hookyard-admin source rotate {existing} --secret-stdin`, or name a --workspace for one of its own"
    )))
}

/// Gives a source a new secret. The newest before it stays valid for `keep_old`, older ones end now.
pub async fn rotate(
    store: &Store,
    actor: &Actor,
    ring: &KeyRing,
    id: SourceId,
    secret: &SecretSlice<u8>,
    keep_old: Duration,
) -> Result<SourceView, OperationError> {
    check_secret(secret)?;
    let keep_s = i32::try_from(keep_old.as_secs()).ok().filter(|_| keep_old <= KEEP_OLD_MAX);
    let Some(keep_s) = keep_s else {
        let days = KEEP_OLD_MAX.as_secs() / (24 * 60 * 60);
        return Err(OperationError::Invalid(format!(
            "an old secret is kept for {days} days at most"
        )));
    };
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    require(&tx, id).await?;
    let removed = secrets::retire(&tx, id, keep_s).await?;
    add_secret(&tx, ring, id, secret).await?;
    let view = require(&tx, id).await?;
    let change = Change {
        action: "source.rotate",
        workspace: view.source.workspace_id,
        subject: id.to_string(),
        before: None,
        after: Some(
            json!({ "keepOldSeconds": keep_s, "removed": removed, "secrets": view.source.secrets }),
        ),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(view)
}

/// Switches a source off (its URL then answers as if it were unknown) or on.
pub async fn set_disabled(
    store: &Store,
    actor: &Actor,
    id: SourceId,
    disabled: bool,
) -> Result<SourceView, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    require(&tx, id).await?;
    let changed = sources::set_disabled(&tx, id, disabled).await?;
    let view = require(&tx, id).await?;
    if changed {
        let change = Change {
            action: if disabled { "source.disable" } else { "source.enable" },
            workspace: view.source.workspace_id,
            subject: id.to_string(),
            before: None,
            after: Some(json!({ "disabledAt": view.source.disabled_at })),
        };
        actor.record(&tx, change).await?;
    }
    tx.commit().await?;
    Ok(view)
}

/// The source of this id, which must exist.
pub async fn require(db: &impl Db, id: SourceId) -> Result<SourceView, OperationError> {
    let found = sources::by_id(db, id).await?.into_iter().collect();
    let found = viewed(db, found).await?.pop();
    found.ok_or_else(|| OperationError::not_found("source", &id))
}

/// A secret for a provider that lets one choose it: letters, digits, `-` and `_`.
pub fn made_secret() -> ShownOnce {
    let random = Zeroizing::new(rand::random::<[u8; MADE_BYTES]>());
    SecretString::from(URL_SAFE_NO_PAD.encode(random.as_slice())).into()
}

fn check_secret(secret: &SecretSlice<u8>) -> Result<(), OperationError> {
    let bytes = secret.expose_secret().len();
    match bytes {
        0 => Err(OperationError::Invalid(
            "the secret is empty; pipe the provider's signing secret in".to_owned(),
        )),
        1..=SECRET_BYTES_MAX => Ok(()),
        _ => Err(OperationError::Invalid(format!(
            "the secret is longer than {SECRET_BYTES_MAX} bytes"
        ))),
    }
}

async fn add_secret(
    tx: &Tx<'_>,
    ring: &KeyRing,
    source: SourceId,
    secret: &SecretSlice<u8>,
) -> Result<(), OperationError> {
    let id = Uuid::now_v7();
    let label = Label { table: secrets::TABLE, row: id, column: secrets::COLUMN };
    let sealed = ring.seal(&label, secret.expose_secret())?;
    Ok(secrets::insert(tx, &SealedSecret { id, source, sealed }).await?)
}
