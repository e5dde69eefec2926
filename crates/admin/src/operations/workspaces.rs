//! Workspaces: the tenants.

use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::workspace::{Plan, Slug};
use hookyard_store::workspaces::{self, Workspace};
use hookyard_store::{Db, Store};
use serde_json::json;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError};

/// A workspace's longest name, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A name of 1 to 200 characters that is more than blanks.
pub(super) fn checked_name<'a>(what: &str, name: &'a str) -> Result<&'a str, OperationError> {
    let name = name.trim();
    let chars = name.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&chars) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(OperationError::Invalid(format!(
            "the name of {what} has 1 to {NAME_CHARS_MAX} characters and no control characters"
        )))
    }
}

/// Adds a workspace.
pub async fn create(
    store: &Store,
    actor: &Actor,
    slug: &Slug,
    name: &str,
    plan: Plan,
) -> Result<Workspace, OperationError> {
    let name = checked_name("a workspace", name)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let id = WorkspaceId(Uuid::now_v7());
    let Some(workspace) = workspaces::insert(&tx, id, slug, name, plan).await? else {
        return Err(OperationError::conflict(format!(
            "a workspace of the slug {} exists already; choose another slug",
            slug.as_str()
        )));
    };
    let change = Change {
        action: "workspace.create",
        workspace: Some(id),
        subject: id.to_string(),
        before: None,
        after: Some(
            json!({ "slug": workspace.slug, "name": workspace.name, "plan": workspace.plan }),
        ),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(workspace)
}

/// The workspace of this slug, which must exist.
pub async fn require(db: &impl Db, slug: &Slug) -> Result<Workspace, OperationError> {
    let found = workspaces::by_slug(db, slug).await?;
    found.ok_or_else(|| OperationError::not_found("workspace", &slug.as_str()))
}

/// The id of the workspace that a list is narrowed to, if it is.
pub async fn filter(
    db: &impl Db,
    slug: Option<&Slug>,
) -> Result<Option<WorkspaceId>, OperationError> {
    match slug {
        Some(slug) => Ok(Some(require(db, slug).await?.id)),
        None => Ok(None),
    }
}
