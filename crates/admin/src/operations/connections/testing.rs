//! Test calls: a sample that names the workspace, and what its receiver said.

use futures_util::StreamExt as _;
use futures_util::stream;
use hookyard_destinations::{Receiver, Sender, Verdict, Workspace};
use hookyard_domain::connection::{ConnectionKind, ConnectionStatus};
use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::ids::{ConnectionId, WorkspaceId};
use hookyard_store::connections::{self, Connection, FailedTest};
use hookyard_store::paging::{PAGE_ITEMS_MAX, Page, PageRequest};
use hookyard_store::workspaces;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Outside, check_connected, check_plan, named, opened, require};
use crate::operations::actor::Change;
use crate::operations::{Actor, OperationError};

/// How many connections one call of [`test_all`] tests.
pub const TESTED_MAX: usize = 1_000;
/// How many of them at once.
const TESTED_AT_ONCE: usize = 8;

/// How a test call went.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    pub id: ConnectionId,
    pub workspace: String,
    pub kind: ConnectionKind,
    pub name: String,
    pub ok: bool,
    /// Of the answer, if there was one.
    pub response_status: Option<u16>,
    pub error_class: Option<ErrorClass>,
    pub error: Option<String>,
    /// The beginning of the answer's body, without the connection's secrets.
    pub response_excerpt: Option<String>,
}

impl Tested {
    fn failed(&self) -> Option<FailedTest<'_>> {
        let class = self.error_class?;
        let in_passing = class.is_in_passing(self.response_status, false);
        Some(FailedTest { error: self.error.as_deref().unwrap_or_default(), in_passing })
    }
}

/// What came of a call.
pub(super) struct Called {
    pub(super) failure: Option<hookyard_destinations::Failure>,
    pub(super) response_status: Option<u16>,
    pub(super) response_excerpt: Option<String>,
}

/// Sends a receiver its sample.
pub(super) async fn call(
    sender: &Sender,
    receiver: &Receiver,
    workspace: &Workspace,
    now: Timestamp,
) -> Called {
    let request = receiver.test_request(workspace, Uuid::now_v7(), now);
    let answer = match sender.send(request).await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = Some(error.into());
            return Called { failure, response_status: None, response_excerpt: None };
        }
    };
    let failure = match receiver.judge(&answer, now) {
        Verdict::Delivered { .. } => None,
        Verdict::Failed(failure) => Some(failure),
    };
    Called {
        failure,
        response_status: Some(answer.status.as_u16()),
        response_excerpt: Some(receiver.keep(&answer).excerpt),
    }
}

/// Sends a connection its sample and keeps on record how that went.
pub async fn test(
    outside: &Outside<'_>,
    actor: &Actor,
    id: ConnectionId,
    now: Timestamp,
) -> Result<Tested, OperationError> {
    let conn = outside.store.conn().await?;
    let connection = require(&conn, id).await?;
    let found = workspaces::by_id(&conn, connection.workspace_id).await?;
    let workspace =
        found.ok_or_else(|| OperationError::not_found("workspace", &connection.workspace))?;
    check_plan(&workspace)?;
    check_connected(&connection)?;
    let sealed = connections::sealed(&conn, id).await?.unwrap_or_default();
    drop(conn);
    let receiver = opened(outside.ring, &connection, &sealed)?;
    let called = call(outside.sender, &receiver, &named(&workspace), now).await;
    let tested = tested(connection, called);
    record(outside, actor, &tested, workspace.id).await?;
    Ok(tested)
}

fn tested(connection: Connection, called: Called) -> Tested {
    let Called { failure, response_status, response_excerpt } = called;
    Tested {
        id: connection.id,
        workspace: connection.workspace,
        kind: connection.kind,
        name: connection.name,
        ok: failure.is_none(),
        response_status,
        error_class: failure.as_ref().map(|it| it.class),
        // PostgreSQL's texts have no NUL.
        error: failure.map(|it| it.error.replace('\0', "\u{fffd}")),
        response_excerpt,
    }
}

async fn record(
    outside: &Outside<'_>,
    actor: &Actor,
    tested: &Tested,
    workspace: WorkspaceId,
) -> Result<(), OperationError> {
    let mut conn = outside.store.conn().await?;
    let tx = conn.begin().await?;
    connections::record_test(&tx, tested.id, tested.failed()).await?;
    let change = Change {
        action: "connection.test",
        workspace: Some(workspace),
        subject: tested.id.to_string(),
        before: None,
        after: Some(json!({ "ok": tested.ok, "errorClass": tested.error_class })),
    };
    actor.record(&tx, change).await?;
    Ok(tx.commit().await?)
}

/// Tests every connection that is in use, of one workspace or of all: the smoke test of a deployment.
///
/// At most [`TESTED_MAX`], newest first; the cursor says where to go on. What may not be tested counts as failed.
pub async fn test_all(
    outside: &Outside<'_>,
    actor: &Actor,
    workspace: Option<WorkspaceId>,
    cursor: Option<ConnectionId>,
    now: Timestamp,
) -> Result<Page<Tested, ConnectionId>, OperationError> {
    let (chosen, next_cursor) = in_use(outside, workspace, cursor).await?;
    let calls = chosen.into_iter().map(async |connection| {
        let done = test(outside, actor, connection.id, now).await;
        match done {
            Err(
                error @ (OperationError::Forbidden(_)
                | OperationError::Conflict(_)
                | OperationError::NotFound { .. }),
            ) => Ok(untested(connection, &error)),
            done => done,
        }
    });
    let mut results = stream::iter(calls).buffered(TESTED_AT_ONCE);
    let mut items = Vec::new();
    while let Some(tested) = results.next().await {
        items.push(tested?);
    }
    Ok(Page { items, next_cursor })
}

/// The connections that somebody counts on: neither disconnected nor switched off.
async fn in_use(
    outside: &Outside<'_>,
    workspace: Option<WorkspaceId>,
    mut cursor: Option<ConnectionId>,
) -> Result<(Vec<Connection>, Option<ConnectionId>), OperationError> {
    let mut chosen = Vec::new();
    let conn = outside.store.conn().await?;
    loop {
        let request = PageRequest::new(PAGE_ITEMS_MAX, cursor)
            .map_err(|error| OperationError::Invalid(error.to_string()))?;
        let page = connections::list(&conn, workspace, request).await?;
        chosen.extend(page.items.into_iter().filter(|it| match it.status {
            ConnectionStatus::Connected
            | ConnectionStatus::ActionNeeded
            | ConnectionStatus::Error => true,
            ConnectionStatus::Disconnected | ConnectionStatus::Disabled => false,
        }));
        cursor = page.next_cursor;
        if cursor.is_none() || chosen.len() > TESTED_MAX - usize::from(PAGE_ITEMS_MAX) {
            return Ok((chosen, cursor));
        }
    }
}

fn untested(connection: Connection, error: &OperationError) -> Tested {
    Tested {
        id: connection.id,
        workspace: connection.workspace,
        kind: connection.kind,
        name: connection.name,
        ok: false,
        response_status: None,
        error_class: None,
        error: Some(error.to_string()),
        response_excerpt: None,
    }
}
