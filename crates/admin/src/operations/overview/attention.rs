//! What needs somebody now: each item with its cause and since when. An item leaves when its cause is gone.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::ids::{ConnectionId, OauthClientId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::target::TargetStatus;
use hookyard_store::overview::{
    self as stands, AmissClient, AmissConnection, AmissTarget, OpenLetters, UnsettledSync,
};
use hookyard_store::workers::Worker;
use hookyard_store::{Conn, StoreError};
use jiff::Timestamp;
use serde::Serialize;

/// Something that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    pub severity: Severity,
    pub kind: AttentionKind,
    /// What it is about, and where to look at it.
    pub subject: Subject,
    /// What it is called: a connection's name, a repository and branch.
    pub name: String,
    /// Why, in one line.
    pub cause: Option<String>,
    pub since: Option<Timestamp>,
    /// What is held up by it, or how many there are; ends at a thousand.
    pub count: i64,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing goes on until somebody acts.
    Critical,
    /// Something is not done, or will soon be given up.
    Serious,
    /// Something is not as it should be, and all else goes on.
    Notice,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// No worker was heard of for a minute.
    NoWorker,
    ConnectionDisabled,
    /// A receiver takes the credentials no longer.
    ConnectionActionNeeded,
    /// A receiver does nothing but fail; it is still tried.
    ConnectionFailing,
    OauthClientFailing,
    /// A target waits for somebody's word before it deletes much.
    TargetNeedsConfirmation,
    /// A repository or a branch is gone.
    TargetGone,
    /// The last sync of a target failed.
    SyncFailed,
    /// The last sync of a target left files out.
    SyncPartial,
    /// Work was given up, and nobody has looked at it.
    DeadLetters,
}

/// What an item is about: the page that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "page", content = "id", rename_all = "snake_case")]
pub enum Subject {
    System,
    Connection(ConnectionId),
    OauthClient(OauthClientId),
    Target(TargetId),
    SyncEvent(SyncEventId),
    DeadLetters,
}

/// Everything of a workspace that needs somebody, most serious first, then the latest.
pub(super) async fn of(
    conn: &Conn,
    workspace: WorkspaceId,
    workers: &[Worker],
    now: Timestamp,
) -> Result<Vec<Attention>, StoreError> {
    let mut items: Vec<Attention> = no_worker(workers, now).into_iter().collect();
    let connections = stands::amiss_connections(conn, workspace).await?;
    items.extend(connections.into_iter().map(connection));
    items.extend(stands::amiss_clients(conn, workspace).await?.into_iter().map(client));
    items.extend(stands::amiss_targets(conn, workspace).await?.iter().map(target));
    items.extend(stands::unsettled_syncs(conn, workspace).await?.into_iter().map(sync));
    items.extend(dead_letters(stands::open_letters(conn, workspace).await?));
    items.sort_by_key(|it| (it.severity, std::cmp::Reverse(it.since)));
    Ok(items)
}

fn no_worker(workers: &[Worker], now: Timestamp) -> Option<Attention> {
    if workers.iter().any(|it| it.alive) {
        return None;
    }
    let last = workers.iter().map(|it| it.seen_at).max();
    let seen = last.map(|at| {
        let minutes = (now.as_second() - at.as_second()) / 60;
        format!("the last one was heard of {minutes} minutes ago")
    });
    Some(Attention {
        severity: Severity::Critical,
        kind: AttentionKind::NoWorker,
        subject: Subject::System,
        name: "no worker is running".to_owned(),
        cause: seen,
        since: last,
        count: 0,
    })
}

fn connection(it: AmissConnection) -> Attention {
    let (severity, kind) = match it.status {
        ConnectionStatus::Disabled => (Severity::Critical, AttentionKind::ConnectionDisabled),
        ConnectionStatus::ActionNeeded => {
            (Severity::Critical, AttentionKind::ConnectionActionNeeded)
        }
        ConnectionStatus::Error | ConnectionStatus::Connected | ConnectionStatus::Disconnected => {
            (Severity::Serious, AttentionKind::ConnectionFailing)
        }
    };
    let (subject, cause) = (Subject::Connection(it.id), it.error);
    Attention { severity, kind, subject, name: it.name, cause, since: it.since, count: it.waiting }
}

fn client(it: AmissClient) -> Attention {
    Attention {
        severity: Severity::Serious,
        kind: AttentionKind::OauthClientFailing,
        subject: Subject::OauthClient(it.id),
        name: it.name,
        cause: it.error,
        since: it.since,
        count: 0,
    }
}

fn target(it: &AmissTarget) -> Attention {
    let (severity, kind, cause) = match it.status {
        TargetStatus::NeedsConfirmation => (
            Severity::Serious,
            AttentionKind::TargetNeedsConfirmation,
            "the last sync would have deleted much of it",
        ),
        TargetStatus::RepositoryGone => {
            (Severity::Serious, AttentionKind::TargetGone, "the repository is gone")
        }
        TargetStatus::RepositoryRemoved => (
            Severity::Serious,
            AttentionKind::TargetGone,
            "the installation may not see the repository any more",
        ),
        TargetStatus::InstallationSuspended | TargetStatus::Disconnected => {
            (Severity::Serious, AttentionKind::TargetGone, "its installation may not read it")
        }
        TargetStatus::BranchDeleted | TargetStatus::Active | TargetStatus::Disabled => {
            (Severity::Notice, AttentionKind::TargetGone, "the branch was deleted")
        }
    };
    Attention {
        severity,
        kind,
        subject: Subject::Target(it.id),
        name: branch(&it.repository, &it.git_ref),
        cause: Some(cause.to_owned()),
        since: Some(it.since),
        count: 0,
    }
}

fn sync(it: UnsettledSync) -> Attention {
    let (severity, kind) = match it.status {
        SyncStatus::Partial => (Severity::Notice, AttentionKind::SyncPartial),
        SyncStatus::Failed
        | SyncStatus::Queued
        | SyncStatus::Running
        | SyncStatus::Completed
        | SyncStatus::Ignored => (Severity::Serious, AttentionKind::SyncFailed),
    };
    Attention {
        severity,
        kind,
        subject: Subject::SyncEvent(it.id),
        name: branch(&it.repository, &it.git_ref),
        cause: it.error.or(it.reason),
        since: Some(it.completed_at),
        count: it.failed_files.into(),
    }
}

fn dead_letters(open: OpenLetters) -> Option<Attention> {
    (open.count > 0).then(|| Attention {
        severity: Severity::Serious,
        kind: AttentionKind::DeadLetters,
        subject: Subject::DeadLetters,
        name: "dead letters".to_owned(),
        cause: None,
        since: open.newest,
        count: open.count,
    })
}

fn branch(repository: &str, git_ref: &str) -> String {
    format!("{repository} @ {}", git_ref.strip_prefix("refs/heads/").unwrap_or(git_ref))
}
