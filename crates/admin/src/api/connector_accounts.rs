//! `connector-accounts`: installations of the GitHub App.

use axum::extract::State;
use hookyard_domain::ids::AccountId;
use hookyard_domain::target::RepositoryFullName;
use hookyard_store::accounts::{self, Account};
use hookyard_store::paging::{PAGE_ITEMS_DEFAULT, Page};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::checked_reason;
use super::fields::Text;
use super::{
    Answer, ApiError, Because, Body, Doc, InPath, Query, changed, created, item, item_tagged,
    list as listed, page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::accounts::{
    self as operation, AccountRepository, DisconnectedAccount, ValidTarget,
};
use crate::operations::github::GitHubAccess;
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("connector-accounts")
        .get(
            "/v1/workspaces/{slug}/connector-accounts",
            Need::Member,
            list,
            Doc::list::<Account>("List connector accounts, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-accounts",
            Need::Admin,
            add,
            Doc::created::<Account>("Add an installation, or bring a disconnected one back")
                .body::<NewAccount>(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-accounts/{account}",
            Need::Member,
            show,
            Doc::item::<Account>("Show a connector account"),
        )
        .post(
            "/v1/workspaces/{slug}/connector-accounts/{account}/disconnect",
            Need::Admin,
            disconnect,
            Doc::changed::<DisconnectedAccount>(
                "Disconnect an account: archive its instances, delete their config objects, keep the records",
            )
            .because(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-accounts/{account}/reconnect",
            Need::Admin,
            reconnect,
            Doc::changed::<Account>("Bring a disconnected account back").because(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-accounts/{account}/repositories",
            Need::Admin,
            repositories,
            Doc::list::<AccountRepository>("List the repositories that the installation may read")
                .query::<RepositoriesQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-accounts/{account}/validate-target",
            Need::Admin,
            validate_target,
            Doc::item::<ValidTarget>("Ask GitHub whether a repository can be read and has the branch")
                .body::<AskedTarget>(),
        )
}

/// GitHub, if this process can ask it.
pub(super) fn github(app: &App) -> Result<&GitHubAccess, ApiError> {
    app.github.as_ref().ok_or_else(|| ApiError::not_configured("HOOKYARD_VAULT_KEYS"))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<AccountId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&accounts::list(&conn, Some(asked.workspace().id), page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewAccount {
    /// From the installation's URL on GitHub.
    #[schema(minimum = 1)]
    installation_id: i64,
    /// The GitHub user or organization that installed the App.
    login: String,
    reason: Option<String>,
}

async fn add(State(app): State<App>, asked: Asked, Body(new): Body<NewAccount>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let slug = asked.slug();
    created(&operation::add(&app.store, &actor, &slug, new.installation_id, &new.login).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<AccountId>) -> Answer {
    let account = operation::require(&app.store.conn().await?, id).await?;
    item_tagged(&account, account.updated_at)
}

async fn disconnect(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<AccountId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::disconnect(&app.store, &asked.actor(reason), id).await?)
}

async fn reconnect(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<AccountId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::reconnect(&app.store, &asked.actor(reason), id).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RepositoriesQuery {
    /// A part of the name.
    q: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// The full name of the last repository of the page before.
    cursor: Option<String>,
}

/// GitHub gives them all or none, so each page asks for all.
async fn repositories(
    State(app): State<App>,
    InPath(id): InPath<AccountId>,
    Query(query): Query<RepositoriesQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(PAGE_ITEMS_DEFAULT);
    page_of::<AccountId>(Some(limit), None)?;
    let wanted = query.q.unwrap_or_default().to_lowercase();
    let found = operation::repositories(github(&app)?, id).await?.into_iter();
    let mut items: Vec<AccountRepository> = found
        .filter(|it| it.full_name.to_lowercase().contains(&wanted))
        .filter(|it| query.cursor.as_ref().is_none_or(|cursor| it.full_name > *cursor))
        .take(usize::from(limit) + 1)
        .collect();
    let more = items.len() > usize::from(limit);
    items.truncate(usize::from(limit));
    let next_cursor = if more { items.last().map(|it| it.full_name.clone()) } else { None };
    listed(&Page { items, next_cursor })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AskedTarget {
    /// `owner/name`
    #[schema(value_type = String)]
    repository: Text<RepositoryFullName>,
    /// Without `refs/heads/`; else the default branch.
    branch: Option<String>,
}

async fn validate_target(
    State(app): State<App>,
    InPath(id): InPath<AccountId>,
    Body(asked): Body<AskedTarget>,
) -> Answer {
    let (repository, branch) = (&asked.repository.0, asked.branch.as_deref());
    item(&operation::validate_target(github(&app)?, id, repository, branch).await?)
}
