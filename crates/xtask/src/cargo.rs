//! Calls of cargo, and where it puts things.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

/// The packages that hold the binaries of a running system.
const BINARY_PACKAGES: [&str; 4] =
    ["hookyard-ingress", "hookyard-worker", "hookyard-admin", "hookyard-testkit"];

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this crate lies two folders below the root")
}

/// `.hookyard`, where everything lies that a command makes.
pub(crate) fn scratch() -> PathBuf {
    root().join(".hookyard")
}

pub(crate) fn command() -> Command {
    // Cargo names itself to what it runs, with the toolchain already chosen.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).kill_on_drop(true);
    command
}

/// Whether `cargo NAME` exists, such as `nextest`.
pub(crate) async fn has(name: &str) -> bool {
    let status = command()
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    status.is_ok_and(|status| status.success())
}

/// How the binaries are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds all binaries, with cargo's own progress on the terminal; the folder that holds them.
pub(crate) async fn build_binaries(profile: Profile) -> Result<PathBuf> {
    let mut build = command();
    build
        .args(["build", "--bins"])
        .args(BINARY_PACKAGES.iter().flat_map(|package| ["--package", package]));
    if profile == Profile::Release {
        build.arg("--release");
    }
    if !build.status().await.context("cargo build")?.success() {
        bail!("cargo build failed");
    }
    Ok(metadata().await?.target_directory.join(profile.folder()))
}

/// What `cargo metadata` says about the workspace's own packages.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or none for an ordinary one.
    pub(crate) kind: Option<String>,
}

pub(crate) async fn metadata() -> Result<Metadata> {
    let output = command()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .await
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("the output of cargo metadata")
}
