//! `workspace`: the tenants.

use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::workspace::{Plan, Slug};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// A tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub plan: Plan,
    pub created_at: Timestamp,
}

impl Workspace {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: WorkspaceId(row.get("id")),
            slug: row.get("slug"),
            name: row.get("name"),
            plan: row.get::<_, &str>("plan").parse()?,
            created_at: row.get("created_at"),
        })
    }
}

/// Adds a workspace; none if its slug is taken.
pub async fn insert(
    db: &impl Db,
    id: WorkspaceId,
    slug: &Slug,
    name: &str,
    plan: Plan,
) -> Result<Option<Workspace>, StoreError> {
    const SQL: &str = "-- workspaces::insert
        insert into workspace (id, slug, name, plan) values ($1, $2, $3, $4)
        on conflict (slug) do nothing
        returning id, slug, name, plan, created_at";
    let row = db
        .row_opt(
            SQL,
            &[
                /* id */ &id.0,
                /* slug */ &slug.as_str(),
                /* name */ &name,
                /* plan */ &plan.as_str(),
            ],
        )
        .await?;
    row.as_ref().map(Workspace::read).transpose()
}

/// The workspace of this slug.
pub async fn by_slug(db: &impl Db, slug: &Slug) -> Result<Option<Workspace>, StoreError> {
    const SQL: &str = "-- workspaces::by_slug
        select id, slug, name, plan, created_at from workspace where slug = $1";
    let row = db.row_opt(SQL, &[/* slug */ &slug.as_str()]).await?;
    row.as_ref().map(Workspace::read).transpose()
}

/// The workspace of this id.
pub async fn by_id(db: &impl Db, id: WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    const SQL: &str = "-- workspaces::by_id
        select id, slug, name, plan, created_at from workspace where id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Workspace::read).transpose()
}

/// All workspaces, newest first.
pub async fn list(
    db: &impl Db,
    page: PageRequest<WorkspaceId>,
) -> Result<Page<Workspace, WorkspaceId>, StoreError> {
    const SQL: &str = "-- workspaces::list
        select id, slug, name, plan, created_at from workspace where id < $1 order by id desc limit 101";
    let rows = db.rows(SQL, &[/* before */ &page.bound(|id| id.0)]).await?;
    let items = rows.iter().map(Workspace::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}
