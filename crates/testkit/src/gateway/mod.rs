//! A whole Hookyard of its own for one test: real processes, a fresh database, queues of its own, and, where a
//! repository is wanted, a simulated GitHub.
//!
//! ```no_run
//! # async fn example() {
//! use hookyard_testkit::gateway::{Gateway, Worker, sample};
//!
//! let gateway = Gateway::builder().repository(sample).worker(Worker::default()).start().await;
//! let answer = gateway.post(gateway.github_push()).await;
//! assert_eq!(answer.status, 202);
//! gateway.idle().await;
//! gateway.finish().await;
//! # }
//! ```
//!
//! Like every helper of tests it panics where something is not as it must be. What it does not panic about at once
//! it finds in [`Gateway::finish`], which every test calls last: unfinished jobs, panics in a log, and processes that
//! ended by themselves. After a failure the logs stay where the test says they are.

mod admin;
mod answer;
mod builder;
mod call;
mod caller;
mod database;
mod event_call;
mod finish;
mod github_call;
mod linear_call;
mod member;
mod place;
mod queues;
mod raw;
mod seeds;
mod start;
mod wait;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use admin::Admin;
pub use answer::Answer;
pub use builder::{GatewayBuilder, OwnServers, Worker, sample};
pub use call::Call;
pub use caller::Caller;
pub use database::Database;
pub use event_call::{EventCall, plant_token};
pub use github_call::GithubCall;
pub use linear_call::LinearCall;
pub use member::{Attempt, Member};
pub use raw::RawConnection;
pub use seeds::{BRANCH, INSTALLATION_ID, REPOSITORY, REPOSITORY_ID, Seeds, WORKSPACE};
pub use wait::{PATIENCE, until};

pub(crate) use caller::client;
pub(crate) use wait::holds;

use crate::git::GitRepo;
use crate::github_sim::{BranchMoved, GithubSim, MoveBranch};
use crate::proxy::Proxy;
use place::Place;

/// The path of the deployment's GitHub source.
pub const GITHUB_PATH: &str = "/v1/webhooks/connectors/github";
/// The path of the deployment's Linear source.
pub const LINEAR_PATH: &str = "/v1/webhooks/connectors/linear";

/// A running Hookyard. Everything takes `&self`, so that load and mishaps can go on at once.
pub struct Gateway {
    // Ended in this order when a test fails.
    ingresses: Vec<Member>,
    workers: Vec<Member>,
    console: Option<Member>,
    github: Option<GithubSim>,
    repo: Option<Mutex<GitRepo>>,
    callers: Vec<Caller>,
    admin: Admin,
    seeds: Seeds,
    database_proxy: Option<Proxy>,
    broker_proxy: Option<Proxy>,
    place: Place,
    database: Database,
    queue_prefix: String,
    /// Logs, keys and the repository.
    dir: Option<tempfile::TempDir>,
    may_leave_jobs: bool,
}

