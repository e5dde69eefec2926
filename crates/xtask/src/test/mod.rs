//! `cargo xtask test`: private servers, a migrated template database, and every test.

mod count;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};
use hookyard_testkit::database::TEMPLATE;
use hookyard_testkit::servers::install::Tools;
use hookyard_testkit::servers::{Durability, Postgres, place, secrets};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;

use crate::admin::Admin;
use crate::cargo::{self, Profile};
use crate::owner::Owner;
use crate::servers::{self, Servers};
use crate::{Context, say};

/// The only ones whose tests open a browser.
const PACKAGES_WITH_PAGES: [&str; 2] = ["hookyard-admin", "hookyard-testkit"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Passed on to cargo-nextest (or cargo test), such as `-p hookyard-store` or a test's name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the tests; the servers and their data are gone afterwards.
pub(crate) async fn run(args: Args, context: Context) -> Result<ExitCode> {
    run_with(args.args, None, context).await
}

/// Takes the pictures of the console that the README shows, anew.
pub(crate) async fn take_pictures(context: Context) -> Result<ExitCode> {
    let pictures = cargo::root().join("docs/screenshots");
    std::fs::create_dir_all(&pictures).with_context(|| pictures.display().to_string())?;
    let args = ["-p", "hookyard-admin", "--test", "browser", "pictures"].map(str::to_owned);
    run_with(args.into(), Some(pictures), context).await
}

/// `pictures` is where a test leaves the pictures that it takes; none: it leaves none.
async fn run_with(
    args: Vec<String>,
    pictures: Option<PathBuf>,
    context: Context,
) -> Result<ExitCode> {
    let tools = servers::tools(context.no_install)?;
    let browser = needs_browser(&args).then(|| servers::browser(context.no_install)).transpose()?;
    let dir = cargo::scratch().join("test");
    place::passable_dir(&dir)?;
    let owner = Owner::claim(&dir)?;
    say::step("Servers and binaries for the tests");
    let mut environment: Vec<(&str, OsString)> = Vec::new();
    if let Some(browser) = browser {
        environment.push(("HOOKYARD_TEST_CHROMIUM", browser.chromium.into()));
        environment.push(("HOOKYARD_TEST_CHROMEDRIVER", browser.driver.into()));
    }
    environment.extend(pictures.map(|dir| ("HOOKYARD_TEST_PICTURES_DIR", dir.into())));
    let run = prepare_and_run(&args, &dir, &tools, environment);
    let result = context.interrupted.run_until_cancelled(run).await;
    Postgres::remove(&dir.join("postgres"))?;
    drop(owner);
    place::remove_dir(&dir)?;
    result.unwrap_or(Ok(ExitCode::FAILURE))
}

/// Whether tests of pages are among those that are asked for.
fn needs_browser(args: &[String]) -> bool {
    let after = args.iter().zip(args.iter().skip(1));
    let mut packages = after
        .filter(|(option, _)| matches!(option.as_str(), "-p" | "--package"))
        .map(|(_, package)| package.as_str())
        .chain(args.iter().filter_map(|arg| arg.strip_prefix("--package=")))
        .peekable();
    packages.peek().is_none() || packages.any(|package| PACKAGES_WITH_PAGES.contains(&package))
}

async fn prepare_and_run(
    args: &[String],
    dir: &Path,
    tools: &Tools,
    mut environment: Vec<(&str, OsString)>,
) -> Result<ExitCode> {
    let binaries = cargo::build_binaries(Profile::Debug).await?;
    let servers = Servers::start(dir, Durability::Off, tools).await?;
    let role_password = secrets::password();
    let template = servers.postgres.create_database(TEMPLATE).await?;
    let admin = Admin {
        program: binaries.join("hookyard-admin"),
        environment: vec![
            ("HOOKYARD_DATABASE_URL".into(), template),
            ("HOOKYARD_INGRESS_DB_PASSWORD".into(), role_password.clone()),
            ("HOOKYARD_WORKER_DB_PASSWORD".into(), role_password.clone()),
            ("HOOKYARD_ADMIN_DB_PASSWORD".into(), role_password.clone()),
        ],
    };
    admin.run(&["migrate"]).await.context("the template database cannot be migrated")?;
    environment.extend([
        ("HOOKYARD_TEST_DATABASE_URL", servers.postgres.url().into()),
        ("HOOKYARD_TEST_AMQP_URL", servers.rabbitmq.url().into()),
        ("HOOKYARD_TEST_ROLE_PASSWORD", role_password.into()),
        ("HOOKYARD_TEST_BIN_DIR", binaries.into_os_string()),
    ]);
    run_tests(args, &environment).await
}

async fn run_tests(args: &[String], environment: &[(&str, OsString)]) -> Result<ExitCode> {
    let started = Instant::now();
    let nextest = cargo::has("nextest").await;
    let mut tests = cargo::command();
    tests.args(if nextest { &["nextest", "run"][..] } else { &["test"][..] });
    if !args.iter().any(|arg| arg == "-p" || arg.starts_with("--package")) {
        tests.arg("--workspace");
    }
    if !nextest {
        // Doctests come by themselves below.
        tests.arg("--all-targets");
    }
    tests.args(args).envs(environment.iter().map(|(name, value)| (name, value)));
    say::step(if nextest { "cargo nextest run" } else { "cargo test" });
    let mut total = counted(tests).await?;
    if args.is_empty() {
        say::step("Doctests");
        let mut doctests = cargo::command();
        doctests.args(["test", "--quiet", "--doc", "--workspace"]);
        total = total.and(counted(doctests).await?);
    }
    let verdict = if total.passed { "passed" } else { "FAILED" };
    say::step(&format!("{} tests {verdict} in {}", total.count, say::duration(started.elapsed())));
    Ok(if total.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    count: usize,
    passed: bool,
}

impl Outcome {
    fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, passed: self.passed && other.passed }
    }
}

/// Runs a command that reports on tests, passes its output on and counts what it says it ran.
async fn counted(mut command: Command) -> Result<Outcome> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().context("standard output was asked for")?;
    let stderr = child.stderr.take().context("standard error was asked for")?;
    let (said, complained) = tokio::try_join!(read(stdout), read(stderr))?;
    let status = child.wait().await?;
    Ok(Outcome { count: said + complained, passed: status.success() })
}

async fn read(output: impl AsyncRead + Unpin) -> Result<usize> {
    let mut lines = BufReader::new(output).lines();
    let mut count = 0;
    while let Some(line) = lines.next_line().await? {
        count += count::in_line(&line);
        say::pass_on(&line);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::needs_browser;

    fn needs(args: &[&str]) -> bool {
        needs_browser(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn only_tests_of_pages_need_a_browser() {
        assert!(needs(&[]));
        assert!(needs(&["superseded"]));
        assert!(needs(&["-p", "hookyard-admin"]));
        assert!(needs(&["-p", "hookyard-store", "--package=hookyard-testkit"]));
        assert!(!needs(&["-p", "hookyard-store", "superseded"]));
        assert!(!needs(&["--package", "hookyard-worker"]));
    }
}
