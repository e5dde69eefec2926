//! The story: a first import, a commit with one changed file, and an event that goes out.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use super::records::{Delivered, Moved, SyncEvent, SyncEvents};
use super::{outbound, sample, show};
use crate::repository::{Change, Repository};
use crate::stack::Stack;
use crate::{http, say};

const SYNC_LIMIT: Duration = Duration::from_mins(1);
const SYNC_POLL: Duration = Duration::from_millis(100);

/// Tells everything; fails with what was not as expected.
pub(super) async fn tell(stack: &Stack) -> Result<()> {
    let repository = stack.plan.repository.as_ref().context("a stack has a repository")?;
    let target = stack.plan.seeds.target.as_deref().context("a stack has a target")?;
    let story = Story { stack, repository, target };
    story.first_import().await?;
    story.one_push().await?;
    outbound::tell(stack).await?;
    show::jobs(stack).await
}

struct Story<'a> {
    stack: &'a Stack,
    repository: &'a Repository,
    target: &'a str,
}

impl Story<'_> {
    /// Adding a mapping queues a sync, so the import is under way since the worker runs.
    async fn first_import(&self) -> Result<()> {
        say::step("First import");
        let Repository { full_name, branch, .. } = self.repository;
        let files = self.repository.files().await?;
        say::detail(&format!("{full_name} has {} files on {branch}.", files.len()));
        say::detail("The target's mappings were just added, which queued its first sync.");
        if self.sync_events().await?.is_empty() {
            self.stack.admin.create(&["connector", "target", "resync", self.target], None).await?;
        }
        let events = self.at_rest().await?;
        let applied: Vec<&SyncEvent> = events.iter().filter(|event| event.is_applied()).collect();
        let (Some(newest), Some(first)) = (applied.first(), applied.last()) else {
            bail!("no sync of the target was completed: {}", statuses(&events));
        };
        show::sync_event(&self.stack.admin.json(&["sync-events", "show", &first.id]).await?);
        expect_applied(newest, &self.repository.head().await?)?;
        if self.repository.origin.is_none() {
            let mapped = files.iter().filter(|path| sample::is_mapped(path)).count();
            let created: u64 = applied.iter().map(|event| event.counts.created).sum();
            ensure!(
                created == u64::try_from(mapped)?,
                "{mapped} files are mapped, {created} were created"
            );
        }
        Ok(())
    }

    async fn one_push(&self) -> Result<()> {
        say::step("A push");
        let (path, content) = self.next_change().await?;
        let changes = [Change { path: &path, content: &content }];
        let commit = self.repository.commit(&format!("Sharpen {path}"), &changes).await?;
        say::detail(&format!("Commit {} changes one file, {path}.", show::short(&commit)));
        let started = Instant::now();
        let delivered = self.push(&commit).await?;
        show::delivered(&delivered, started.elapsed());
        ensure!(delivered.status == Some(202), "the ingress was expected to answer 202 accepted");

        let id = self.sync_event_of(&delivered.delivery_id).await?;
        let event = self.finished(&id).await?;
        let took = say::duration(started.elapsed());
        say::detail(&format!(
            "A worker has taken the job; {took} after the push the sync was done."
        ));
        show::event_behind(self.stack, &event).await?;
        say::step("The sync event");
        show::sync_event(&event);
        expect_applied(&event, &commit)?;
        let changed = (event.counts.created + event.counts.updated, event.counts.deleted);
        ensure!(changed == (1, 0), "one changed file was expected: {:?}", event.counts);
        show::changed_objects(self.stack, &event).await?;
        Ok(())
    }

    /// A mapped file with one line more, or else a new skill.
    async fn next_change(&self) -> Result<(String, String)> {
        let files = self.repository.files().await?;
        let Some(path) = files.into_iter().find(|path| sample::is_mapped(path)) else {
            return Ok((sample::NEW_SKILL.path.to_owned(), sample::NEW_SKILL.content.to_owned()));
        };
        let content =
            self.repository.read(&path).await? + "\n\nAnswer in the language of the question.\n";
        Ok((path, content))
    }

    /// Moves the branch on the simulated GitHub, which then sends the signed push.
    async fn push(&self, commit: &str) -> Result<Delivered> {
        let url =
            format!("{}/_sim/branches/{}", self.stack.plan.github_url(), self.repository.branch);
        let mut moved: Moved =
            http::post(&http::client()?, &url, &json!({ "sha": commit, "deliver": true })).await?;
        self.repository.advance(commit).await?;
        match (moved.deliveries.pop(), moved.deliveries.len()) {
            (Some(only), 0) => Ok(only),
            (_, others) => bail!("one delivery was expected, the simulator sent {}", others + 1),
        }
    }

    /// The newest sync events of the target.
    async fn sync_events(&self) -> Result<Vec<SyncEvent>> {
        let args = ["sync-events", "list", "--target", self.target, "--limit", "20"];
        let page: SyncEvents = self.stack.admin.json(&args).await?;
        Ok(page.items)
    }

    /// The sync event that a delivery led to; it was written before the delivery was answered.
    async fn sync_event_of(&self, delivery: &str) -> Result<String> {
        let mut events = self.sync_events().await?.into_iter();
        let found = events.find(|event| event.delivery_id.as_deref() == Some(delivery));
        Ok(found
            .with_context(|| format!("no sync event of the target names the delivery {delivery}"))?
            .id)
    }

    /// The sync event in its final state.
    async fn finished(&self, id: &str) -> Result<SyncEvent> {
        let started = Instant::now();
        loop {
            let event: SyncEvent = self.stack.admin.json(&["sync-events", "show", id]).await?;
            if event.is_final() {
                return Ok(event);
            }
            if started.elapsed() > SYNC_LIMIT {
                bail!("the sync event {id} is still {} after {SYNC_LIMIT:?}", event.status);
            }
            tokio::time::sleep(SYNC_POLL).await;
        }
    }

    /// The target's sync events once none of them is unfinished.
    async fn at_rest(&self) -> Result<Vec<SyncEvent>> {
        let started = Instant::now();
        loop {
            let events = self.sync_events().await?;
            if events.iter().all(SyncEvent::is_final) {
                return Ok(events);
            }
            if started.elapsed() > SYNC_LIMIT {
                bail!("the target is not at rest after {SYNC_LIMIT:?}: {}", statuses(&events));
            }
            tokio::time::sleep(SYNC_POLL).await;
        }
    }
}

fn expect_applied(event: &SyncEvent, head: &str) -> Result<()> {
    ensure!(
        event.is_applied(),
        "the sync event {} ended {}, not completed",
        event.id,
        event.status
    );
    let applied = event.applied_sha.as_deref().unwrap_or("nothing");
    ensure!(applied == head, "the branch is at {head}, applied was {applied}");
    Ok(())
}

fn statuses(events: &[SyncEvent]) -> String {
    events
        .iter()
        .map(|event| {
            format!("{} {} {}", event.id, event.status, event.reason.as_deref().unwrap_or_default())
        })
        .collect::<Vec<_>>()
        .join(", ")
}
