//! Where a server's files lie, and as whom it runs.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use nix::unistd::{Gid, Uid, User, chown, geteuid};

const OWNER_ONLY: u32 = 0o700;
/// What root's folders get on the way to a server that runs as somebody else: passing through, no listing.
const PASSABLE: u32 = 0o711;

/// Another user to run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepDown {
    uid: Uid,
    gid: Gid,
}

impl StepDown {
    /// `PostgreSQL` refuses to run as root: whom to be instead, or nobody else when this is an ordinary user.
    pub fn for_postgres() -> Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Some(Self { uid: user.uid, gid: user.gid }));
            }
        }
        anyhow::bail!(
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as"
        )
    }

    /// Makes `command` run as this user, without any other group.
    pub fn apply(self, command: &mut Command) {
        command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
    }

    pub fn give(self, path: &Path) -> Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("chown {}", path.display()))
    }
}

/// Makes a folder and its parents for this user alone.
pub fn private_dir(path: &Path) -> Result<()> {
    make_dir(path, OWNER_ONLY)
}

/// The same, but root's can be passed through on the way to what a [`StepDown`] owns.
pub fn passable_dir(path: &Path) -> Result<()> {
    make_dir(path, if geteuid().is_root() { PASSABLE } else { OWNER_ONLY })
}

fn make_dir(path: &Path, mode: u32) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(mode).create(path).with_context(|| path.display().to_string())
}

/// A folder at `path` that `owner` alone can read; its real path.
///
/// Where a parent keeps `owner` out (a checkout below `/root`, say) the folder lies in the system's temporary
/// folder, and `path` is a link to it.
pub fn owned_dir(path: &Path, owner: Option<StepDown>) -> Result<PathBuf> {
    if let Ok(existing) = fs::canonicalize(path) {
        return Ok(existing);
    }
    if path.is_symlink() {
        // Left behind by a cleaned temporary folder.
        fs::remove_file(path)?;
    }
    let Some(owner) = owner else {
        fs::DirBuilder::new().mode(OWNER_ONLY).create(path)?;
        return Ok(fs::canonicalize(path)?);
    };
    let parent = fs::canonicalize(path.parent().context("a folder has a parent")?)?;
    let real = if parent.ancestors().all(can_be_passed) {
        fs::DirBuilder::new().mode(OWNER_ONLY).create(path)?;
        fs::canonicalize(path)?
    } else {
        let elsewhere = tempfile::Builder::new().prefix("hookyard-").tempdir()?.keep();
        symlink(&elsewhere, path)?;
        elsewhere
    };
    owner.give(&real)?;
    Ok(real)
}

/// Removes what [`owned_dir`] made, also behind a link.
pub fn remove_dir(path: &Path) -> Result<()> {
    let Ok(real) = fs::canonicalize(path) else { return Ok(()) };
    fs::remove_dir_all(&real).with_context(|| real.display().to_string())?;
    if path.is_symlink() {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn can_be_passed(dir: &Path) -> bool {
    const OTHERS_PASS: u32 = 0o001;
    fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & OTHERS_PASS != 0)
}
