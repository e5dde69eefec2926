//! A private `PostgreSQL`.

mod cluster;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::find::PostgresTools;
use super::place::{self, StepDown};
use super::process::{Process, tail};
use super::{ports, secrets};

/// The superuser, who owns the database of the same name.
const OWNER: &str = "hookyard";
/// A first start recovers from a crash when the last end was one.
const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const CONNECT_POLL: Duration = Duration::from_millis(50);

/// Whether a commit survives a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    On,
    /// Only for tests, which lose their data anyway: a crash of the machine may lose or break everything.
    Off,
}

/// How `PostgreSQL` is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Open transactions are rolled back, everything is written.
    Fast,
    /// Nothing is written: the next start recovers from the log, as after a crash.
    Immediate,
}

#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// The folder of everything that belongs to this server; kept, and found again by the next start.
    pub dir: PathBuf,
    pub durability: Durability,
    pub shared_buffers_mb: u32,
    pub tools: PostgresTools,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Saved {
    port: u16,
    password: String,
}

/// A running private server; ended on drop.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    data: PathBuf,
    saved: Saved,
    process: Process,
}

impl Postgres {
    /// Starts the server of `config.dir`, which is made if it is not there yet. One that was left running
    /// there is ended first.
    pub async fn start(config: PostgresConfig) -> Result<Self> {
        place::passable_dir(&config.dir)?;
        Self::end(&config.dir).await?;
        let user = StepDown::for_postgres()?;
        let home = place::owned_dir(&config.dir.join("cluster"), user)?;
        let data = home.join("data");
        let saved = match secrets::read_json::<Saved>(&saved_path(&config.dir))? {
            Some(saved) if data.join("PG_VERSION").is_file() => {
                Saved { port: ports::keep_or_find(saved.port)?, ..saved }
            }
            _ => {
                let [port] = ports::free()?;
                let saved = Saved { port, password: secrets::password() };
                cluster::initdb(&config, user, &home, &saved).await?;
                saved
            }
        };
        secrets::write_json(&saved_path(&config.dir), &saved)?;
        let process = launch(&config.tools.bin, &config.dir, &data, saved.port)?;
        let mut server = Self { bin: config.tools.bin, dir: config.dir, data, saved, process };
        server.ready().await?;
        server.create_database(OWNER).await?;
        Ok(server)
    }

    /// Ends the server that was left running in `dir`, if one was.
    pub async fn end(dir: &Path) -> Result<()> {
        match Process::adopt("postgres", &log(dir), &record(dir)) {
            Some(mut left) => left.stop(Signal::SIGINT, STOP_LIMIT).await.map(drop),
            None => Ok(()),
        }
    }

    /// Removes everything in the folder of an ended server, wherever it lies.
    pub fn remove(dir: &Path) -> Result<()> {
        place::remove_dir(&dir.join("cluster"))?;
        place::remove_dir(dir)
    }

    /// The server that runs in `dir`, if one does; it outlives this value.
    pub fn adopt(dir: &Path, tools: &PostgresTools) -> Result<Option<Self>> {
        let Some(saved) = secrets::read_json(&saved_path(dir))? else { return Ok(None) };
        let Some(process) = Process::adopt("postgres", &log(dir), &record(dir)) else {
            return Ok(None);
        };
        let data = fs::canonicalize(dir.join("cluster"))?.join("data");
        Ok(Some(Self { bin: tools.bin.clone(), dir: dir.to_owned(), data, saved, process }))
    }

    /// The owner's URL, with the password.
    pub fn url(&self) -> String {
        self.url_of(OWNER, &self.saved.password, OWNER)
    }

    /// The URL of another role or database.
    pub fn url_of(&self, role: &str, password: &str, database: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.saved.port)
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.saved.port).into()
    }

    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// Lets the server outlive this value.
    pub fn detach(&mut self) {
        self.process.detach();
    }

    pub async fn stop(&mut self, mode: Mode) -> Result<()> {
        let signal = match mode {
            Mode::Fast => Signal::SIGINT,
            Mode::Immediate => Signal::SIGQUIT,
        };
        self.process.stop(signal, STOP_LIMIT).await.map(drop)
    }

    /// `SIGKILL` to the server and all its children.
    pub async fn kill9(&mut self) -> Result<()> {
        self.process.kill9().await
    }

    /// Starts the ended server again: same port, same data.
    pub async fn start_again(&mut self) -> Result<()> {
        self.process = launch(&self.bin, &self.dir, &self.data, self.saved.port)?;
        self.ready().await
    }

    /// Makes the database `name`, if it is not there yet; the owner's URL of it.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        let client = self.connect("postgres").await?;
        if client
            .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
            .await?
            .is_none()
        {
            client.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        }
        Ok(self.url_of(OWNER, &self.saved.password, name))
    }

    /// Connects as the owner to `database`, which tells whether the server is ready as well.
    async fn connect(
        &self,
        database: &str,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        connect(&self.url_of(OWNER, &self.saved.password, database)).await
    }

    async fn ready(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            self.process.check()?;
            let Err(error) = self.connect("postgres").await else { return Ok(()) };
            if started.elapsed() > START_LIMIT {
                let end = tail(self.log(), 30);
                return Err(error).with_context(|| {
                    format!("PostgreSQL is not ready after {START_LIMIT:?}:\n{end}")
                });
            }
            tokio::time::sleep(CONNECT_POLL).await;
        }
    }
}

/// A connection whose other half runs on this runtime until the client is dropped.
pub(crate) async fn connect(url: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "ends by itself with its client, so nobody has to wait for it"
    )]
    let _running = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!("a connection to PostgreSQL ended: {error}");
        }
    });
    Ok(client)
}

fn saved_path(dir: &Path) -> PathBuf {
    dir.join("postgres.json")
}

fn record(dir: &Path) -> PathBuf {
    dir.join("postgres.pid")
}

fn log(dir: &Path) -> PathBuf {
    dir.join("postgres.log")
}

fn launch(bin: &Path, dir: &Path, data: &Path, port: u16) -> Result<Process> {
    let mut command = Command::new(bin.join("postgres"));
    command
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string()])
        .current_dir(data.parent().context("the data folder has a parent")?);
    cluster::neutral(&mut command);
    if let Some(user) = StepDown::for_postgres()? {
        user.apply(&mut command);
    }
    Process::spawn("postgres", command, &log(dir), &record(dir))
}
