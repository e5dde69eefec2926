//! At most one command at a time owns a folder of processes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use hookyard_testkit::servers::process::Identity;

/// Held while this process owns the folder.
#[derive(Debug)]
pub(crate) struct Owner {
    record: PathBuf,
}

impl Owner {
    /// Fails when another running process owns `dir`; an ended one's claim is worth nothing.
    pub(crate) fn claim(dir: &Path) -> Result<Self> {
        let record = dir.join("owner.pid");
        if let Some(other) = read(&record).filter(|other| other.is_alive()) {
            bail!(
                "process {} already uses {}; end it first, or wait for it",
                other.pid,
                dir.display()
            );
        }
        let me = i32::try_from(std::process::id()).context("a process id")?;
        let identity = Identity::of(me).context("this process")?;
        fs::write(&record, serde_json::to_vec(&identity)?)
            .with_context(|| record.display().to_string())?;
        Ok(Self { record })
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.record) {
            crate::say::warning(&format!("{}: {error}", self.record.display()));
        }
    }
}

fn read(record: &Path) -> Option<Identity> {
    serde_json::from_slice(&fs::read(record).ok()?).ok()
}
