//! Installs what is missing from the system's own packages, where that is possible and allowed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use nix::unistd::geteuid;

use super::find::{self, BrowserTools, PostgresTools, RabbitTools};

/// What `invoke-rc.d` and the packages' scripts ask before they start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_DENIES: &[u8] = b"#!/bin/sh\nexit 101\n";

/// The programs of both servers.
#[derive(Debug, Clone)]
pub struct Tools {
    pub postgres: PostgresTools,
    pub rabbitmq: RabbitTools,
}

/// Whether packages may be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    Install,
    OnlyLook,
}

/// Finds both servers and git, and installs what is missing. `say` is told, in plain words, what is installed.
///
/// Fails with the exact commands to type when something is missing and cannot be installed from here.
pub fn ensure(permission: Permission, say: &dyn Fn(&str)) -> Result<Tools> {
    let wanted = [
        ("postgresql", find::postgres().is_some()),
        ("rabbitmq-server", find::rabbitmq().is_some()),
        ("git", find::on_path("git").is_some()),
    ];
    install_missing(&wanted, permission, say)?;
    let postgres = find::postgres()
        .context("PostgreSQL was installed, and initdb and postgres are still not found")?;
    let rabbitmq = find::rabbitmq()
        .context("RabbitMQ was installed, and rabbitmq-server is still not found")?;
    Ok(Tools { postgres, rabbitmq })
}

/// The same for Chromium and what drives it, which only tests of pages need.
pub fn ensure_browser(permission: Permission, say: &dyn Fn(&str)) -> Result<BrowserTools> {
    let found = find::browser().is_some();
    install_missing(&[("chromium", found), ("chromium-driver", found)], permission, say)?;
    find::browser()
        .context("Chromium was installed, and chromium and chromedriver are still not found")
}

/// Installs the packages that were not found.
fn install_missing(
    wanted: &[(&'static str, bool)],
    permission: Permission,
    say: &dyn Fn(&str),
) -> Result<()> {
    let missing: Vec<&str> =
        wanted.iter().filter(|(_, found)| !found).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if permission == Permission::OnlyLook || !is_debian() || !can_be_root() {
        bail!("{} missing here; install with:\n{}", are(&missing), by_hand(&missing));
    }
    say(&format!(
        "Installing {} with apt-get (no service of theirs is started).",
        missing.join(", ")
    ));
    apt_install(&missing)
}

fn are(missing: &[&str]) -> String {
    format!("{} {}", missing.join(", "), if missing.len() == 1 { "is" } else { "are" })
}

fn by_hand(missing: &[&str]) -> String {
    let packages = missing.join(" ");
    if is_debian() {
        return format!(
            "  sudo apt-get update\n  sudo apt-get install -y --no-install-recommends {packages}"
        );
    }
    if find::on_path("brew").is_some() {
        let packages = packages.replace("rabbitmq-server", "rabbitmq");
        return format!("  brew install {}", packages.replace("chromium-driver", "chromedriver"));
    }
    format!(
        "  sudo dnf install -y {}",
        packages
            .replace("postgresql", "postgresql-server postgresql-contrib")
            .replace("chromium-driver", "chromedriver")
    )
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file() && find::on_path("apt-get").is_some()
}

fn can_be_root() -> bool {
    geteuid().is_root()
        || Command::new("sudo")
            .args(["-n", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

fn as_root(program: &str, args: &[&str]) -> Command {
    if geteuid().is_root() {
        let mut command = Command::new(program);
        command.args(args);
        return command;
    }
    let mut command = Command::new("sudo");
    command.arg("-n").arg(program).args(args);
    command
}

fn apt_install(packages: &[&str]) -> Result<()> {
    let _policy = ServicesStayOff::begin()?;
    apt_get(&["update"])?;
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(packages);
    apt_get(&args)
}

fn apt_get(args: &[&str]) -> Result<()> {
    // Another apt-get on this machine is waited for.
    let mut all =
        vec!["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
    all.extend(args);
    let output = as_root("env", &all).stdin(Stdio::null()).output().context("apt-get")?;
    if output.status.success() {
        return Ok(());
    }
    bail!("apt-get {} failed:\n{}", args.join(" "), String::from_utf8_lossy(&output.stderr))
}

/// While it lives, packages do not start their services.
struct ServicesStayOff {
    ours: bool,
}

impl ServicesStayOff {
    fn begin() -> Result<Self> {
        if Path::new(POLICY).exists() {
            return Ok(Self { ours: false });
        }
        let mut child = as_root("install", &["-m", "755", "/dev/stdin", POLICY])
            .stdin(Stdio::piped())
            .spawn()
            .context(POLICY)?;
        child.stdin.take().context("standard input was asked for")?.write_all(POLICY_DENIES)?;
        if !child.wait()?.success() {
            bail!("{POLICY} cannot be written");
        }
        Ok(Self { ours: true })
    }
}

impl Drop for ServicesStayOff {
    fn drop(&mut self) {
        if self.ours
            && !as_root("rm", &["-f", POLICY]).status().is_ok_and(|status| status.success())
        {
            tracing::warn!("{POLICY} could not be removed again");
        }
    }
}