impl Gateway {
    /// What a test may choose; [`GatewayBuilder::start`] ends it.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::default()
    }

    /// One ingress with both connector sources and a connected target, and no worker: jobs stay where they are.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// The first ingress.
    pub fn ingress(&self) -> &Member {
        self.ingress_at(0)
    }

    pub fn ingress_at(&self, n: usize) -> &Member {
        self.ingresses.get(n).expect("so many ingress processes were asked for")
    }

    /// The `n`-th worker, in the order in which the builder was told.
    pub fn worker(&self, n: usize) -> &Member {
        self.workers.get(n).expect("so many workers were asked for")
    }

    /// API and console, if the builder was told [`GatewayBuilder::console`].
    pub fn console(&self) -> &Member {
        self.console.as_ref().expect("the console was asked for")
    }

    /// `hookyard-admin` with this gateway's settings.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The ids of what was set up.
    pub fn seeds(&self) -> &Seeds {
        &self.seeds
    }

    /// The database as its owner.
    pub fn db(&self) -> &Database {
        &self.database
    }

    /// The database as one of the processes' roles, such as `hookyard_ingress`.
    pub fn db_as(&self, role: &str) -> Database {
        Database::new(self.place.role_url(role))
    }

    /// First part of the names of this gateway's queues and exchange.
    pub fn queue_prefix(&self) -> &str {
        &self.queue_prefix
    }

    /// The broker itself, past any proxy.
    pub fn amqp_url(&self) -> &str {
        &self.place.amqp_url
    }

    /// What all processes reach the database through, if the builder was told [`GatewayBuilder::proxied`].
    pub fn database_proxy(&self) -> &Proxy {
        self.database_proxy.as_ref().expect("a proxy was asked for")
    }

    /// What all processes reach the broker through, if the builder was told [`GatewayBuilder::proxied`].
    pub fn broker_proxy(&self) -> &Proxy {
        self.broker_proxy.as_ref().expect("a proxy was asked for")
    }

    /// The simulated GitHub.
    pub fn github(&self) -> &GithubSim {
        self.github.as_ref().expect("a repository was asked for")
    }

    /// The repository that the simulated GitHub serves. Its commits are seen when [`Gateway::push`] or
    /// [`crate::github_sim::Simulation::move_branch`] moves the branch.
    pub fn repo(&self) -> MutexGuard<'_, GitRepo> {
        let repo = self.repo.as_ref().expect("a repository was asked for");
        repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits what `change` stages and pushes it to the tracked branch, with a signed delivery.
    pub async fn push(&self, change: impl FnOnce(&mut GitRepo)) -> BranchMoved {
        let commit = {
            let mut repo = self.repo();
            change(&mut repo);
            repo.commit("a change").expect("the change can be committed")
        };
        let moved = self.github().move_branch(BRANCH, MoveBranch::to(commit)).await;
        moved.expect("the branch can be moved")
    }

    /// The folder of the logs.
    pub fn logs(&self) -> &Path {
        self.dir.as_ref().expect("kept until the end").path()
    }

    /// Sends calls to the first ingress; cheap to clone into tasks.
    pub fn caller(&self) -> &Caller {
        self.caller_of(0)
    }

    /// Sends calls to the `n`-th ingress.
    pub fn caller_of(&self, n: usize) -> &Caller {
        self.callers.get(n).expect("so many ingress processes were asked for")
    }

    /// Posts a call to the first ingress.
    pub async fn post(&self, call: impl Into<Call>) -> Answer {
        self.caller().post(call).await
    }

    /// Sends these bytes over a connection of their own and reads one answer; none if the connection is closed
    /// without one.
    pub async fn raw(&self, bytes: &[u8]) -> Option<Answer> {
        let mut connection = self.connect().await;
        connection.send(bytes).await;
        connection.answer().await
    }

    /// A connection to the first ingress that sends what it is told.
    pub async fn connect(&self) -> RawConnection {
        RawConnection::open(self.ingress().address()).await
    }

    /// A signed push to the tracked branch, with a delivery id and a head of its own.
    pub fn github_push(&self) -> GithubCall {
        GithubCall::push(&self.seeds)
    }

    /// A signed call of any other event; `installation` is added where it is missing.
    pub fn github_event(&self, event: &str, payload: serde_json::Value) -> GithubCall {
        GithubCall::event(&self.seeds, event, payload)
    }

    /// A signed, fresh call of Linear.
    pub fn linear_issue(&self) -> LinearCall {
        LinearCall::issue(&self.seeds)
    }

    /// Waits until no job is left.
    pub async fn idle(&self) {
        self.no_job("state <> ''").await;
    }

    /// Waits until no job is left but those that wait for their time.
    pub async fn idle_but_scheduled(&self) {
        self.no_job("state <> 'scheduled'").await;
    }

    async fn no_job(&self, which: &str) {
        let sql = format!("select count(*) from job where {which}");
        let idle = async || self.database.try_count(&sql).await.is_ok_and(|jobs| jobs == 0);
        if !holds(PATIENCE, idle).await {
            let jobs = self.database.rows("select * from job limit 10").await;
            panic!("after {PATIENCE:?} there are unfinished jobs: {jobs:#?}");
        }
    }
}
