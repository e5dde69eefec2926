//! One process of a gateway: started, killed, frozen, stopped and started again, always with the same settings.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::timeout;

use super::caller::client;
use super::wait;
use crate::servers::process::tail;

/// Longer than a process may take to drain.
const STOP_LIMIT: Duration = Duration::from_mins(1);
const READY_LIMIT: Duration = Duration::from_mins(1);
const HEALTH_LIMIT: Duration = Duration::from_secs(5);
const LOG_TAIL_LINES: usize = 30;

/// How a process is started.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) arguments: &'static [&'static str],
    pub(super) environment: Vec<(String, String)>,
    /// The public listener; the private one for a process that has no other.
    pub(super) address: SocketAddr,
    pub(super) health: SocketAddr,
    pub(super) log: PathBuf,
}

/// What came of a start that was to fail.
#[derive(Debug)]
pub struct Attempt {
    /// None when a signal ended it.
    pub code: Option<i32>,
    /// What it said on standard error.
    pub said: String,
}

/// A process, running or not. It is killed when it is dropped.
#[derive(Debug)]
pub struct Member {
    launch: Launch,
    slot: Mutex<Slot>,
    health: reqwest::Client,
}

#[derive(Debug, Default)]
struct Slot {
    child: Option<Child>,
    frozen: bool,
}

impl Member {
    pub(super) fn new(launch: Launch) -> Self {
        Self { launch, slot: Mutex::default(), health: client(HEALTH_LIMIT) }
    }

    pub fn name(&self) -> &str {
        &self.launch.name
    }

    /// Where it takes calls; the private listener's address for a worker.
    pub fn address(&self) -> SocketAddr {
        self.launch.address
    }

    /// The address of `/healthz`, `/readyz` and `/metrics`.
    pub fn health_url(&self) -> String {
        format!("http://{}", self.launch.health)
    }

    pub fn log_path(&self) -> &Path {
        &self.launch.log
    }

    /// Everything that it has logged so far, over all its starts.
    pub fn log(&self) -> String {
        let log = fs::read(&self.launch.log).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    pub(super) fn log_tail(&self) -> String {
        tail(&self.launch.log, LOG_TAIL_LINES)
    }

    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> i32 {
        self.running_pid().unwrap_or_else(|| panic!("{} does not run", self.name()))
    }

    /// Starts it, on the same ports as ever, and waits until it is ready.
    ///
    /// # Panics
    /// When it runs already, ends, or is not ready in time.
    pub async fn start(&self) {
        self.launch();
        self.ready().await;
    }

    /// Starts it without waiting.
    pub fn launch(&self) {
        let mut slot = self.slot();
        assert!(slot.child.is_none(), "{} runs already", self.name());
        let log = File::options().create(true).append(true).open(&self.launch.log);
        let log = log.expect("a log can be written");
        let errors = log.try_clone().expect("a log can be shared");
        let mut command = self.command();
        command.stdout(log).stderr(errors);
        let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("{}: {} does not start: {error}", self.name(), self.launch.program.display())
        });
        *slot = Slot { child: Some(child), frozen: false };
    }

    /// Waits until it says that it may take work.
    ///
    /// # Panics
    /// When it ends, or is not ready in time.
    pub async fn ready(&self) {
        let ready = async || {
            assert!(self.is_running(), "{} ended:\n{}", self.name(), self.log_tail());
            self.is_ready().await
        };
        let ready = wait::holds(READY_LIMIT, ready).await;
        assert!(ready, "{} is not ready after {READY_LIMIT:?}:\n{}", self.name(), self.log_tail());
    }

    /// Whether it says that it may take work.
    pub async fn is_ready(&self) -> bool {
        let answer = self.health.get(format!("{}/readyz", self.health_url())).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Its metrics, as text.
    ///
    /// # Panics
    /// When it does not give them.
    pub async fn metrics(&self) -> String {
        let answer = self.health.get(format!("{}/metrics", self.health_url())).send().await;
        let text = answer.expect("the private listener answers").text().await;
        text.expect("metrics are text")
    }

    /// Runs a second process of the same settings, with these beside or instead, which is expected to end.
    ///
    /// # Panics
    /// When it goes on running.
    pub async fn attempt(&self, settings: &[(&str, &str)]) -> Attempt {
        let mut command = self.command();
        command.envs(settings.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut command = tokio::process::Command::from(command);
        let ended = timeout(STOP_LIMIT, command.kill_on_drop(true).output()).await;
        let output = ended.expect("it ends").expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Attempt { code: output.status.code(), said }
    }

    /// `SIGKILL`: it ends between two instructions.
    pub async fn kill9(&self) {
        let mut child = self.take();
        child.kill().await.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
    }

    /// `SIGTERM`: it finishes what it has begun. Returns how it ended.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn stop(&self) -> ExitStatus {
        self.thaw();
        self.signal(Signal::SIGTERM);
        let ended = timeout(STOP_LIMIT, self.take().wait()).await;
        let tail = || format!("{} does not stop:\n{}", self.name(), self.log_tail());
        ended.unwrap_or_else(|_| panic!("{}", tail())).expect("a child can be waited for")
    }

    /// `SIGSTOP`: it stands still, with all its connections open.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        self.slot().frozen = true;
    }

    /// `SIGCONT`: it goes on, if it was frozen.
    pub fn thaw(&self) {
        if std::mem::take(&mut self.slot().frozen) {
            self.signal(Signal::SIGCONT);
        }
    }

    /// # Panics
    /// When it does not run.
    pub fn signal(&self, signal: Signal) {
        let sent = kill(Pid::from_raw(self.pid()), signal);
        sent.unwrap_or_else(|error| panic!("{signal} to {}: {error}", self.name()));
    }

    /// Whether it was started, and neither was stopped nor ended by itself.
    pub fn is_running(&self) -> bool {
        self.slot().child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// How it ended, if it did so by itself.
    pub(super) fn ended_by_itself(&self) -> Option<ExitStatus> {
        self.slot().child.as_mut()?.try_wait().ok()?
    }

    /// The memory that it occupies now.
    pub fn rss_bytes(&self) -> u64 {
        self.memory("VmRSS")
    }

    /// The most memory that it has occupied since its start.
    pub fn peak_rss_bytes(&self) -> u64 {
        self.memory("VmHWM")
    }

    fn memory(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        1024 * kib.expect("/proc tells a process' memory in kB")
    }

    fn command(&self) -> Command {
        let mut command = without_settings(&self.launch.program);
        command.args(self.launch.arguments);
        command.envs(self.launch.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    fn running_pid(&self) -> Option<i32> {
        let id = self.slot().child.as_ref()?.id()?;
        Some(i32::try_from(id).expect("a process id"))
    }

    fn take(&self) -> Child {
        let child = std::mem::take(&mut *self.slot()).child;
        child.unwrap_or_else(|| panic!("{} does not run", self.name()))
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A program without the settings of whoever runs the tests.
pub(super) fn without_settings(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HOOKYARD_") {
            command.env_remove(name);
        }
    }
    command
}
