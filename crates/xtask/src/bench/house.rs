//! What a benchmark runs against: private servers whose commits are durable, and release builds of the processes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hookyard_store::{Store, StoreSettings};
use hookyard_testkit::servers::install::Tools;
use hookyard_testkit::servers::process::Process;
use hookyard_testkit::servers::{Durability, Postgres, RabbitMq, place, ports, secrets};
use nix::sys::signal::Signal;
use rand::RngExt as _;
use secrecy::SecretString;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};
use tokio_util::task::TaskTracker;

use super::member::{Member, STOP_LIMIT};
use crate::admin::Admin;
use crate::cargo::{self, Profile};
use crate::say;
use crate::servers::Servers;

pub(super) const GITHUB_PATH: &str = "/v1/webhooks/connectors/github";
pub(super) const BRANCH: &str = "main";
pub(super) const HOOK_ID: u64 = 700_001;
pub(super) const INSTALLATION_ID: i64 = 20_002;
pub(super) const REPOSITORY_ID: i64 = 300_003;
pub(super) const REPOSITORY: &str = "Codertocat/Hello-World";
const WORKSPACE: &str = "bench";
const DATABASE: &str = "hookyard";
const KEY_BYTES: usize = 32;
/// Where the receivers of a benchmark listen.
const LOOPBACK: &str = "127.0.0.0/8";

/// Servers, secrets and set-up of one benchmark; gone with it.
pub(super) struct House {
    dir: PathBuf,
    binaries: PathBuf,
    pub(super) servers: Servers,
    /// A connection of the database's owner.
    pub(super) owner: Client,
    pub(super) admin: Admin,
    pub(super) github_secret: String,
    role_password: String,
    source_keys: String,
    vault_keys: String,
}

/// What a house stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Fresh,
    /// The servers and the data of a run before.
    Kept,
}

/// What [`House::track`] made.
pub(super) struct Tracked {
    pub(super) instance: String,
    pub(super) target: String,
}

impl House {
    /// Builds the processes unless `binaries` holds them, starts servers in `dir` and makes what every benchmark needs.
    pub(super) async fn start(
        dir: &Path,
        ground: Ground,
        binaries: Option<PathBuf>,
        tools: &Tools,
    ) -> Result<Self> {
        let binaries = if let Some(built) = binaries {
            std::path::absolute(built)?
        } else {
            say::step("Building the processes with optimisation");
            cargo::build_binaries(Profile::Release).await?
        };
        match ground {
            Ground::Fresh => {
                say::step("Starting fresh servers");
                Self::remove(dir).await?;
            }
            Ground::Kept => {
                say::step("Starting the servers that were kept");
                Self::end(dir).await?;
            }
        }
        place::passable_dir(dir)?;
        place::private_dir(&work(dir))?;
        let servers = Servers::start(dir, Durability::On, tools).await?;
        let role_password = secrets::password();
        let mut house = Self {
            dir: dir.to_owned(),
            owner: connect(&servers.postgres.url()).await?,
            admin: Admin { program: binaries.join("hookyard-admin"), environment: Vec::new() },
            binaries,
            servers,
            github_secret: secrets::password(),
            role_password,
            source_keys: key_ring("source"),
            vault_keys: key_ring("vault"),
        };
        house.migrate().await?;
        if ground == Ground::Fresh {
            house.set_up().await?;
        }
        Ok(house)
    }

    /// Ends what was left running in `dir` and removes everything there.
    pub(super) async fn remove(dir: &Path) -> Result<()> {
        Self::end(dir).await?;
        Postgres::remove(&dir.join("postgres"))?;
        place::remove_dir(&dir.join("rabbitmq"))?;
        place::remove_dir(&work(dir))
    }

    /// Ends what was left running in `dir`; its data stay.
    pub(super) async fn end(dir: &Path) -> Result<()> {
        let (postgres, rabbitmq) = (dir.join("postgres"), dir.join("rabbitmq"));
        for name in ["ingress", "worker"] {
            if let Some(mut left) = Process::adopt(name, &log(dir, name), &record(dir, name)) {
                left.stop(Signal::SIGKILL, STOP_LIMIT).await?;
            }
        }
        tokio::try_join!(Postgres::end(&postgres), RabbitMq::end(&rabbitmq))?;
        Ok(())
    }

    /// A folder for what a benchmark makes.
    pub(super) fn work(&self) -> PathBuf {
        work(&self.dir)
    }

