//! What is to be broken: two private servers, two ingresses, seven workers, a simulated GitHub, some targets.

use std::path::Path;

use anyhow::{Context as _, Result};
use hookyard_testkit::gateway::{Gateway, OwnServers, Worker, sample};
use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::MoveBranch;
use hookyard_testkit::servers::install::Tools;
use hookyard_testkit::servers::{Durability, Postgres, secrets};

use super::outbound::Outbound;
use crate::servers::Servers;

pub(super) const INGRESSES: usize = 2;
/// Workers of `syncs`; those of `deliveries` and of `events` follow.
pub(super) const SYNC_WORKERS: usize = 2;
pub(super) const DELIVERY_WORKERS: usize = 2;
pub(super) const EVENT_WORKERS: usize = 3;
pub(super) const WORKERS: usize = SYNC_WORKERS + DELIVERY_WORKERS + EVENT_WORKERS;
pub(super) const FIRST_EVENT_WORKER: usize = SYNC_WORKERS + DELIVERY_WORKERS;
/// Branches that are tracked, a target each.
pub(super) const BRANCHES: [&str; 6] = ["main", "one", "two", "three", "four", "five"];
/// Repositories that nobody reads, by their ids: what happens to one is written down for its one target.
pub(super) const LEDGERS: std::ops::Range<i64> = 9_100..9_116;
/// Commits that the branches move between.
const COMMITS: usize = 40;
const MAPPINGS: [(&str, &str); 2] = [("skills/**", "skill"), ("agents/**", "agent")];

pub(super) struct House {
    pub(super) gateway: Gateway,
    pub(super) servers: Servers,
    pub(super) outbound: Outbound,
}

impl House {
    pub(super) async fn start(dir: &Path, binaries: &Path, tools: &Tools) -> Result<Self> {
        // The counts are of this run alone.
        Postgres::end(&dir.join("postgres")).await?;
        Postgres::remove(&dir.join("postgres"))?;
        let servers = Servers::start(dir, Durability::On, tools).await?;
        let own = OwnServers {
            database_url: servers.postgres.url(),
            amqp_url: servers.rabbitmq.url(),
            role_password: secrets::password(),
        };
        let mut builder = Gateway::builder()
            .servers(own)
            .binaries(binaries)
            .proxied()
            .ingresses(INGRESSES)
            // Longer than the sender takes to notice, and keeps a connection that it does not use.
            .ingress_env("HOOKYARD_FAREWELL_MS", "3000")
            .repository(sample)
            .mappings(&MAPPINGS)
            .may_leave_jobs();
        for n in 0..WORKERS {
            let queue = match n {
                0..SYNC_WORKERS => "syncs",
                SYNC_WORKERS..FIRST_EVENT_WORKER => "deliveries",
                _ => "events",
            };
            let worker = Worker::default().queues(queue).env("HOOKYARD_SWEEP_MS", "500");
            builder = builder.worker(worker.env("HOOKYARD_GUARD_PERCENT", "100"));
        }
        let gateway = builder.start().await;
        let outbound = Outbound::build(&gateway).await?;
        let house = Self { gateway, servers, outbound };
        house.track_branches().await?;
        house.gateway.idle().await;
        Ok(house)
    }

    async fn track_branches(&self) -> Result<()> {
        let instance = self.gateway.seeds().instance.as_str();
        for branch in BRANCHES.iter().filter(|branch| **branch != "main") {
            let to = MoveBranch::to("main").silently();
            self.gateway.github().move_branch(branch, to).await?;
            let id = hookyard_testkit::gateway::REPOSITORY_ID.to_string();
            let target =
                self.add_target(instance, hookyard_testkit::gateway::REPOSITORY, &id, branch).await;
            for (selector, object_type) in MAPPINGS {
                let args = ["connector", "mapping", "add", "--target", &target];
                let what = ["--selector", selector, "--object-type", object_type];
                self.gateway.admin().json(&[&args[..], &what].concat()).await;
            }
        }
        for id in LEDGERS {
            self.add_target(instance, &ledger_name(id), &id.to_string(), "main").await;
        }
        Ok(())
    }

    async fn add_target(&self, instance: &str, repository: &str, id: &str, branch: &str) -> String {
        let args = ["connector", "target", "add", "--instance", instance, "--branch", branch];
        let named = ["--repository", repository, "--repository-id", id];
        self.gateway.admin().create(&[&args[..], &named].concat()).await
    }

    /// Ends everything in good order.
    pub(super) async fn end(self) -> Result<()> {
        self.gateway.finish().await;
        let Servers { mut postgres, mut rabbitmq } = self.servers;
        rabbitmq.stop().await.context("RabbitMQ does not stop")?;
        postgres.stop(hookyard_testkit::servers::postgres::Mode::Fast).await
    }
}

/// The name of a repository that nobody reads.
pub(super) fn ledger_name(id: i64) -> String {
    format!("octo-org/ledger-{id}")
}

/// Commits that differ in a file or two each, in no branch yet.
pub(super) fn commits(repo: &mut GitRepo) -> Result<Vec<String>> {
    let head = repo.head()?.context("the repository has a first commit")?;
    let mut commits = Vec::new();
    for n in 0..COMMITS {
        repo.write(format!("skills/{}/SKILL.md", n % 7), format!("# Skill {n}\n"));
        match n % 5 {
            0 => repo.write(format!("agents/{n}.md"), format!("# Agent {n}\n")),
            4 => repo.remove(format!("agents/{}.md", n - 4)),
            _ => repo.write("README.md", format!("{n}\n")),
        };
        commits.push(repo.commit(&format!("change {n}"))?);
    }
    repo.reset(&head)?;
    Ok(commits)
}
