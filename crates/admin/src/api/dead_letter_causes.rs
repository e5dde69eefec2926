//! `dead-letters/causes`: all open dead letters of one cause, counted first, then replayed or let be.

use axum::extract::State;
use hookyard_domain::ids::DeadLetterId;
use hookyard_domain::job::JobKind;
use hookyard_store::dead_letters::{self, Cause, OfCause, Settlement};
use hookyard_store::paging::Page;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::checked_reason;
use super::{Answer, Body, Doc, list as listed, plain};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::dead_letters::causes::{
    self as operation, OfOneCause, Preview, SettledMany,
};
use crate::routes::Routes;

/// The routes of this noun that concern many.
pub(super) fn routes() -> Routes {
    Routes::api("dead-letters")
        .get(
            "/v1/workspaces/{slug}/dead-letters/causes",
            Need::Admin,
            list,
            Doc::list::<OfCause>(
                "List the causes of the newest 1,000 open dead letters, the most frequent first",
            ),
        )
        .post(
            "/v1/workspaces/{slug}/dead-letters/causes/preview",
            Need::Admin,
            preview,
            Doc::plain::<Preview>("Count the open dead letters of a cause; nothing changes")
                .body::<Selected>(),
        )
        .post(
            "/v1/workspaces/{slug}/dead-letters/causes/replay",
            Need::Admin,
            replay,
            Doc::plain::<SettledMany>(
                "Have the work of up to 1,000 dead letters of a cause done once more",
            )
            .body::<Settle>(),
        )
        .post(
            "/v1/workspaces/{slug}/dead-letters/causes/drop",
            Need::Admin,
            drop_all,
            Doc::plain::<SettledMany>("Let up to 1,000 dead letters of a cause be")
                .body::<Settle>(),
        )
}

async fn list(State(app): State<App>, asked: Asked) -> Answer {
    let conn = app.store.conn().await?;
    let items = dead_letters::causes(&conn, asked.workspace().id).await?;
    listed(&Page { items, next_cursor: None::<DeadLetterId> })
}

/// Why work was given up, as a list of the causes tells it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GivenDeadLetterCause)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    kind: JobKind,
    reason: String,
    /// Left out: those without one.
    error: Option<String>,
}

/// Which dead letters.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DeadLetterSelection)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selected {
    cause: Given,
    /// Those written until then, such as a preview's `until`; left out: now.
    until: Option<Timestamp>,
}

/// Which dead letters, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SettleDeadLetters)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settle {
    cause: Given,
    /// Those written until then, such as a preview's `until`; left out: now.
    until: Option<Timestamp>,
    /// Why; kept in the audit log.
    reason: Option<String>,
}

fn of(app: &App, asked: &Asked, given: Given, until: Option<Timestamp>) -> OfOneCause {
    let cause = Cause { kind: given.kind, reason: given.reason, error: given.error };
    OfOneCause { workspace: asked.slug(), cause, until: until.unwrap_or_else(|| app.now()) }
}

async fn preview(State(app): State<App>, asked: Asked, Body(body): Body<Selected>) -> Answer {
    plain(&operation::preview(&app.store, &of(&app, &asked, body.cause, body.until)).await?)
}

async fn replay(State(app): State<App>, asked: Asked, Body(body): Body<Settle>) -> Answer {
    settle(&app, &asked, body, Settlement::Replayed).await
}

async fn drop_all(State(app): State<App>, asked: Asked, Body(body): Body<Settle>) -> Answer {
    settle(&app, &asked, body, Settlement::Dropped).await
}

async fn settle(app: &App, asked: &Asked, body: Settle, how: Settlement) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let of = of(app, asked, body.cause, body.until);
    plain(&operation::settle_all(&app.store, &actor, &of, how).await?)
}
