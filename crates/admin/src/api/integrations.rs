//! `integrations`: the predecessors' words for connections, one of each kind, in their answers' shapes.
//!
//! An integration is the connection of its kind that is named `default`. Everything here is done by the connections'
//! own operations; docs/integrations/alias.md tells which.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::connection::{ConnectionKind, ConnectionStatus, Name};
use hookyard_domain::ids::ConnectionId;
use hookyard_store::Db;
use hookyard_store::connections::{self, Connection};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::answer::respond;
use super::connections::outside;
use super::extract::checked_reason;
use super::fields::Secret;
use super::{Answer, ApiError, Because, Body, Doc, plain};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::ShownOnce;
use crate::operations::connections::{self as operation, Connect, Limits};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("integrations")
        .get(
            "/v1/workspaces/{slug}/integrations",
            Need::Member,
            list,
            Doc::plain::<Integrations>("List the integrations, one of each kind"),
        )
        .get(
            "/v1/workspaces/{slug}/integrations/{kind}",
            Need::Member,
            show,
            Doc::plain::<OneIntegration>("Show an integration"),
        )
        .post(
            "/v1/workspaces/{slug}/integrations/{kind}/connect",
            Need::Admin,
            connect,
            Doc::plain::<Done>("Connect an integration; it is tested first").body::<Credentials>(),
        )
        .post(
            "/v1/workspaces/{slug}/integrations/{kind}/test",
            Need::Admin,
            test,
            Doc::plain::<Done>("Send an integration its sample; 502 if it fails").because(),
        )
        .post(
            "/v1/workspaces/{slug}/integrations/{kind}/disconnect",
            Need::Admin,
            disconnect,
            Doc::plain::<Done>("Disconnect an integration").because(),
        )
        .delete(
            "/v1/workspaces/{slug}/integrations/{kind}",
            Need::Admin,
            disconnect,
            Doc::plain::<Done>("Disconnect an integration").because(),
        )
}

#[derive(Debug, Serialize, ToSchema)]
struct Integrations {
    integrations: Vec<Integration>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OneIntegration {
    integration: Integration,
}

/// An integration as the predecessors show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Integration {
    #[serde(rename = "type")]
    kind: ConnectionKind,
    status: ConnectionStatus,
    /// Whether events are sent to it.
    is_active: bool,
    /// Of the connection behind it; none: it was never connected.
    id: Option<ConnectionId>,
    host: Option<String>,
    last_tested_at: Option<Timestamp>,
    last_triggered_at: Option<Timestamp>,
    last_error: Option<String>,
}

impl Integration {
    fn of(kind: ConnectionKind, connection: Option<Connection>) -> Self {
        let status = connection.as_ref().map_or(ConnectionStatus::Disconnected, |it| it.status);
        let host = connection.as_ref().and_then(|it| it.metadata.get("host")?.as_str());
        Self {
            kind,
            status,
            is_active: match status {
                ConnectionStatus::Connected
                | ConnectionStatus::ActionNeeded
                | ConnectionStatus::Error => true,
                ConnectionStatus::Disabled | ConnectionStatus::Disconnected => false,
            },
            host: host.map(str::to_owned),
            id: connection.as_ref().map(|it| it.id),
            last_tested_at: connection.as_ref().and_then(|it| it.last_tested_at),
            last_triggered_at: connection.as_ref().and_then(|it| it.last_triggered_at),
            last_error: connection.and_then(|it| it.last_error),
        }
    }
}

/// What the predecessors say when something was done, or was not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Done {
    success: bool,
    message: String,
    /// The key that calls are signed with; only for kind `webhook`, and only where it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    signing_secret: Option<ShownOnce>,
}

fn done(message: String) -> Answer {
    plain(&Done { success: true, message, signing_secret: None })
}

fn kind(asked: &Asked) -> Result<ConnectionKind, ApiError> {
    let word = asked.word("kind").unwrap_or_default();
    word.parse().map_err(|_| {
        let known: Vec<&str> = ConnectionKind::ALL.iter().map(|it| it.as_str()).collect();
        ApiError::field("kind", format!("kind: there are {}", known.join(", ")))
    })
}

async fn find(
    db: &impl Db,
    asked: &Asked,
    kind: ConnectionKind,
) -> Result<Option<Connection>, ApiError> {
    let workspace = asked.workspace().id;
    Ok(connections::by_name(db, workspace, kind, &Name::default()).await?)
}

async fn require(app: &App, asked: &Asked, kind: ConnectionKind) -> Result<Connection, ApiError> {
    let found = find(&app.store.conn().await?, asked, kind).await?;
    let connected = found.filter(|it| it.status != ConnectionStatus::Disconnected);
    connected.ok_or_else(|| ApiError::not_found("integration", kind.as_str()))
}

async fn list(State(app): State<App>, asked: Asked) -> Answer {
    let conn = app.store.conn().await?;
    let mut integrations = Vec::new();
    for kind in ConnectionKind::ALL {
        integrations.push(Integration::of(*kind, find(&conn, &asked, *kind).await?));
    }
    plain(&Integrations { integrations })
}

async fn show(State(app): State<App>, asked: Asked) -> Answer {
    let kind = kind(&asked)?;
    let found = find(&app.store.conn().await?, &asked, kind).await?;
    plain(&OneIntegration { integration: Integration::of(kind, found) })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = IntegrationCredentials)]
struct Credentials {
    /// Where calls go.
    #[serde(alias = "url")]
    webhook_url: Secret,
    reason: Option<String>,
}

async fn connect(State(app): State<App>, asked: Asked, Body(new): Body<Credentials>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let connect = Connect {
        workspace: asked.slug(),
        kind: kind(&asked)?,
        name: Name::default(),
        url: new.webhook_url.0,
        user: None,
        limits: Limits::default(),
    };
    let outside = outside(&app)?;
    let connected = Box::pin(operation::connect(&outside, &actor, connect, app.now())).await?;
    let (message, signing_secret) = (connected.message, connected.signing_secret);
    plain(&Done { success: true, message, signing_secret })
}

async fn test(State(app): State<App>, asked: Asked, Because(reason): Because) -> Answer {
    let kind = kind(&asked)?;
    let connection = require(&app, &asked, kind).await?;
    let (outside, actor) = (outside(&app)?, asked.actor(reason));
    let tested = Box::pin(operation::test(&outside, &actor, connection.id, app.now())).await?;
    if tested.ok {
        return done(format!("Test message sent to {kind}"));
    }
    let message = tested.error.unwrap_or_else(|| "the test failed".to_owned());
    let body = json!({ "success": false, "error": "test_failed", "message": message });
    Ok(respond(StatusCode::BAD_GATEWAY, &body))
}

async fn disconnect(State(app): State<App>, asked: Asked, Because(reason): Because) -> Answer {
    let kind = kind(&asked)?;
    let connection = require(&app, &asked, kind).await?;
    operation::disconnect(&app.store, &asked.actor(reason), connection.id).await?;
    done(format!("{kind} integration disconnected"))
}
