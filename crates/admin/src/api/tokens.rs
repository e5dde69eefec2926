//! `tokens`: what applications and members show. An operator's are made on the command line only.

use axum::extract::State;
use hookyard_domain::ids::{MemberId, TokenId};
use hookyard_domain::token::TokenScope;
use hookyard_store::access::{Noun, place_of};
use hookyard_store::tokens::{self, Token};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::{ReasonQuery, checked_reason, parsed};
use super::{
    Answer, ApiError, Body, Doc, InPath, Query, created, gone, item, list as listed, page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::tokens::{self as operation, CreateToken, CreatedToken, TokenOwner};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("tokens")
        .get(
            "/v1/workspaces/{slug}/tokens",
            Need::Admin,
            list,
            Doc::list::<Token>("List tokens, never the tokens themselves").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/tokens/{token}",
            Need::Admin,
            show,
            Doc::item::<Token>("Show what is known of a token"),
        )
        .post(
            "/v1/workspaces/{slug}/tokens",
            Need::Admin,
            create,
            Doc::created::<CreatedToken>("Make a token; it is shown this once").body::<New>(),
        )
        .delete(
            "/v1/workspaces/{slug}/tokens/{token}",
            Need::Admin,
            revoke,
            Doc::gone("Revoke a token; sessions opened with it end").query::<ReasonQuery>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<TokenId>,
}

/// A token of a member, or of an application with scopes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewToken)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    /// What to call it; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whose it is: it may what the member may. Without it the token is an application's.
    member_id: Option<MemberId>,
    /// What an application's token allows.
    scopes: Option<Vec<TokenScope>>,
    /// None: it does not expire.
    expires_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&tokens::list(&conn, Some(asked.workspace().id), page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<TokenId>) -> Answer {
    item(&operation::require(&app.store.conn().await?, id).await?)
}

async fn create(State(app): State<App>, asked: Asked, Body(body): Body<New>) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let owner = match (body.member_id, body.scopes) {
        (Some(_), Some(_)) => {
            return Err(ApiError::field("scopes", "a member's token has no scopes of its own"));
        }
        (Some(member), None) => {
            let conn = app.store.conn().await?;
            let place = place_of(&conn, Noun::Member, member.0, asked.workspace().id).await?;
            place.ok_or_else(|| ApiError::not_found("member", &member.to_string()))?;
            TokenOwner::Member(member)
        }
        (None, scopes) => {
            TokenOwner::Application { workspace: asked.slug(), scopes: scopes.unwrap_or_default() }
        }
    };
    if body.expires_at.is_some_and(|at| at <= app.now()) {
        return Err(ApiError::field("expiresAt", "expiresAt: this time is over"));
    }
    let name = parsed("name", &body.name)?;
    let new = CreateToken { owner, name, expires_at: body.expires_at };
    created(&operation::create(&app.store, &actor, asked.rank(), new).await?)
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<TokenId>,
    Query(query): Query<ReasonQuery>,
) -> Answer {
    let actor = asked.actor(checked_reason(query.reason)?);
    operation::revoke(&app.store, &actor, asked.rank(), id).await?;
    gone()
}
