//! The parts of a stack by name, and how those of them that are built here are started.

use std::fmt;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hookyard_testkit::servers::process::Process;
use hookyard_testkit::servers::secrets;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::env_file;
use super::layout::Layout;
use super::plan::{self, Plan};
use crate::http;

const READY_LIMIT: Duration = Duration::from_mins(1);
const READY_POLL: Duration = Duration::from_millis(50);
/// Longer than the drain deadline that a process has by default.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Whom the processes of a stack may call beside the rest of the world.
pub(super) const LOOPBACK: &str = "127.0.0.0/8";

/// A part that can be restarted alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Name {
    Postgres,
    Rabbitmq,
    Github,
    Receiver,
    Ingress,
    Worker,
    Admin,
}

impl Name {
    pub(super) const ALL: [Self; 7] = [
        Self::Postgres,
        Self::Rabbitmq,
        Self::Github,
        Self::Receiver,
        Self::Ingress,
        Self::Worker,
        Self::Admin,
    ];
    /// Those that are built here, in the order in which they are started.
    pub(super) const OURS: [Self; 5] =
        [Self::Github, Self::Receiver, Self::Ingress, Self::Worker, Self::Admin];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Rabbitmq => "rabbitmq",
            Self::Github => "github",
            Self::Receiver => "receiver",
            Self::Ingress => "ingress",
            Self::Worker => "worker",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The addresses of the two servers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Addresses {
    /// The owner's URL.
    pub(super) database: String,
    pub(super) amqp: String,
}

impl Addresses {
    /// The database's URL for one of the processes' own roles.
    pub(super) fn database_as(&self, role: &str, password: &str) -> String {
        let place =
            self.database.split_once('@').map_or(self.database.as_str(), |(_, place)| place);
        format!("postgres://{role}:{password}@{place}")
    }

