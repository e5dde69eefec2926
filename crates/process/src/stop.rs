use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Exit codes of processes that a signal ended start here, by the shells' convention.
const EXIT_SIGNAL_BASE: i32 = 128;

/// The wish that the process ends, passed to everything that waits or loops. Clones share one wish.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    failed: Arc<AtomicBool>,
}

impl Stop {
    /// Stops when it is triggered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops on SIGTERM and SIGINT as well; a second signal exits at once, without draining.
    ///
    /// Must be called within a runtime. An error means that the signals cannot be watched.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::new();
        let mut signals = Signals::watch()?;
        let wish = stop.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "watches for the second signal while everything else is drained"
        )]
        tokio::spawn(async move {
            let (name, _) = signals.next().await;
            info!("{name}: stopping; a second signal exits at once");
            wish.trigger();
            let (name, number) = signals.next().await;
            warn!("{name} again: exiting without finishing what is under way");
            std::process::exit(EXIT_SIGNAL_BASE + number);
        });
        Ok(stop)
    }

    /// Everything that was passed a clone stops. Repeating it changes nothing.
    pub fn trigger(&self) {
        self.token.cancel();
    }

    /// Stops because something without which the process is useless has ended.
    pub fn trigger_failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.trigger();
    }

    /// Whether the process ends by a failure and should say so by its exit code.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub fn is_stopping(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Returns when the process is to stop. Cancel safe.
    pub async fn stopped(&self) {
        self.token.cancelled().await;
    }

    /// The future's output, or `None` if the stop came first; the future is then dropped where it stands.
    pub async fn run_until_stopped<F: Future>(&self, future: F) -> Option<F::Output> {
        self.token.run_until_cancelled(future).await
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        }
    }
}
