//! The steady load: pushes of real and of made-up heads, and events of a repository's life.

use std::convert::Infallible;
use std::iter::Cycle;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hookyard_testkit::gateway::{Gateway, GithubCall};
use hookyard_testkit::github_sim::MoveBranch;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::deliver::{Door, Sockets, deliver};
use super::house::{BRANCHES, INGRESSES, LEDGERS, commits, ledger_name};
use super::ledger::{Entry, Kind, Ledger};
use super::mishap::Mishap;

/// Between two calls: 200 a second.
const PERIOD: Duration = Duration::from_millis(5);
/// How often the ingresses are asked whether they are ready.
const WATCH_EVERY: Duration = Duration::from_millis(200);
/// Every so many calls a branch really moves.
const MOVE_EVERY: usize = 40;
/// Every so many calls tells of a repository that nobody reads.
const LIFECYCLE_EVERY: usize = 10;

/// Makes calls, each with an id and a body of its own.
pub(super) struct Load {
    commits: Vec<String>,
    doors: Vec<Door>,
    ledgers: Cycle<Range<i64>>,
    sockets: Sockets,
    sent: usize,
}

impl Load {
    pub(super) fn new(gateway: &Gateway) -> Self {
        let commits = commits(&mut gateway.repo()).expect("commits can be made");
        let doors = (0..INGRESSES).map(|n| Door::new(gateway.caller_of(n).clone())).collect();
        Self { commits, doors, ledgers: LEDGERS.cycle(), sockets: Sockets::default(), sent: 0 }
    }

    /// Sends calls until `calm`, and then waits until each of them is answered.
    pub(super) async fn run(
        &mut self,
        gateway: &Gateway,
        mishap: Mishap,
        ledger: &Ledger,
        calm: &CancellationToken,
    ) -> Result<()> {
        let watch = watch(gateway, self.doors.clone());
        tokio::select! {
            sent = self.send(gateway, mishap, ledger, calm) => sent,
            never = watch => match never {},
        }
    }

    async fn send(
        &mut self,
        gateway: &Gateway,
        mishap: Mishap,
        ledger: &Ledger,
        calm: &CancellationToken,
    ) -> Result<()> {
        let mut clock = tokio::time::interval(PERIOD);
        let mut calls = JoinSet::new();
        while calm.run_until_cancelled(clock.tick()).await.is_some() {
            let (kind, call) = self.next(gateway).await?;
            let delivery_id = format!("chaos-{}", self.sent);
            let call = call.delivery(&delivery_id).sign();
            let mut doors = self.doors.clone();
            doors.rotate_left(self.sent % INGRESSES);
            let sockets = self.sockets.clone();
            calls.spawn(async move { (delivery_id, kind, deliver(call, doors, sockets).await) });
            while let Some(done) = calls.try_join_next() {
                write_down(ledger, mishap, done?);
            }
        }
        while let Some(done) = calls.join_next().await {
            write_down(ledger, mishap, done?);
        }
        Ok(())
    }

    async fn next(&mut self, gateway: &Gateway) -> Result<(Kind, GithubCall)> {
        self.sent += 1;
        let n = self.sent;
        if n.is_multiple_of(LIFECYCLE_EVERY) {
            let id = self.ledgers.next().expect("they come round again");
            let action = if n.is_multiple_of(2) { "archived" } else { "unarchived" };
            let repository = json!({ "id": id, "full_name": ledger_name(id), "size": n });
            let payload = json!({ "action": action, "repository": repository });
            return Ok((Kind::Lifecycle, gateway.github_event("repository", payload)));
        }
        let branch = BRANCHES[n % BRANCHES.len()];
        // GitHub stamps each push; without that, two of the same commits would be one and its replay.
        let push =
            gateway.github_push().edit(|payload| payload["repository"]["pushed_at"] = json!(n));
        let push = push.git_ref(&format!("refs/heads/{branch}"));
        if !n.is_multiple_of(MOVE_EVERY) {
            return Ok((Kind::Push, push));
        }
        let commit = self.commits[n / MOVE_EVERY % self.commits.len()].clone();
        let moved = gateway.github().move_branch(branch, MoveBranch::to(commit).silently()).await?;
        Ok((Kind::Push, push.before(&moved.before).after(&moved.after)))
    }
}

/// Looks after the ingresses, as a balancer does.
async fn watch(gateway: &Gateway, doors: Vec<Door>) -> Infallible {
    loop {
        for (n, door) in doors.iter().enumerate() {
            door.look(gateway.ingress_at(n)).await;
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

fn write_down(
    ledger: &Ledger,
    mishap: Mishap,
    (delivery_id, kind, delivered): (String, Kind, super::deliver::Delivered),
) {
    ledger.add(Entry {
        mishap,
        delivery_id,
        kind,
        refused: delivered.refused,
        accepted: delivered.accepted,
    });
}

/// The commit that a branch of the simulated GitHub points at.
pub(super) fn head(gateway: &Gateway, branch: &str) -> Result<String> {
    gateway.github().head(branch).with_context(|| format!("{branch} is a branch"))
}
