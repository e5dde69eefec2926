//! What a stack is made of: chosen once, kept in its folder, the same after every restart.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hookyard_testkit::servers::{ports, secrets};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::member::Addresses;
use crate::repository::Repository;

const KEY_BYTES: usize = 32;
/// The simulated GitHub App, its one installation and its one repository.
pub(crate) const APP_ID: u64 = 1_001;
pub(crate) const INSTALLATION_ID: u64 = 20_002;
pub(crate) const REPOSITORY_ID: u64 = 300_003;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(super) ports: Ports,
    /// The folder of the built binaries.
    pub(crate) binaries: PathBuf,
    pub(super) source_keys: String,
    pub(super) vault_keys: String,
    pub(super) role_passwords: RolePasswords,
    pub(super) github_secret: String,
    pub(super) linear_secret: String,
    /// Where the servers are, since they were started first.
    pub(super) addresses: Option<Addresses>,
    pub(crate) repository: Option<Repository>,
    pub(crate) seeds: Seeds,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ports {
    pub(super) ingress: u16,
    pub(super) ingress_health: u16,
    pub(super) worker_health: u16,
    pub(super) admin_health: u16,
    pub(super) github: u16,
    /// Absent from the plans of older stacks.
    #[serde(default)]
    pub(super) receiver: u16,
    #[serde(default)]
    pub(super) admin: u16,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RolePasswords {
    pub(super) ingress: String,
    pub(super) worker: String,
    pub(super) admin: String,
}

/// The ids of what was made with `hookyard-admin`, as far as it was.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Seeds {
    /// Whether the simulated App's key was stored; the simulator keeps it over restarts.
    pub(super) app_key: bool,
    pub(super) workspace: Option<String>,
    pub(super) github_source: Option<String>,
    pub(super) linear_source: Option<String>,
    pub(super) account: Option<String>,
    pub(super) instance: Option<String>,
    pub(crate) target: Option<String>,
    /// The selectors of the target's mappings.
    pub(super) mappings: Vec<String>,
    /// An owner of the workspace, and what opens API and console as this owner.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    #[serde(default)]
    pub(crate) owner_token: Option<String>,
}

impl Plan {
    /// The plan of `layout`, or a new one.
    pub(super) fn load_or_choose(layout: &Layout, binaries: PathBuf) -> Result<Self> {
        let Some(kept) = Self::load(layout)? else { return Self::choose(binaries) };
        let ports = Ports {
            ingress: ports::keep_or_find(kept.ports.ingress)?,
            ingress_health: ports::keep_or_find(kept.ports.ingress_health)?,
            worker_health: ports::keep_or_find(kept.ports.worker_health)?,
            admin_health: ports::keep_or_find(kept.ports.admin_health)?,
            github: ports::keep_or_find(kept.ports.github)?,
            receiver: ports::keep_or_find(kept.ports.receiver)?,
            admin: ports::keep_or_find(kept.ports.admin)?,
        };
        Ok(Self { ports, binaries, ..kept })
    }

    pub(super) fn load(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.plan_file();
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    fn choose(binaries: PathBuf) -> Result<Self> {
        let [ingress, ingress_health, worker_health, admin_health] = ports::free()?;
        let [github, receiver, admin] = ports::free()?;
        Ok(Self {
            ports: Ports {
                ingress,
                ingress_health,
                worker_health,
                admin_health,
                github,
                receiver,
                admin,
            },
            binaries,
            source_keys: key_ring("source"),
            vault_keys: key_ring("vault"),
            role_passwords: RolePasswords {
                ingress: secrets::password(),
                worker: secrets::password(),
                admin: secrets::password(),
            },
            github_secret: secrets::password(),
            linear_secret: secrets::password(),
            addresses: None,
            repository: None,
            seeds: Seeds::default(),
        })
    }

    pub(super) fn save(&self, layout: &Layout) -> Result<()> {
        secrets::write(&layout.plan_file(), &serde_json::to_vec_pretty(self)?)
    }

    pub(crate) fn ingress_url(&self) -> String {
        local(self.ports.ingress)
    }

    pub(crate) fn github_url(&self) -> String {
        local(self.ports.github)
    }

    pub(crate) fn receiver_url(&self) -> String {
        local(self.ports.receiver)
    }

    /// API and console.
    pub(crate) fn admin_url(&self) -> String {
        local(self.ports.admin)
    }

    /// The connector URL that GitHub delivers to.
    pub(super) fn github_webhook_url(&self) -> String {
        format!("{}/v1/webhooks/connectors/github", self.ingress_url())
    }
}

pub(super) fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A key ring's setting, `id:base64`, with one fresh key.
fn key_ring(id: &str) -> String {
    format!("{id}-1:{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; KEY_BYTES]>()))
}
