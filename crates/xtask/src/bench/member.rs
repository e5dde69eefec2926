//! A process of ours under measurement.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hookyard_testkit::servers::process::Process;
use nix::sys::signal::Signal;

use crate::http;

pub(super) const STOP_LIMIT: Duration = Duration::from_secs(30);
const READY_LIMIT: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(50);

/// A running process of ours.
pub(super) struct Member {
    name: &'static str,
    process: Process,
    /// The public listener, of an ingress.
    pub(super) address: SocketAddr,
    health: SocketAddr,
}

impl Member {
    /// Waits until a process that was just started is ready.
    pub(super) async fn ready(
        name: &'static str,
        process: Process,
        port: u16,
        health: u16,
    ) -> Result<Self> {
        let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut member = Self { name, process, address: local(port), health: local(health) };
        let client = http::client()?;
        let url = format!("http://{}/readyz", member.health);
        let started = Instant::now();
        while !http::status(&client, &url).await.is_some_and(|status| status.is_success()) {
            member.process.check()?;
            if started.elapsed() > READY_LIMIT {
                bail!(
                    "{name} is not ready after {READY_LIMIT:?}; see {}",
                    member.process.log().display()
                );
            }
            tokio::time::sleep(READY_POLL).await;
        }
        Ok(member)
    }

    pub(super) fn pid(&self) -> i32 {
        self.process.pid()
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The most memory that the process ever held, in MiB.
    pub(super) fn peak_mib(&self) -> Result<f64> {
        self.memory_mib("VmHWM:")
    }

    /// The memory that the process holds now, in MiB.
    pub(super) fn resident_mib(&self) -> Result<f64> {
        self.memory_mib("VmRSS:")
    }

    fn memory_mib(&self, field: &'static str) -> Result<f64> {
        const KIB_PER_MIB: f64 = 1024.0;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid()))?;
        let held = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = held.and_then(|held| held.split_whitespace().next()).context(field)?;
        Ok(kib.parse::<f64>()? / KIB_PER_MIB)
    }

    /// The sum of a metric's values over its labels; 0 when nobody has counted yet.
    pub(super) async fn metric(&self, name: &str) -> Result<f64> {
        let url = format!("http://{}/metrics", self.health);
        let text = http::client()?.get(url).send().await?.error_for_status()?.text().await?;
        let of_metric = |line: &&str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
        };
        let values = text.lines().filter(of_metric).filter_map(|line| line.rsplit(' ').next());
        Ok(values.filter_map(|value| value.parse::<f64>().ok()).fold(0.0, |sum, value| sum + value))
    }

    /// Ends the process in good order.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.process.check()?;
        if !self.process.stop(Signal::SIGTERM, STOP_LIMIT).await? {
            bail!("{} did not end within {STOP_LIMIT:?}", self.process.name());
        }
        Ok(())
    }
}
