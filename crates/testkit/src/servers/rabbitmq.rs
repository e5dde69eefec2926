//! A private `RabbitMQ`: one node with its own Erlang port mapper, none of which leaves the loopback interface.

mod node;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;

use self::node::{Saved, environment, saved_path, write_files};
use super::find::RabbitTools;
use super::process::{Process, tail};
use super::{place, secrets, wait};

const USER: &str = "hookyard";
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const EPMD_LIMIT: Duration = Duration::from_secs(10);
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(2);
/// The first bytes of an AMQP 0-9-1 connection; a broker that is up answers with a method frame.
const PROTOCOL_HEADER: &[u8; 8] = b"AMQP\x00\x00\x09\x01";
const METHOD_FRAME: u8 = 1;

#[derive(Debug, Clone)]
pub struct RabbitMqConfig {
    /// The folder of everything that belongs to this node; kept, and found again by the next start.
    pub dir: PathBuf,
    pub tools: RabbitTools,
}

/// A running private node; ended on drop, together with its port mapper.
#[derive(Debug)]
pub struct RabbitMq {
    config: RabbitMqConfig,
    saved: Saved,
    // Dropped in this order: the node asks the port mapper until its end.
    process: Process,
    port_mapper: Process,
}

impl RabbitMq {
    /// Starts the node of `config.dir`, which is made if it is not there yet. One that was left running there
    /// is ended first.
    pub async fn start(config: RabbitMqConfig) -> Result<Self> {
        place::private_dir(&config.dir)?;
        let config = RabbitMqConfig { dir: fs::canonicalize(&config.dir)?, ..config };
        Self::end(&config.dir).await?;
        let saved = match secrets::read_json::<Saved>(&saved_path(&config.dir))? {
            Some(saved) => saved.on_free_ports()?,
            None => Saved::fresh()?,
        };
        write_files(&config.dir, &saved)?;
        let port_mapper = launch_port_mapper(&config, &saved).await?;
        let process = launch(&config, &saved)?;
        let mut server = Self { config, saved, process, port_mapper };
        server.ready().await?;
        Ok(server)
    }

    /// Ends the node that was left running in `dir`, if one was, and its port mapper, even if only that was left.
    pub async fn end(dir: &Path) -> Result<()> {
        for (name, signal) in [("rabbitmq", Signal::SIGTERM), ("epmd", Signal::SIGKILL)] {
            if let Some(mut left) = Process::adopt(name, &log(dir, name), &record(dir, name)) {
                left.stop(signal, STOP_LIMIT).await?;
            }
        }
        Ok(())
    }

    /// The node that runs in `dir`, if one does; it outlives this value.
    pub fn adopt(dir: &Path, tools: &RabbitTools) -> Result<Option<Self>> {
        let Some(saved) = secrets::read_json(&saved_path(dir))? else { return Ok(None) };
        let dir = fs::canonicalize(dir)?;
        let adopted = |name: &str| Process::adopt(name, &log(&dir, name), &record(&dir, name));
        let (Some(process), Some(port_mapper)) = (adopted("rabbitmq"), adopted("epmd")) else {
            return Ok(None);
        };
        let config = RabbitMqConfig { dir, tools: tools.clone() };
        Ok(Some(Self { config, saved, process, port_mapper }))
    }

    /// The URL of the default virtual host, with user and password.
    pub fn url(&self) -> String {
        format!("amqp://{USER}:{}@127.0.0.1:{}/%2f", self.saved.password, self.saved.port)
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

    /// Lets the node outlive this value.
    pub fn detach(&mut self) {
        self.process.detach();
        self.port_mapper.detach();
    }

    /// An orderly end: clients are told, everything is written.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.stop(Signal::SIGTERM, STOP_LIMIT).await?;
        self.port_mapper.kill9().await
    }

    /// `SIGKILL` to the node and all its children.
    pub async fn kill9(&mut self) -> Result<()> {
        self.process.kill9().await
    }

