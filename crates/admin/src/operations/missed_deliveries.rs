//! What GitHub has sent and nobody recorded: asked for once more.
//!
//! GitHub tries no delivery a second time by itself. Whatever it sent while no ingress was there, or what a database
//! that was restored from a backup has forgotten, is told from its own list and from the events on record.

use std::collections::HashSet;

use hookyard_github::{GitHub, GitHubError, HookDelivery};
use hookyard_store::events;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::actor::Change;
use super::github::{GitHubAccess, refusal};
use super::{Actor, OperationError, github_app};

/// Tries that are looked at: five hundred requests' worth.
pub const LOOKED_MAX: usize = 50_000;

/// What was found, and what was asked for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    pub since: Timestamp,
    /// GitHub's tries since then, repeated ones included.
    pub looked: usize,
    /// Whether there are older ones since then that were not looked at.
    pub more: bool,
    /// How many of the missed ones GitHub was asked to send again.
    pub asked: usize,
    /// Oldest first.
    pub missed: Vec<Missed>,
}

/// A delivery that GitHub has sent and that no event is of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// `X-GitHub-Delivery`.
    pub delivery_id: String,
    /// With its action, such as `github.installation.created`.
    pub event_type: String,
    /// When GitHub tried last.
    pub delivered_at: Timestamp,
    /// What GitHub says of that try.
    pub status: String,
    /// Why GitHub would not send it again, if it was asked and would not.
    pub refused: Option<String>,
    #[serde(skip)]
    attempt: i64,
}

impl From<HookDelivery> for Missed {
    fn from(it: HookDelivery) -> Self {
        let action = it.action.map(|action| format!(".{action}")).unwrap_or_default();
        Self {
            delivery_id: it.guid,
            event_type: format!("github.{}{action}", it.event),
            delivered_at: it.delivered_at,
            status: it.status,
            refused: None,
            attempt: it.id,
        }
    }
}

/// Finds what GitHub has sent since then and no event is of; unless `dry_run`, has GitHub send it again.
///
/// Doing so twice does no harm: what has arrived meanwhile is on record, and what arrives twice is a duplicate.
pub async fn recover(
    github: &GitHubAccess,
    actor: &Actor,
    since: Timestamp,
    dry_run: bool,
) -> Result<Recovery, OperationError> {
    let client = github.client().await?;
    let mut found = look(github, &client, since).await?;
    if dry_run || found.missed.is_empty() {
        return Ok(found);
    }
    // Before anything is asked: whatever ends this in the middle, the log tells who began it.
    record(github, actor, &found).await?;
    for missed in &mut found.missed {
        match client.redeliver(missed.attempt).await {
            Ok(()) => found.asked += 1,
            Err(error) if is_of_one(&error) => missed.refused = Some(error.to_string()),
            Err(error) => return Err(refusal(&error)),
        }
    }
    Ok(found)
}

/// Whether GitHub means this try, such as one that it keeps no longer, and may send the others.
fn is_of_one(error: &GitHubError) -> bool {
    /// Unprocessable Content
    const UNPROCESSABLE: u16 = 422;
    matches!(
        error,
        GitHubError::Unexpected { .. } | GitHubError::NotPermitted { status: UNPROCESSABLE, .. }
    )
}

/// Goes through GitHub's list, newest first. The newest try of each delivery stands for it.
async fn look(
    github: &GitHubAccess,
    client: &GitHub,
    since: Timestamp,
) -> Result<Recovery, OperationError> {
    let mut found = Recovery { since, looked: 0, more: false, asked: 0, missed: Vec::new() };
    let mut seen = HashSet::new();
    let mut cursor = None;
    loop {
        let page = client.hook_deliveries(cursor.as_deref()).await;
        let page = page.map_err(|error| refusal(&error))?;
        let listed = page.items.len();
        let recent: Vec<HookDelivery> =
            page.items.into_iter().take_while(|it| it.delivered_at >= since).collect();
        found.looked += recent.len();
        let is_last = recent.len() < listed;
        let mut new = recent;
        new.retain(|it| seen.insert(it.guid.clone()));
        let guids: Vec<&str> = new.iter().map(|it| it.guid.as_str()).collect();
        let recorded = {
            let conn = github.store().conn().await?;
            events::recorded_github_deliveries(&conn, &guids).await?
        };
        new.retain(|it| !recorded.contains(&it.guid));
        found.missed.extend(new.into_iter().map(Missed::from));
        cursor = page.next.filter(|_| !is_last);
        found.more = cursor.is_some() && found.looked >= LOOKED_MAX;
        if cursor.is_none() || found.more {
            found.missed.reverse();
            return Ok(found);
        }
    }
}

async fn record(
    github: &GitHubAccess,
    actor: &Actor,
    found: &Recovery,
) -> Result<(), OperationError> {
    let mut conn = github.store().conn().await?;
    let tx = conn.begin().await?;
    let change = Change {
        action: "github_app.redeliver",
        workspace: None,
        subject: github_app::require(&tx).await?.id.to_string(),
        before: None,
        after: Some(json!({
            "since": found.since, "looked": found.looked, "missed": found.missed.len(),
        })),
    };
    actor.record(&tx, change).await?;
    Ok(tx.commit().await?)
}
