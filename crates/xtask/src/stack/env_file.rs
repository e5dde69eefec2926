//! `stack.env`: everything that a tool needs to know about a running stack, as lines of `NAME=value` that
//! both a shell and the simplest parser can read.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use hookyard_testkit::servers::process::Identity;
use hookyard_testkit::servers::secrets;

use super::layout::Layout;
use super::member::{Addresses, LOOPBACK, Name};
use super::plan::{self, Plan};
use super::seed::WORKSPACE;

/// The names that processes read as their own settings, too.
const SETTINGS: [&str; 7] = [
    "HOOKYARD_DATABASE_URL",
    "HOOKYARD_AMQP_URL",
    "HOOKYARD_SOURCE_KEYS",
    "HOOKYARD_VAULT_KEYS",
    "HOOKYARD_GITHUB_API_URL",
    "HOOKYARD_OUTBOUND_ALLOW",
    "HOOKYARD_ADMIN_URL",
];

/// Every name that a shell may have read from a stack's file and hands down.
pub(super) fn names(layout: &Layout) -> Vec<String> {
    let written = read(layout).unwrap_or_default();
    let written = written.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
    SETTINGS.into_iter().chain(written).map(str::to_owned).collect()
}

pub(super) fn read(layout: &Layout) -> Result<String> {
    let path = layout.env_file();
    fs::read_to_string(&path).with_context(|| {
        format!("{} is not there: `cargo xtask stack up` writes it", path.display())
    })
}

/// Writes the file, readable by its owner only, with the ids of the processes that run now.
pub(super) fn write(layout: &Layout, plan: &Plan, addresses: &Addresses) -> Result<()> {
    let mut lines = vec![
        ("HOOKYARD_DATABASE_URL".to_owned(), addresses.database.clone()),
        ("HOOKYARD_AMQP_URL".to_owned(), addresses.amqp.clone()),
        ("HOOKYARD_SOURCE_KEYS".to_owned(), plan.source_keys.clone()),
        ("HOOKYARD_VAULT_KEYS".to_owned(), plan.vault_keys.clone()),
        ("HOOKYARD_GITHUB_API_URL".to_owned(), plan.github_url()),
        ("HOOKYARD_OUTBOUND_ALLOW".to_owned(), LOOPBACK.to_owned()),
        ("HOOKYARD_RECEIVER_URL".to_owned(), plan.receiver_url()),
        ("HOOKYARD_INGRESS_URL".to_owned(), plan.ingress_url()),
        ("HOOKYARD_ADMIN_URL".to_owned(), plan.admin_url()),
        ("HOOKYARD_ADMIN_TOKEN".to_owned(), plan.seeds.owner_token.clone().unwrap_or_default()),
        ("HOOKYARD_INGRESS_HEALTH_URL".to_owned(), plan::local(plan.ports.ingress_health)),
        ("HOOKYARD_WORKER_HEALTH_URL".to_owned(), plan::local(plan.ports.worker_health)),
        ("HOOKYARD_ADMIN_HEALTH_URL".to_owned(), plan::local(plan.ports.admin_health)),
    ];
    for name in [Name::Ingress, Name::Worker, Name::Admin] {
        let settings = addresses.settings(plan, name);
        let url = settings
            .into_iter()
            .find(|(name, _)| name == "HOOKYARD_DATABASE_URL")
            .context("a role has a URL")?
            .1;
        lines.push((format!("HOOKYARD_{}_DATABASE_URL", upper(name)), url));
    }
    lines.extend(demo(plan));
    lines.push(("HOOKYARD_ADMIN_BIN".to_owned(), text(&plan.binaries.join("hookyard-admin"))?));
    for name in Name::ALL {
        let record = record(layout, name);
        let identity: Option<Identity> =
            fs::read(record).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(identity) = identity {
            lines.push((format!("HOOKYARD_{}_PID", upper(name)), identity.pid.to_string()));
        }
        lines.push((format!("HOOKYARD_{}_LOG", upper(name)), text(&layout.log(name.as_str()))?));
    }
    let content: Vec<String> =
        lines.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    secrets::write(&layout.env_file(), (content.join("\n") + "\n").as_bytes())
}

fn demo(plan: &Plan) -> Vec<(String, String)> {
    let seeds = &plan.seeds;
    let mut lines = vec![
        ("HOOKYARD_DEMO_WORKSPACE", WORKSPACE.to_owned()),
        ("HOOKYARD_DEMO_TARGET", seeds.target.clone().unwrap_or_default()),
        ("HOOKYARD_DEMO_OWNER", seeds.owner.clone().unwrap_or_default()),
        ("HOOKYARD_DEMO_GITHUB_SECRET", plan.github_secret.clone()),
        ("HOOKYARD_DEMO_LINEAR_SECRET", plan.linear_secret.clone()),
        ("HOOKYARD_DEMO_INSTALLATION_ID", plan::INSTALLATION_ID.to_string()),
        ("HOOKYARD_DEMO_REPOSITORY_ID", plan::REPOSITORY_ID.to_string()),
    ];
    if let Some(repository) = &plan.repository {
        lines.push(("HOOKYARD_DEMO_REPOSITORY", repository.full_name.clone()));
        lines.push(("HOOKYARD_DEMO_REPO_PATH", repository.path.display().to_string()));
        lines.push(("HOOKYARD_DEMO_BRANCH", repository.branch.clone()));
    }
    lines.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The record of a part's process; the servers keep theirs in their own folders.
pub(super) fn record(layout: &Layout, name: Name) -> std::path::PathBuf {
    match name {
        Name::Postgres => layout.postgres().join("postgres.pid"),
        Name::Rabbitmq => layout.rabbitmq().join("rabbitmq.pid"),
        Name::Github | Name::Receiver | Name::Ingress | Name::Worker | Name::Admin => {
            layout.record(name.as_str())
        }
    }
}

fn upper(name: Name) -> String {
    name.as_str().to_uppercase()
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not UTF-8", path.display()))
}

/// As it is when no shell would change it, else in single quotes.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+/=_-:@.%,".contains(c);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn only_what_a_shell_would_change_is_quoted() {
        let url = "postgres://hookyard:abc@127.0.0.1:15432/hookyard";
        assert_eq!(quoted(url), url);
        assert_eq!(quoted("source-1:aGVsbG8/+w=="), "source-1:aGVsbG8/+w==");
        assert_eq!(quoted("/home/a b/it's"), r"'/home/a b/it'\''s'");
    }
}