    /// Starts the ended node again: same port, same data.
    pub async fn start_again(&mut self) -> Result<()> {
        if !self.port_mapper.is_alive() {
            self.port_mapper = launch_port_mapper(&self.config, &self.saved).await?;
        }
        self.process = launch(&self.config, &self.saved)?;
        self.ready().await
    }

    /// Runs `rabbitmqctl` against this node; what it printed. For example
    /// `["set_vm_memory_high_watermark", "0"]` or `["purge_queue", "hookyard.events"]`.
    pub async fn ctl(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(self.config.tools.bin.join("rabbitmqctl"));
        command.arg("--quiet").args(args);
        environment(&mut command, &self.config.dir, &self.saved);
        let output = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .output()
            .await
            .context("rabbitmqctl")?;
        if !output.status.success() {
            bail!(
                "rabbitmqctl {} failed:\n{}",
                args.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    async fn ready(&mut self) -> Result<()> {
        let address = self.address();
        let mut ended = Ok(());
        let ready = wait::until(START_LIMIT, || {
            ended = self.process.check();
            ended.is_err() || speaks_amqp(address)
        })
        .await;
        ended?;
        if !ready {
            bail!("RabbitMQ is not ready after {START_LIMIT:?}:\n{}", tail(self.log(), 30));
        }
        Ok(())
    }
}

fn record(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.pid"))
}

fn log(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.log"))
}

/// A port that accepts is not enough: the listener opens while the node still boots.
fn speaks_amqp(address: SocketAddr) -> bool {
    let answer = || -> std::io::Result<u8> {
        let mut stream = TcpStream::connect_timeout(&address, HANDSHAKE_LIMIT)?;
        stream.set_read_timeout(Some(HANDSHAKE_LIMIT))?;
        stream.write_all(PROTOCOL_HEADER)?;
        let mut first = [0];
        stream.read_exact(&mut first)?;
        Ok(first[0])
    };
    matches!(answer(), Ok(METHOD_FRAME))
}

async fn launch_port_mapper(config: &RabbitMqConfig, saved: &Saved) -> Result<Process> {
    let mut command = Command::new(&config.tools.epmd);
    command
        .args(["-address", "127.0.0.1", "-port", &saved.port_mapper_port.to_string()])
        .current_dir(&config.dir);
    let mut process =
        Process::spawn("epmd", command, &log(&config.dir, "epmd"), &record(&config.dir, "epmd"))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, saved.port_mapper_port));
    // Were it not there yet, the node would start one of its own, which outlives it.
    let ready =
        wait::until(EPMD_LIMIT, || TcpStream::connect_timeout(&address, HANDSHAKE_LIMIT).is_ok())
            .await;
    process.check()?;
    if !ready {
        bail!("Erlang's port mapper does not listen after {EPMD_LIMIT:?}");
    }
    Ok(process)
}

fn launch(config: &RabbitMqConfig, saved: &Saved) -> Result<Process> {
    let dir = &config.dir;
    let mut command = Command::new(config.tools.bin.join("rabbitmq-server"));
    environment(&mut command, dir, saved);
    command
        // The script then becomes the node instead of waiting for it, so that signals meet the node itself.
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .env_remove("NOTIFY_SOCKET")
        .env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("enabled_plugins"))
        .env("RABBITMQ_MNESIA_BASE", dir.join("data"))
        .env("RABBITMQ_LOG_BASE", dir.join("node-logs"))
        .env("RABBITMQ_PID_FILE", dir.join("node.pid"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", dir.join("generated"))
        .env("ERL_CRASH_DUMP_BYTES", "0")
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "+S 2:2 +sbwt none +A 8 -kernel inet_dist_use_interface {127,0,0,1}",
        );
    Process::spawn("rabbitmq", command, &log(dir, "rabbitmq"), &record(dir, "rabbitmq"))
}
