//! Who asked for a change, and the line that says so.

use hookyard_domain::ids::{AuditId, WorkspaceId};
use hookyard_store::{Tx, audit};
use serde_json::Value;
use uuid::Uuid;

use super::OperationError;

/// Who asked for a change, and why.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Such as `cli:root`.
    pub name: String,
    pub reason: Option<String>,
    /// Where the change is listed that concerns no workspace of its own, such as of an event of a shared URL.
    pub workspace: Option<WorkspaceId>,
    /// Whether the whole deployment is theirs: the command line, or an operator's token.
    pub is_operator: bool,
}

/// A change, as the audit log keeps it.
pub(super) struct Change {
    /// Noun and verb, such as `source.rotate`.
    pub(super) action: &'static str,
    pub(super) workspace: Option<WorkspaceId>,
    /// The id of what was changed.
    pub(super) subject: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Actor {
    /// Writes the change into the audit log, in the transaction that makes it.
    pub(super) async fn record(&self, tx: &Tx<'_>, change: Change) -> Result<(), OperationError> {
        let entry = audit::NewEntry {
            id: AuditId(Uuid::now_v7()),
            workspace: change.workspace.or(self.workspace),
            actor: &self.name,
            action: change.action,
            subject: &change.subject,
            reason: self.reason.as_deref(),
            before: change.before.as_ref(),
            after: change.after.as_ref(),
        };
        Ok(audit::insert(tx, &entry).await?)
    }
}
