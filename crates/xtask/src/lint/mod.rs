//! `cargo xtask lint`: everything that a machine can judge about the source.

mod directions;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::process::Command;

use crate::{cargo, say};

/// Runs all checks, also after one has failed, and fails at the end if one did.
pub(crate) async fn run() -> Result<ExitCode> {
    let mut report = Report::default();
    let started = Instant::now();
    let broken = directions::check(&cargo::metadata().await?.packages);
    for rule in &broken {
        say::detail(rule);
    }
    report.add("directions", broken.is_empty(), started.elapsed());

    report.run("fmt", &["fmt", "--all", "--check"]).await?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    report.run("clippy", &clippy).await?;
    let mut rustdoc = cargo::command();
    rustdoc
        .args(["doc", "--workspace", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings");
    report.run_command("rustdoc", rustdoc).await?;
    if cargo::root().join("deny.toml").exists() && cargo::has("deny").await {
        // Never its advisories: they need a database from the network.
        report.run("deny", &["deny", "--offline", "check", "bans", "licenses"]).await?;
    } else {
        say::detail(
            "cargo-deny is not installed here: bans and licenses are left to those who have it.",
        );
    }
    Ok(report.end())
}

#[derive(Debug, Default)]
struct Report {
    lines: Vec<(String, bool)>,
}

impl Report {
    async fn run(&mut self, name: &str, args: &[&str]) -> Result<()> {
        let mut command = cargo::command();
        command.args(args);
        self.run_command(name, command).await
    }

    async fn run_command(&mut self, name: &str, mut command: Command) -> Result<()> {
        say::step(name);
        let started = Instant::now();
        let passed = command.status().await?.success();
        self.add(name, passed, started.elapsed());
        Ok(())
    }

    fn add(&mut self, name: &str, passed: bool, took: Duration) {
        let verdict = if passed { "ok" } else { "FAILED" };
        self.lines.push((format!("{name:<12} {verdict:<8} {}", say::duration(took)), passed));
    }

    fn end(self) -> ExitCode {
        say::step("lint");
        for (line, _) in &self.lines {
            say::detail(line);
        }
        if self.lines.iter().all(|(_, passed)| *passed) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