    async fn migrate(&mut self) -> Result<()> {
        let password = &self.role_password;
        self.admin.environment = [
            ("HOOKYARD_DATABASE_URL", &self.servers.postgres.url()),
            ("HOOKYARD_AMQP_URL", &self.servers.rabbitmq.url()),
            ("HOOKYARD_INGRESS_DB_PASSWORD", password),
            ("HOOKYARD_WORKER_DB_PASSWORD", password),
            ("HOOKYARD_ADMIN_DB_PASSWORD", password),
            ("HOOKYARD_SOURCE_KEYS", &self.source_keys),
            ("HOOKYARD_VAULT_KEYS", &self.vault_keys),
            ("HOOKYARD_OUTBOUND_ALLOW", &LOOPBACK.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .to_vec();
        self.admin.run(&["migrate"]).await.map(drop)
    }

    async fn set_up(&self) -> Result<()> {
        self.admin.create(&["workspace", "create", WORKSPACE, "--name", "Bench"], None).await?;
        let source =
            ["source", "create", "--provider", "github", "--slug", "github", "--secret-stdin"];
        self.admin.create(&source, Some(&self.github_secret)).await?;
        self.owner.batch_execute("create extension if not exists pg_stat_statements").await.or_else(
            |error| {
                say::detail(&format!("PostgreSQL keeps no statistics of statements: {error}"));
                anyhow::Ok(())
            },
        )
    }

    /// Connects the installation and tracks the branch `main` of a repository.
    pub(super) async fn track(&self, repository: &str, repository_id: i64) -> Result<Tracked> {
        let installation = INSTALLATION_ID.to_string();
        let account = ["connector", "account", "add", "--workspace", WORKSPACE, "--login", "bench"];
        let account = [&account[..], &["--installation-id", &installation]].concat();
        let account = self.admin.create(&account, None).await?;
        let instance = ["connector", "instance", "add", "--account", &account, "--name", "Bench"];
        let instance = self.admin.create(&instance, None).await?;
        let target = self.add_target(&instance, repository, repository_id).await?;
        Ok(Tracked { instance, target })
    }

    /// Tracks the branch `main` of one more repository; the target's id.
    pub(super) async fn add_target(
        &self,
        instance: &str,
        repository: &str,
        repository_id: i64,
    ) -> Result<String> {
        let id = repository_id.to_string();
        let target =
            ["connector", "target", "add", "--instance", instance, "--repository", repository];
        let target = [&target[..], &["--repository-id", &id, "--branch", BRANCH]].concat();
        self.admin.create(&target, None).await
    }

    /// Maps everything below `skills/`, which queues a sync.
    pub(super) async fn map_skills(&self, target: &str) -> Result<()> {
        let args =
            ["connector", "mapping", "add", "--selector", "skills/**", "--object-type", "skill"];
        self.admin.create(&[&args[..], &["--target", target]].concat(), None).await.map(drop)
    }

    /// Queues a sync as an operator does.
    pub(super) async fn resync(&self, target: &str) -> Result<()> {
        self.admin.create(&["connector", "target", "resync", target], None).await.map(drop)
    }

    /// Starts an ingress on free ports and waits until it is ready.
    pub(super) async fn ingress(&self) -> Result<Member> {
        let [port, health] = ports::free()?;
        let mut command = self.command("hookyard-ingress", "hookyard_ingress", health);
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .env("HOOKYARD_SOURCE_KEYS", &self.source_keys);
        self.launch("ingress", command, port, health).await
    }

    /// Starts a worker and waits until it is ready; `github` is the URL of the REST API.
    pub(super) async fn worker(&self, queues: &str, github: &str) -> Result<Member> {
        let [health] = ports::free()?;
        let mut command = self.command("hookyard-worker", "hookyard_worker", health);
        command
            .args(["--queues", queues, "--github-api-url", github])
            .env("HOOKYARD_VAULT_KEYS", &self.vault_keys)
            .env("HOOKYARD_OUTBOUND_ALLOW", LOOPBACK);
        self.launch("worker", command, health, health).await
    }

    fn command(&self, binary: &str, role: &str, health: u16) -> Command {
        let mut command = Command::new(self.binaries.join(binary));
        // A shell that has read a stack's settings hands them down.
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("HOOKYARD_")) {
            command.env_remove(name);
        }
        command
            .args(["--health-listen", &format!("127.0.0.1:{health}"), "--log", "warn"])
            .env("HOOKYARD_DATABASE_URL", self.database_as(role))
            .env("HOOKYARD_AMQP_URL", self.servers.rabbitmq.url());
        command
    }

    async fn launch(
        &self,
        name: &'static str,
        command: Command,
        port: u16,
        health: u16,
    ) -> Result<Member> {
        let process =
            Process::spawn(name, command, &log(&self.dir, name), &record(&self.dir, name))?;
        Member::ready(name, process, port, health).await
    }

    fn database_as(&self, role: &str) -> String {
        self.servers.postgres.url_of(role, &self.role_password, DATABASE)
    }

    /// What a process of `role` uses to talk to the database.
    pub(super) fn store_settings(&self, role: &str) -> StoreSettings {
        StoreSettings::new(SecretString::from(self.database_as(role)), "hookyard-bench")
    }

    pub(super) fn store(&self, role: &str) -> Result<Store> {
        Ok(Store::new(&self.store_settings(role))?)
    }

    /// Empties the tables that calls fill, so that every measurement begins alike.
    pub(super) async fn empty(&self) -> Result<()> {
        const TRUNCATE: &str = "truncate event, dedupe, job, event_workspace, sync_event, sync_file, sync_attempt, dead_letter, delivery, attempt";
        // Autovacuum holds locks in an order of its own, and gives way the next time.
        while let Err(error) = self.owner.batch_execute(TRUNCATE).await {
            if error.code() != Some(&SqlState::T_R_DEADLOCK_DETECTED) {
                return Err(error.into());
            }
        }
        self.owner.batch_execute("checkpoint").await?;
        // Without this the plans would be made for the rows of the last measurement.
        Ok(self.owner.batch_execute("analyze event, dedupe, job, sync_event").await?)
    }

    /// A count of rows.
    pub(super) async fn count(&self, sql: &str) -> Result<i64> {
        Ok(self.owner.query_one(sql, &[]).await?.get(0))
    }
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends by itself with its client.
    TaskTracker::new().spawn(async move {
        if let Err(error) = connection.await {
            say::warning(&format!("the owner's connection: {error}"));
        }
    });
    Ok(client)
}

fn key_ring(id: &str) -> String {
    format!("{id}:{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; KEY_BYTES]>()))
}

fn work(dir: &Path) -> PathBuf {
    dir.join("work")
}

fn log(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.log"))
}

fn record(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.pid"))
}
