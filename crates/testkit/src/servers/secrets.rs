//! Generated passwords and the files that hold them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use rand::RngExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

const PASSWORD_BYTES: usize = 24;
const OWNER_ONLY: u32 = 0o600;

/// A fresh password of letters and digits, which no URL and no shell needs to quote.
pub fn password() -> String {
    hex::encode(rand::rng().random::<[u8; PASSWORD_BYTES]>())
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut name = path.file_name().context("a file has a name")?.to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    if fresh.exists() {
        fs::remove_file(&fresh)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&fresh)
        .with_context(|| fresh.display().to_string())?;
    file.write_all(content)?;
    fs::rename(&fresh, path).with_context(|| path.display().to_string())
}

pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write(path, &serde_json::to_vec_pretty(value)?)
}

/// The value of a file, or nothing when there is no such file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => {
            Ok(Some(serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}
