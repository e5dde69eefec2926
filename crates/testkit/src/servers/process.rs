//! Child processes that are recorded by id and start time.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::wait;

const GONE_AFTER_KILL: Duration = Duration::from_secs(10);
/// What a process says is for its owner only.
const LOG_MODE: u32 = 0o600;
const LOG_TAIL_LINES: usize = 30;

/// Which process: ids are used again, an id together with its start time is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub pid: i32,
    /// Clock ticks from boot to the process' start, field 22 of `/proc/PID/stat`; 0 where there is no `/proc`.
    pub start_ticks: u64,
}

impl Identity {
    /// The process that has this id now and runs.
    pub fn of(pid: i32) -> Option<Self> {
        Self::read(pid).filter(|(_, zombie)| !zombie).map(|(identity, _)| identity)
    }

    /// The process that has this id now, and whether it has ended and only waits for its parent to notice.
    fn read(pid: i32) -> Option<(Self, bool)> {
        if !Path::new("/proc/self/stat").exists() {
            return kill(Pid::from_raw(pid), None)
                .is_ok()
                .then_some((Self { pid, start_ticks: 0 }, false));
        }
        stat(pid).map(|stat| (Self { pid, start_ticks: stat.start_ticks }, stat.state == 'Z'))
    }

    /// Whether exactly this process still runs; a zombie does not.
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends `signal` if the process still runs.
    pub fn signal(self, signal: Signal) -> Result<()> {
        if !self.is_alive() {
            return Ok(());
        }
        match kill(Pid::from_raw(self.pid), signal) {
            Ok(()) | Err(nix::errno::Errno::ESRCH) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("{signal} to process {}", self.pid)),
        }
    }

    /// The process and everything that descends from it; nothing once it has ended, when its id may be a stranger's.
    fn family(self) -> Vec<Self> {
        if !self.is_alive() {
            return Vec::new();
        }
        let everyone: Vec<(i32, i32)> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat(pid)?.parent)))
            .collect();
        let mut members = vec![self.pid];
        let mut next = 0;
        while let Some(&parent) = members.get(next) {
            members.extend(everyone.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        members.into_iter().filter_map(Self::of).collect()
    }
}

struct Stat {
    state: char,
    parent: i32,
    start_ticks: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let start_ticks = fields.nth(17)?.parse().ok()?;
    Some(Stat { state, parent, start_ticks })
}

/// A running process: started by this one, and then killed on drop, or adopted from its record.
#[derive(Debug)]
pub struct Process {
    name: String,
    identity: Identity,
    /// Present when this process is its parent, who alone can reap it.
    child: Option<Child>,
    record: PathBuf,
    log: PathBuf,
    detached: bool,
}

impl Process {
    /// Starts `command` in its own process group, so that a Ctrl-C at the terminal reaches only the owner.
    /// Its output is appended to `log`, its identity is written to `record`.
    pub fn spawn(name: &str, mut command: Command, log: &Path, record: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .mode(LOG_MODE)
            .open(log)
            .with_context(|| log.display().to_string())?;
        let errors = output.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| {
                format!("{name}: {} does not start", command.get_program().display())
            })?;
        let pid = i32::try_from(child.id()).context("a process id")?;
        // It may have ended already; its id stays its own until it is waited for.
        let (identity, _) =
            Identity::read(pid).with_context(|| format!("{name} is not to be found"))?;
        let process = Self {
            name: name.to_owned(),
            identity,
            child: Some(child),
            record: record.to_owned(),
            log: log.to_owned(),
            detached: false,
        };
        fs::write(record, serde_json::to_vec(&identity)?)
            .with_context(|| record.display().to_string())?;
        Ok(process)
    }

    /// The process of `record`, if it still runs. Whoever adopts it does not own it: it outlives this value.
    pub fn adopt(name: &str, log: &Path, record: &Path) -> Option<Self> {
        let identity: Identity = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
        identity.is_alive().then(|| Self {
            name: name.to_owned(),
            identity,
            child: None,
            record: record.to_owned(),
            log: log.to_owned(),
            detached: true,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn pid(&self) -> i32 {
        self.identity.pid
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Lets the process outlive this value.
    pub fn detach(&mut self) {
        self.detached = true;
    }

    pub fn is_alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => self.identity.is_alive(),
        }
    }

    /// Fails with the end of the log if the process has ended.
    pub fn check(&mut self) -> Result<()> {
        if self.is_alive() {
            return Ok(());
        }
        bail!(
            "{} ended unexpectedly; the end of {}:\n{}",
            self.name,
            self.log.display(),
            tail(&self.log, LOG_TAIL_LINES)
        )
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.identity.signal(signal)
    }

    /// Sends `signal` and waits for the end; after `limit` the whole family is killed. True if it ended by itself.
    pub async fn stop(&mut self, signal: Signal, limit: Duration) -> Result<bool> {
        let family = self.identity.family();
        self.signal(signal)?;
        let orderly = wait::until(limit, || !self.is_alive()).await;
        kill_all(&family)?;
        self.await_end(&family).await?;
        Ok(orderly)
    }

    /// `SIGKILL` to the process and everything that descends from it, as a loss of power would do.
    pub async fn kill9(&mut self) -> Result<()> {
        let family = self.identity.family();
        kill_all(&family)?;
        self.await_end(&family).await
    }

    async fn await_end(&mut self, family: &[Identity]) -> Result<()> {
        let gone = wait::until(GONE_AFTER_KILL, || {
            !self.is_alive() && family.iter().all(|member| !member.is_alive())
        })
        .await;
        if !gone {
            bail!("{} (process {}) does not end", self.name, self.identity.pid);
        }
        self.forget();
        Ok(())
    }

    fn forget(&self) {
        if fs::remove_file(&self.record).is_err() {
            tracing::debug!("{} was not there to remove", self.record.display());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.detached || !self.is_alive() {
            return;
        }
        let family = self.identity.family();
        if let Err(error) = kill_all(&family) {
            tracing::warn!("{}: {error:#}", self.name);
        }
        if wait::until_blocking(GONE_AFTER_KILL, || {
            !self.is_alive() && family.iter().all(|member| !member.is_alive())
        }) {
            self.forget();
        }
    }
}

fn kill_all(family: &[Identity]) -> Result<()> {
    family.iter().try_for_each(|member| member.signal(Signal::SIGKILL))
}

/// The last `lines` lines of a log, for people.
pub fn tail(log: &Path, lines: usize) -> String {
    let text =
        fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
