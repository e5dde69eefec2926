//! Branches that move, and the push that GitHub reports for it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    deliveries::Deliver,
    delivery_log::DeliveryReport,
    objects::Commit,
    payload,
    simulation::{Simulation, now},
    state::{Head, Repository},
};

/// GitHub lists no more commits in a push.
const COMMITS_MAX: usize = 2048;

/// How a branch moves and how the world hears of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MoveBranch {
    /// The first repository when missing.
    pub repository: Option<String>,
    /// A commit, by any name that git understands; `null` deletes the branch. When missing, the branch goes where the
    /// repository on disk has it.
    #[serde(rename = "sha", deserialize_with = "given")]
    pub to: BranchTarget,
    pub deliver: bool,
    /// `X-GitHub-Delivery`; a new one when missing.
    pub delivery_id: Option<String>,
    /// `X-GitHub-Hook-ID`; the configured one when missing.
    pub hook_id: Option<i64>,
    /// The delivery leaves later and the call does not wait for it.
    pub delay_ms: u64,
    /// The same delivery so many times at once.
    pub copies: usize,
    /// For how long REST still shows the branch where it was.
    pub visible_after_ms: u64,
    /// What the push says of itself; found out by git when missing.
    pub forced: Option<bool>,
}

/// Where a branch goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BranchTarget {
    /// To where the repository on disk has it, deleted included.
    #[default]
    AsOnDisk,
    Commit(String),
    Deleted,
}

/// What a move did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchMoved {
    /// Zeros when the branch is new.
    pub before: String,
    /// Zeros when the branch is deleted.
    pub after: String,
    pub deliveries: Vec<DeliveryReport>,
}

impl Default for MoveBranch {
    fn default() -> Self {
        Self {
            repository: None,
            to: BranchTarget::AsOnDisk,
            deliver: true,
            delivery_id: None,
            hook_id: None,
            delay_ms: 0,
            copies: 1,
            visible_after_ms: 0,
            forced: None,
        }
    }
}

impl MoveBranch {
    /// To this commit, with a delivery.
    pub fn to(commit: impl Into<String>) -> Self {
        Self { to: BranchTarget::Commit(commit.into()), ..Self::default() }
    }

    /// Away, with a delivery.
    pub fn deleted() -> Self {
        Self { to: BranchTarget::Deleted, ..Self::default() }
    }

    /// Without telling anyone.
    #[must_use]
    pub fn silently(mut self) -> Self {
        self.deliver = false;
        self
    }
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BranchTarget, D::Error> {
    let commit: Option<String> = Deserialize::deserialize(deserializer)?;
    Ok(commit.map_or(BranchTarget::Deleted, BranchTarget::Commit))
}

impl Simulation {
    /// Moves a branch, says so unless told otherwise, and waits for the answers as long as GitHub would.
    pub async fn move_branch(
        self: &Arc<Self>,
        branch: &str,
        request: MoveBranch,
    ) -> Result<BranchMoved> {
        let repo = self.repository(request.repository.as_deref())?;
        let after = target(&repo, branch, &request.to).await?;
        let (repo, before) =
            self.set_head(&repo.full_name, branch, after.clone(), request.visible_after_ms)?;
        let zeros = "0".repeat(after.as_ref().or(before.as_ref()).map_or(40, String::len));
        let mut moved = BranchMoved {
            before: before.clone().unwrap_or_else(|| zeros.clone()),
            after: after.clone().unwrap_or(zeros),
            deliveries: Vec::new(),
        };
        if request.deliver {
            let push =
                Push { repo: &repo, branch, before: before.as_deref(), after: after.as_deref() };
            let payload = push.payload(&moved, request.forced).await?;
            let delivery = Deliver {
                event: "push".to_owned(),
                payload,
                repository: Some(repo.full_name.clone()),
                delivery_id: request.delivery_id,
                hook_id: request.hook_id,
                delay_ms: request.delay_ms,
                copies: request.copies,
            };
            moved.deliveries = self.deliver(delivery).await?;
        }
        Ok(moved)
    }

    fn set_head(
        &self,
        full_name: &str,
        branch: &str,
        after: Option<String>,
        lag_ms: u64,
    ) -> Result<(Repository, Option<String>)> {
        let mut state = self.state();
        let repo = state.named(Some(full_name)).context("the repository was renamed meanwhile")?;
        let head = repo.heads.entry(branch.to_owned()).or_insert(Head { sha: None, lagging: None });
        let shown = head.visible().map(str::to_owned);
        let before = std::mem::replace(&mut head.sha, after);
        head.lagging =
            (lag_ms > 0).then(|| (shown, Instant::now() + Duration::from_millis(lag_ms)));
        repo.pushed_at = now();
        Ok((repo.clone(), before))
    }
}

async fn target(repo: &Repository, branch: &str, to: &BranchTarget) -> Result<Option<String>> {
    match to {
        BranchTarget::Deleted => Ok(None),
        BranchTarget::AsOnDisk => {
            repo.objects.resolve(&format!("refs/heads/{branch}"), "commit").await
        }
        BranchTarget::Commit(name) => {
            let commit = repo.objects.resolve(name, "commit").await?;
            commit.with_context(|| format!("{name:?} is no commit of {}", repo.full_name)).map(Some)
        }
    }
}

struct Push<'a> {
    repo: &'a Repository,
    branch: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl Push<'_> {
    async fn payload(&self, moved: &BranchMoved, forced: Option<bool>) -> Result<Value> {
        let (repo, objects) = (self.repo, &self.repo.objects);
        let mut commits = Vec::new();
        let mut head_commit = Value::Null;
        if let Some(after) = self.after {
            let commit = |commit: &Commit| payload::commit(commit, repo);
            let new = objects.commits(after, &self.known(), COMMITS_MAX).await?;
            commits = new.iter().map(commit).collect();
            let head = objects.commits(after, &[format!("{after}^@")], 1).await?;
            head_commit = head.last().map_or(Value::Null, commit);
        }
        let forced = match (forced, self.before, self.after) {
            (Some(forced), ..) => forced,
            (None, Some(before), Some(after)) => !objects.is_ancestor(before, after).await?,
            (None, ..) => false,
        };
        let url = format!("https://github.com/{}/compare", repo.full_name);
        let short = |sha: &str| sha.chars().take(12).collect::<String>();
        Ok(json!({
            "ref": format!("refs/heads/{}", self.branch),
            "before": moved.before,
            "after": moved.after,
            "repository": payload::pushed_repository(repo),
            "pusher": { "name": repo.owner(), "email": format!("{}@users.noreply.github.com", repo.owner()) },
            "created": self.before.is_none(),
            "deleted": self.after.is_none(),
            "forced": forced,
            "base_ref": null,
            "compare": match self.before {
                Some(_) => format!("{url}/{}...{}", short(&moved.before), short(&moved.after)),
                None => format!("{url}/{}", self.branch),
            },
            "commits": commits,
            "head_commit": head_commit,
        }))
    }

    /// The commits that are no news: those of the branch so far, and for a new branch those of all others.
    fn known(&self) -> Vec<String> {
        if let Some(before) = self.before {
            return vec![before.to_owned()];
        }
        let others = self.repo.heads.iter().filter(|(name, _)| *name != self.branch);
        others.filter_map(|(_, head)| head.sha.clone()).collect()
    }
}
