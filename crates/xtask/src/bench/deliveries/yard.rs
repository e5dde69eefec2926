//! Workspaces with receivers.

use std::time::{Duration, Instant};

use anyhow::Result;
use hookyard_testkit::receiver_sim::{
    AnswerKind, ProgrammedAnswer, ReceiverSim, ReceiverSimConfig,
};
use hookyard_testkit::servers::wait;

use crate::bench::house::House;
use crate::bench::member::Member;
use crate::say;

/// Workspaces that share the healthy receivers.
pub(super) const WORKSPACES: u32 = 100;
/// Nobody listens there; deliveries need no GitHub.
pub(super) const NO_GITHUB: &str = "http://127.0.0.1:9";
/// The places of the one receiver that is measured alone.
const ALONE_CONCURRENCY: &str = "256";
/// How long the receiver of the backlog takes to answer, in milliseconds.
const BACKLOG_ANSWER_MS: u64 = 20;

/// Receivers by what they are for; the names of their connections begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Many, spread over the workspaces.
    Healthy,
    /// One with many places.
    Alone,
    /// One that takes every request and answers none.
    Hanging,
    /// One whose workspace has a backlog.
    Backlog,
    /// One that gets what is published.
    Published,
}

impl Group {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Alone => "alone",
            Self::Hanging => "hanging",
            Self::Backlog => "backlog",
            Self::Published => "published",
        }
    }

    /// A condition on a `connection` that picks this group.
    pub(super) fn condition(self) -> String {
        format!("connection.name like '{}-%'", self.name())
    }

    /// The same for a column that holds a connection's id.
    pub(super) fn of(self, column: &str) -> String {
        format!("{column} in (select id from connection where {})", self.condition())
    }
}

/// What all measurements share.
pub(super) struct Yard<'a> {
    pub(super) house: &'a House,
    pub(super) receiver: ReceiverSim,
}

impl<'a> Yard<'a> {
    /// Connects `healthy` receivers and the special ones, as an operator does.
    pub(super) async fn build(house: &'a House, healthy: u32) -> Result<Self> {
        say::step(&format!("Connecting {healthy} receivers in {WORKSPACES} workspaces"));
        let receiver = ReceiverSim::start(ReceiverSimConfig::default()).await?;
        let counted = ProgrammedAnswer { record: false, ..ProgrammedAnswer::default() };
        for group in [Group::Healthy, Group::Alone] {
            receiver.answer(&format!("/{}-*", group.name()), vec![counted.clone()])?;
        }
        let slow = counted.after_ms(BACKLOG_ANSWER_MS);
        receiver.answer(&format!("/{}-*", Group::Backlog.name()), vec![slow])?;
        let yard = Self { house, receiver };
        for n in 0..WORKSPACES {
            yard.add_workspace(&workspace(n)).await?;
        }
        for n in 0..healthy {
            yard.connect(Group::Healthy, n, &workspace(n % WORKSPACES), &[]).await?;
        }
        yard.add_workspace("published").await?;
        yard.add_workspace("backlog").await?;
        let alone = ["--concurrency", ALONE_CONCURRENCY];
        yard.connect(Group::Alone, 0, &workspace(0), &alone).await?;
        yard.connect(Group::Hanging, 0, &workspace(0), &[]).await?;
        yard.connect(Group::Backlog, 0, "backlog", &[]).await?;
        yard.connect(Group::Published, 0, "published", &[]).await?;
        // It passed its test first.
        let hangs = ProgrammedAnswer { record: false, ..ProgrammedAnswer::kind(AnswerKind::Hang) };
        yard.receiver.answer(&format!("/{}-*", Group::Hanging.name()), vec![hangs])?;
        Ok(yard)
    }

    async fn add_workspace(&self, slug: &str) -> Result<()> {
        let args = ["workspace", "create", slug, "--name", slug, "--plan", "professional"];
        self.house.admin.create(&args, None).await.map(drop)
    }

    async fn connect(&self, group: Group, n: u32, workspace: &str, more: &[&str]) -> Result<()> {
        let name = format!("{}-{n}", group.name());
        let url = self.receiver.url_of(&format!("/{name}"));
        let args = ["connection", "connect", "--workspace", workspace, "--kind", "webhook"];
        let args = [&args[..], &["--name", &name, "--url", &url], more].concat();
        self.house.admin.create(&args, None).await.map(drop)
    }

    /// A worker that sends and does nothing else.
    pub(super) async fn sender(&self) -> Result<Member> {
        self.house.worker("deliveries", NO_GITHUB).await
    }

    /// Forgets all events, jobs and deliveries, and what the receivers got.
    pub(super) async fn empty(&self) -> Result<()> {
        self.house.empty().await?;
        self.receiver.forget();
        Ok(())
    }

    /// The requests that a group's receivers got.
    pub(super) fn received(&self, group: Group) -> u64 {
        self.receiver.count_under(&format!("/{}-", group.name()))
    }

    /// Waits until a group has got so many requests and has no job left; false when it has not within `limit`.
    pub(super) async fn until_done(
        &self,
        group: Group,
        count: u32,
        limit: Duration,
    ) -> Result<bool> {
        const POLL: Duration = Duration::from_millis(50);
        // The database is asked when there is little left to count, not while it works.
        let begun = Instant::now();
        if !wait::until(limit, || self.received(group) >= u64::from(count)).await {
            return Ok(false);
        }
        let left = format!("select count(*) from job where {}", group.of("lane_id"));
        while self.house.count(&left).await? > 0 {
            if begun.elapsed() > limit {
                return Ok(false);
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(true)
    }
}

fn workspace(n: u32) -> String {
    format!("bench-{n}")
}
