//! What a node is called, where it listens, and the files and variables that tell it so.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::USER;
use crate::servers::{ports, secrets};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) node: String,
    pub(super) port: u16,
    pub(super) distribution_port: u16,
    pub(super) port_mapper_port: u16,
    pub(super) password: String,
}

pub(super) fn saved_path(dir: &Path) -> PathBuf {
    dir.join("rabbitmq.json")
}

impl Saved {
    pub(super) fn fresh() -> Result<Self> {
        let [port, distribution_port, port_mapper_port] = ports::free()?;
        let name = &secrets::password()[..8];
        Ok(Self {
            node: format!("hookyard-{name}@localhost"),
            port,
            distribution_port,
            port_mapper_port,
            password: secrets::password(),
        })
    }

    pub(super) fn on_free_ports(self) -> Result<Self> {
        Ok(Self {
            port: ports::keep_or_find(self.port)?,
            distribution_port: ports::keep_or_find(self.distribution_port)?,
            port_mapper_port: ports::keep_or_find(self.port_mapper_port)?,
            ..self
        })
    }
}

pub(super) fn write_files(dir: &Path, saved: &Saved) -> Result<()> {
    let settings = format!(
        "listeners.tcp.1 = 127.0.0.1:{}\n\
         default_user = {USER}\n\
         default_pass = {}\n\
         vm_memory_high_watermark.relative = 0.4\n\
         disk_free_limit.absolute = 50MB\n\
         raft.wal_max_size_bytes = 64000000\n\
         log.console = true\n\
         log.console.level = info\n\
         log.file = false\n",
        saved.port, saved.password
    );
    secrets::write(&dir.join("rabbitmq.conf"), settings.as_bytes())?;
    secrets::write(&dir.join("enabled_plugins"), b"[].\n")?;
    // Takes the place of the machine's /etc/rabbitmq/rabbitmq-env.conf, which speaks of another node.
    secrets::write(&dir.join("rabbitmq-env.conf"), b"")?;
    write_cookie(dir)?;
    secrets::write_json(&saved_path(dir), saved)
}

/// Erlang accepts its cookie only from a file that its owner alone can read.
fn write_cookie(dir: &Path) -> Result<()> {
    let path = dir.join(".erlang.cookie");
    if !path.exists() {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(&path)?;
        file.write_all(secrets::password().as_bytes())?;
    }
    Ok(())
}

/// Both the node and its tools find everything in the node's own folder, and nothing of the caller's.
pub(super) fn environment(command: &mut Command, dir: &Path, saved: &Saved) {
    let inherited: Vec<_> = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| {
            name.to_str()
                .is_some_and(|name| name.starts_with("RABBITMQ_") || name.starts_with("ERL_"))
        })
        .collect();
    for name in inherited {
        command.env_remove(name);
    }
    command
        .current_dir(dir)
        .env("HOME", dir)
        .env("LC_ALL", "C.UTF-8")
        .env("ERL_EPMD_PORT", saved.port_mapper_port.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_CONF_ENV_FILE", dir.join("rabbitmq-env.conf"))
        .env("RABBITMQ_NODENAME", &saved.node)
        .env("RABBITMQ_DIST_PORT", saved.distribution_port.to_string())
        .env("RABBITMQ_CTL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}");
}
