//! The process' metrics in Prometheus' text format.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use metrics::{Unit, describe_gauge, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets of every histogram whose name ends in `_seconds`.
const BUCKETS_SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0];

const RESIDENT: &str = "process_resident_memory_bytes";
const RESIDENT_PEAK: &str = "process_resident_memory_peak_bytes";
const OPEN_FILES: &str = "process_open_fds";
const THREADS: &str = "process_threads";
const UPTIME: &str = "process_uptime_seconds";

#[derive(Clone)]
pub(crate) struct Exporter {
    recorder: PrometheusHandle,
    started: Instant,
}

impl Exporter {
    /// The process' one exporter; the first call installs the recorder and starts the uptime.
    pub(crate) fn install() -> Result<Self, BuildError> {
        static INSTALLED: OnceLock<Exporter> = OnceLock::new();
        static INSTALLING: Mutex<()> = Mutex::new(());

        let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(installed) = INSTALLED.get() {
            return Ok(installed.clone());
        }
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_SECONDS)?
            .install_recorder()?;
        describe();
        Ok(INSTALLED.get_or_init(|| Self { recorder, started: Instant::now() }).clone())
    }

    /// All metrics, those of the process itself read now.
    pub(crate) fn render(&self) -> String {
        gauge!(UPTIME).set(self.started.elapsed().as_secs_f64());
        if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
            for (metric, field, unit) in [
                (RESIDENT, "VmRSS:", 1024),
                (RESIDENT_PEAK, "VmHWM:", 1024),
                (THREADS, "Threads:", 1),
            ] {
                if let Some(value) = status_field(&status, field) {
                    gauge!(metric).set(f64::from(value) * f64::from(unit));
                }
            }
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            // Reading the directory holds one descriptor itself.
            let open = u32::try_from(files.count().saturating_sub(1)).unwrap_or(u32::MAX);
            gauge!(OPEN_FILES).set(open);
        }
        self.recorder.render()
    }

    /// Histograms gather their samples until someone asks; without this they would grow while nobody scrapes.
    pub(crate) fn tidy(&self) {
        self.recorder.run_upkeep();
    }
}

fn describe() {
    describe_gauge!(RESIDENT, Unit::Bytes, "Memory that the process holds");
    describe_gauge!(RESIDENT_PEAK, Unit::Bytes, "Most memory that the process has held");
    describe_gauge!(OPEN_FILES, Unit::Count, "File descriptors that the process has open");
    describe_gauge!(THREADS, Unit::Count, "Threads of the process");
    describe_gauge!(UPTIME, Unit::Seconds, "Time since the process started");
}

/// The number of a line such as `VmRSS:      5120 kB`.
fn status_field(status: &str, field: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}
