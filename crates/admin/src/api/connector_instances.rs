//! `connector-instances`: configured uses of an account, and the targets within.

use axum::extract::State;
use hookyard_domain::ids::{AccountId, InstanceId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_domain::target::RepositoryFullName;
use hookyard_store::access::Noun;
use hookyard_store::instances::{self, Instance};
use hookyard_store::targets::{self, Target};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::connector_accounts::github;
use super::extract::checked_reason;
use super::fields::{Seen, Text, require_here};
use super::{
    Answer, Because, Body, Doc, InPath, Query, changed, created, item_tagged, list as listed,
    page_of, plain, queued,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::accounts;
use crate::operations::instances::{
    self as operation, Configuration, QueuedSyncs, RemovedInstance,
};
use crate::operations::targets::{self as target_operation, AddTarget};
use crate::routes::Routes;

const VIEWER: Need = Need::Instance(InstanceRole::Viewer);
const EDITOR: Need = Need::Instance(InstanceRole::Editor);

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    let routes = Routes::api("connector-instances")
        .get(
            "/v1/workspaces/{slug}/connector-instances",
            Need::Member,
            list,
            Doc::list::<Instance>("List connector instances, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances",
            Need::Admin,
            add,
            Doc::created::<Instance>(
                "Add an instance, or bring the archived one of this name back",
            )
            .body::<NewInstance>(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-instances/{instance}",
            VIEWER,
            show,
            Doc::item::<Instance>("Show a connector instance"),
        )
        .patch(
            "/v1/workspaces/{slug}/connector-instances/{instance}",
            EDITOR,
            update,
            Doc::changed::<Instance>("Rename a connector instance").body::<ChangedInstance>(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-instances/{instance}/configuration",
            VIEWER,
            configuration,
            Doc::plain::<Configuration>("Show what an instance is made of and brings in"),
        )
        .get(
            "/v1/workspaces/{slug}/connector-instances/{instance}/targets",
            VIEWER,
            list_targets,
            Doc::list::<Target>("List an instance's targets, newest first").query::<TargetsQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/targets",
            EDITOR,
            add_target,
            Doc::created::<Target>("Track a branch of a repository").body::<NewTarget>(),
        );
    steps(routes)
}

/// What is done to a whole instance.
fn steps(routes: Routes) -> Routes {
    routes
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/auto-import",
            EDITOR,
            auto_import,
            Doc::changed::<Instance>(
                "Say whether syncs map plugins that are new in the repository, from the next push on",
            )
            .body::<Automatic>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/sync-now",
            EDITOR,
            sync_now,
            Doc::queued::<QueuedSyncs>("Synchronise all targets of an instance").because(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/disable",
            EDITOR,
            disable,
            Doc::changed::<Instance>("Follow nothing any more; the config objects stay").because(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/enable",
            EDITOR,
            enable,
            Doc::changed::<Instance>("Follow the targets again, and synchronise them").because(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/archive",
            EDITOR,
            archive,
            Doc::changed::<Instance>("Put an instance away; the config objects stay").because(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/remove",
            EDITOR,
            remove,
            Doc::changed::<RemovedInstance>(
                "Put an instance away and delete its config objects; the records stay",
            )
            .because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Only this account's.
    account: Option<AccountId>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<InstanceId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    let workspace = asked.workspace().id;
    if let Some(account) = query.account {
        let account_of = (Noun::Account, "connector account");
        require_here(&conn, &asked, account_of, (account.0, account.to_string())).await?;
    }
    let page = match (asked.instances(&conn).await?, query.account) {
        (Some(seen), account) => {
            instances::list_within(&conn, workspace, account, &seen, page).await?
        }
        (None, Some(account)) => instances::list_of_account(&conn, account, page).await?,
        (None, None) => instances::list(&conn, Some(workspace), page).await?,
    };
    listed(&page)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewInstance {
    account_id: AccountId,
    /// For people; 1 to 200 characters.
    name: String,
    reason: Option<String>,
}

async fn add(State(app): State<App>, asked: Asked, Body(new): Body<NewInstance>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let account = new.account_id;
    let conn = app.store.conn().await?;
    let account_of = (Noun::Account, "connector account");
    require_here(&conn, &asked, account_of, (account.0, account.to_string())).await?;
    drop(conn);
    created(&operation::add(&app.store, &actor, account, &new.name).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<InstanceId>) -> Answer {
    let instance = operation::require(&app.store.conn().await?, id).await?;
    item_tagged(&instance, instance.updated_at)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangedInstance {
    name: String,
    /// As the caller last saw it; `If-Match` says the same.
    updated_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn update(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    seen: Seen,
    Body(to): Body<ChangedInstance>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let expected = seen.or(to.updated_at);
    changed(&operation::rename(&app.store, &actor, id, &to.name, expected).await?)
}

async fn configuration(State(app): State<App>, InPath(id): InPath<InstanceId>) -> Answer {
    plain(&operation::configuration(&app.store, id).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewPlugins)]
struct Automatic {
    /// Null or left out: in targets that have plugins already.
    auto_import_new_plugins: Option<bool>,
    /// As the caller last saw the instance; `If-Match` says the same.
    updated_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn auto_import(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    seen: Seen,
    Body(to): Body<Automatic>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let expected = seen.or(to.updated_at);
    let on = to.auto_import_new_plugins;
    changed(&operation::set_auto_import(&app.store, &actor, id, on, expected).await?)
}

async fn sync_now(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    Because(reason): Because,
) -> Answer {
    queued(&operation::sync_now(&app.store, &asked.actor(reason), id).await?)
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::disable(&app.store, &asked.actor(reason), id).await?)
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::enable(&app.store, &asked.actor(reason), id).await?)
}

async fn archive(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::archive(&app.store, &asked.actor(reason), id).await?)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::remove(&app.store, &asked.actor(reason), id).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetsQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<TargetId>,
}

async fn list_targets(
    State(app): State<App>,
    InPath(id): InPath<InstanceId>,
    Query(query): Query<TargetsQuery>,
) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&targets::list_of_instance(&app.store.conn().await?, id, page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewTarget {
    /// `owner/name`
    #[schema(value_type = String)]
    repository: Text<RepositoryFullName>,
    /// GitHub's number of the repository. Left out: GitHub is asked, for the branch as well.
    #[schema(minimum = 1)]
    repository_id: Option<i64>,
    /// Without `refs/heads/`. Left out: the default branch, by GitHub.
    branch: Option<String>,
    reason: Option<String>,
}

async fn add_target(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<InstanceId>,
    Body(new): Body<NewTarget>,
) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let repository = new.repository.0;
    let (repository_id, branch) = match (new.repository_id, new.branch) {
        (Some(repository_id), Some(branch)) => (repository_id, branch),
        (given, branch) => {
            let account = operation::require(&app.store.conn().await?, id).await?.account_id;
            let branch = branch.as_deref();
            let valid =
                accounts::validate_target(github(&app)?, account, &repository, branch).await?;
            (given.unwrap_or(valid.repository.repository_id), valid.branch)
        }
    };
    let target = AddTarget { instance: id, repository, repository_id, branch };
    created(&target_operation::add(&app.store, &actor, target).await?)
}
