//! The process of `chromedriver`, which starts and ends Chromium.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use fantoccini::wd::Capabilities;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use serde_json::json;

use crate::gateway::{PATIENCE, client, holds};
use crate::servers::find::BrowserTools;
use crate::servers::ports;
use crate::servers::process::{Process, tail};

const LOG_TAIL_LINES: usize = 30;
const STATUS_LIMIT: Duration = Duration::from_secs(5);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// No question to the browser's maker, no service in the background, and no name but this machine's is looked up: what
/// a page asks for elsewhere fails here, and is seen.
const ARGUMENTS: [&str; 15] = [
    "--headless=new",
    "--window-size=1440,900",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A running `chromedriver`. It is killed with all its children when it is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    process: Process,
    url: String,
    /// The browser's profile and home, and the log; removed after the process is gone.
    dir: tempfile::TempDir,
}

impl Driver {
    pub(super) async fn start(tools: &BrowserTools) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("hookyard-browser-").tempdir()?;
        let [port] = ports::free()?;
        let mut command = Command::new(&tools.driver);
        // Chromium writes below HOME whatever its profile is.
        command.arg(format!("--port={port}")).env("HOME", dir.path());
        let (log, record) = (dir.path().join("chromedriver.log"), dir.path().join("pid"));
        let mut process = Process::spawn("chromedriver", command, &log, &record)?;
        let url = format!("http://127.0.0.1:{port}/");
        ready(&url, &mut process).await?;
        Ok(Self { process, url, dir })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn log_tail(&self) -> String {
        tail(self.process.log(), LOG_TAIL_LINES)
    }

    /// What a session with this driver is asked to be.
    pub(super) fn capabilities(&self, tools: &BrowserTools) -> Capabilities {
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", self.dir.path().join("profile").display()));
        // The shared memory of a container is too small for it.
        arguments.push("--disable-dev-shm-usage".to_owned());
        if geteuid().is_root() {
            // Its sandbox refuses to be root's.
            arguments.push("--no-sandbox".to_owned());
        }
        let options = json!({ "binary": tools.chromium, "args": arguments });
        let logs = json!({ "browser": "ALL", "performance": "ALL" });
        Capabilities::from_iter([
            ("browserName".to_owned(), json!("chrome")),
            ("goog:chromeOptions".to_owned(), options),
            ("goog:loggingPrefs".to_owned(), logs),
        ])
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        self.process.stop(Signal::SIGTERM, STOP_LIMIT).await.map(drop)
    }
}

async fn ready(url: &str, process: &mut Process) -> Result<()> {
    let client = client(STATUS_LIMIT);
    let answers = async || {
        let answer = client.get(format!("{url}status")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success()) || !process.is_alive()
    };
    let answered = holds(PATIENCE, answers).await;
    process.check()?;
    ensure!(answered, "chromedriver does not answer after {PATIENCE:?}");
    Ok(())
}
