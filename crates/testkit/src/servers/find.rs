//! Finds the programs of the servers and of the browser: in their packages' own folders, else on PATH.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `PostgreSQL`'s programs, all of one version.
#[derive(Debug, Clone)]
pub struct PostgresTools {
    pub bin: PathBuf,
    /// The major version, such as 15.
    pub major: u32,
}

/// `RabbitMQ`'s own scripts; Debian's wrappers in `/usr/sbin` insist on the user `rabbitmq`.
#[derive(Debug, Clone)]
pub struct RabbitTools {
    pub bin: PathBuf,
    pub epmd: PathBuf,
}

/// Chromium and what drives it, of one version.
#[derive(Debug, Clone)]
pub struct BrowserTools {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

/// The newest `PostgreSQL` of this machine.
pub fn postgres() -> Option<PostgresTools> {
    let mut found: Vec<PostgresTools> =
        postgres_folders().into_iter().filter_map(postgres_in).collect();
    found.sort_by_key(|tools| tools.major);
    found.pop()
}

fn postgres_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        children("/usr/lib/postgresql").map(|version| version.join("bin")).collect();
    folders.extend(children("/usr").filter(|dir| named(dir, "pgsql-")).map(|dir| dir.join("bin")));
    for cellar in ["/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(
            children(cellar).filter(|dir| named(dir, "postgresql")).map(|dir| dir.join("bin")),
        );
    }
    folders.extend(path_folders());
    folders.extend(pg_config_bindir());
    folders
}

fn postgres_in(bin: PathBuf) -> Option<PostgresTools> {
    if !bin.join("initdb").is_file() || !bin.join("postgres").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().nth(2)?;
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(PostgresTools { bin, major })
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// This machine's `RabbitMQ`.
pub fn rabbitmq() -> Option<RabbitTools> {
    let mut folders = vec![PathBuf::from("/usr/lib/rabbitmq/bin")];
    folders.extend(children("/usr/lib/rabbitmq/lib").map(|version| version.join("sbin")));
    folders.extend(
        ["/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"].map(PathBuf::from),
    );
    folders.extend(path_folders());
    let bin = folders
        .into_iter()
        .find(|bin| bin.join("rabbitmq-server").is_file() && bin.join("rabbitmqctl").is_file())?;
    Some(RabbitTools { bin, epmd: epmd()? })
}

fn epmd() -> Option<PathBuf> {
    on_path("epmd").or_else(|| {
        ["/usr/lib/erlang", "/usr/lib64/erlang"]
            .into_iter()
            .flat_map(children)
            .map(|dir| dir.join("bin/epmd"))
            .find(|epmd| epmd.is_file())
    })
}

/// This machine's Chromium.
pub fn browser() -> Option<BrowserTools> {
    let chromium =
        ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)?;
    Some(BrowserTools { chromium, driver: on_path("chromedriver")? })
}

/// Where PATH finds `program`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    path_folders().into_iter().map(|dir| dir.join(program)).find(|candidate| candidate.is_file())
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn children(dir: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn named(dir: &Path, prefix: &str) -> bool {
    dir.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
}