    /// The settings of a process under its own database role.
    pub(super) fn settings(&self, plan: &Plan, name: Name) -> Vec<(String, String)> {
        let (role, password) = match name {
            Name::Ingress => ("hookyard_ingress", &plan.role_passwords.ingress),
            Name::Worker => ("hookyard_worker", &plan.role_passwords.worker),
            Name::Admin => ("hookyard_admin", &plan.role_passwords.admin),
            Name::Postgres | Name::Rabbitmq | Name::Github | Name::Receiver => return Vec::new(),
        };
        let mut settings = vec![
            ("HOOKYARD_DATABASE_URL".to_owned(), self.database_as(role, password)),
            ("HOOKYARD_AMQP_URL".to_owned(), self.amqp.clone()),
        ];
        let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
        if matches!(name, Name::Ingress | Name::Admin) {
            set("HOOKYARD_SOURCE_KEYS", &plan.source_keys);
        }
        if matches!(name, Name::Worker | Name::Admin) {
            set("HOOKYARD_VAULT_KEYS", &plan.vault_keys);
            // The receiver simulator listens there.
            set("HOOKYARD_OUTBOUND_ALLOW", LOOPBACK);
        }
        if matches!(name, Name::Worker | Name::Admin) {
            set("HOOKYARD_GITHUB_API_URL", &plan.github_url());
        }
        if name == Name::Admin {
            set("HOOKYARD_ADMIN_URL", &plan.admin_url());
        }
        settings
    }
}

/// Starts one of our own; it is not ready yet.
pub(super) fn launch(
    layout: &Layout,
    plan: &Plan,
    addresses: &Addresses,
    name: Name,
) -> Result<Process> {
    let mut command = match name {
        Name::Ingress => process(plan, "hookyard-ingress", plan.ports.ingress_health),
        Name::Worker => process(plan, "hookyard-worker", plan.ports.worker_health),
        Name::Admin => process(plan, "hookyard-admin", plan.ports.admin_health),
        Name::Github => simulator(layout, plan)?,
        Name::Receiver => receiver(plan),
        Name::Postgres | Name::Rabbitmq => bail!("{name} is not one of our own"),
    };
    if name == Name::Ingress {
        command.args(["--listen", &format!("127.0.0.1:{}", plan.ports.ingress)]);
    }
    if name == Name::Admin {
        command.args(["--admin-listen", &format!("127.0.0.1:{}", plan.ports.admin)]);
    }
    // A shell that has read stack.env hands all of it down, and no process may see another one's secrets.
    // Every other setting of the caller's environment reaches the process.
    for name in env_file::names(layout) {
        command.env_remove(name);
    }
    command.envs(addresses.settings(plan, name)).current_dir(&layout.dir);
    Process::spawn(
        name.as_str(),
        command,
        &layout.log(name.as_str()),
        &layout.record(name.as_str()),
    )
}

fn process(plan: &Plan, binary: &str, health_port: u16) -> Command {
    let mut command = Command::new(plan.binaries.join(binary));
    if binary == "hookyard-admin" {
        command.arg("serve");
    }
    command.args(["--health-listen", &format!("127.0.0.1:{health_port}")]);
    command
}

fn simulator(layout: &Layout, plan: &Plan) -> Result<Command> {
    let Some(repository) = &plan.repository else { bail!("there is no repository to serve yet") };
    secrets::write(&layout.webhook_secret(), plan.github_secret.as_bytes())?;
    if layout.github_ready().exists() {
        fs::remove_file(layout.github_ready())?;
    }
    let mut command = Command::new(plan.binaries.join("hookyard-github-simulator"));
    command
        .args(["--listen", &format!("127.0.0.1:{}", plan.ports.github)])
        .arg("--repo")
        .arg(&repository.path)
        .args(["--repository", &repository.full_name])
        .args(["--repository-id", &plan::REPOSITORY_ID.to_string()])
        .args(["--installation-id", &plan::INSTALLATION_ID.to_string()])
        .args(["--app-id", &plan::APP_ID.to_string()])
        .args(["--webhook-url", &plan.github_webhook_url()])
        .arg("--webhook-secret-file")
        .arg(layout.webhook_secret())
        .arg("--ready-file")
        .arg(layout.github_ready())
        .arg(if layout.app_key().exists() { "--key-file" } else { "--write-key-file" })
        .arg(layout.app_key());
    Ok(command)
}

fn receiver(plan: &Plan) -> Command {
    let mut command = Command::new(plan.binaries.join("hookyard-receiver-simulator"));
    command.args(["--listen", &format!("127.0.0.1:{}", plan.ports.receiver)]);
    command
}

/// Where a part of ours says that it may take work.
pub(super) fn ready_url(plan: &Plan, name: Name) -> Option<String> {
    let port = match name {
        Name::Ingress => plan.ports.ingress_health,
        Name::Worker => plan.ports.worker_health,
        Name::Admin => plan.ports.admin_health,
        Name::Github => return Some(format!("{}/_sim/state", plan.github_url())),
        Name::Receiver => return Some(format!("{}/_sim/state", plan.receiver_url())),
        Name::Postgres | Name::Rabbitmq => return None,
    };
    Some(format!("{}/readyz", plan::local(port)))
}

/// Waits until a started part is ready; one that ends before shows the end of its log.
pub(super) async fn ready(
    layout: &Layout,
    plan: &Plan,
    name: Name,
    process: &mut Process,
) -> Result<()> {
    let Some(url) = ready_url(plan, name) else { return Ok(()) };
    let client = http::client()?;
    let started = Instant::now();
    loop {
        process.check()?;
        let status = http::status(&client, &url).await;
        // The GitHub simulator listens before it has written its key, and says so when it has.
        let complete = name != Name::Github || layout.github_ready().exists();
        if complete && status.is_some_and(|status| status.is_success()) {
            return Ok(());
        }
        if started.elapsed() > READY_LIMIT {
            let answer = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
            bail!(
                "{name} is not ready after {READY_LIMIT:?}: {url} answers {answer}; see {}",
                process.log().display()
            );
        }
        tokio::time::sleep(READY_POLL).await;
    }
}

/// Ends one of our own in good order, if it runs.
pub(super) async fn stop(layout: &Layout, name: Name) -> Result<()> {
    let (log, record) = (layout.log(name.as_str()), layout.record(name.as_str()));
    let Some(mut process) = Process::adopt(name.as_str(), &log, &record) else { return Ok(()) };
    if !process.stop(Signal::SIGTERM, STOP_LIMIT).await? {
        crate::say::warning(&format!(
            "{name} did not end within {STOP_LIMIT:?} and was killed; see {}",
            log.display()
        ));
    }
    Ok(())
}
