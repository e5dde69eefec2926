//! Gathers calls of proven senders, without waiting, into batches; each is one statement in one transaction.
//!
//! ```text
//!   calls ──▶ waiting (bounded) ──▶ committer 1 ──▶ commit ──▶ answers, pointers to publish
//!                              └──▶ committer 2
//! ```
//!
//! While one committer waits for its commit the next batch gathers by itself: the batches are as large as the
//! load makes them. A batch whose connection breaks is recorded again over the next one, as long as its callers
//! wait: a short absence of the database costs them only time.

mod committer;
mod crowd;
mod database;

use std::sync::Arc;

use hookyard_process::{Readiness, Tasks};
use hookyard_store::StoreSettings;
use hookyard_store::ingest::{Arrival, Earlier, Rearmed, Recorded};
use tokio::sync::{Semaphore, oneshot};

use self::crowd::Crowd;
use self::database::Database;
use crate::budget::Charge;
use crate::clock::Clock;
use crate::publishing::Publishing;
use crate::settings::Recording;

/// What became of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What became of each of its events, in order.
    pub(crate) recorded: Vec<Recorded>,
    /// What was found of it if it came before.
    pub(crate) known: Option<Known>,
}

/// What was found of a call that came before.
#[derive(Debug)]
pub(crate) enum Known {
    /// A provider's: perhaps its event was given another chance.
    Delivery(Rearmed),
    /// An application's.
    Publication(Earlier),
}

/// The call was not recorded, or nobody knows whether it was: the sender must try again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotRecorded;

/// A call that waits to be recorded.
struct Waiting {
    /// Its events: one, but for an application's.
    arrivals: Vec<Arrival>,
    /// False for a call that counts only if it was never seen: its repetition gives nothing another chance.
    fresh: bool,
    answer: oneshot::Sender<Result<Outcome, NotRecorded>>,
    /// The body is in memory as long as the call waits, whether or not its sender does.
    _charge: Charge,
}

/// Hands calls to the committers. Its drop ends them when everything is answered.
pub(crate) struct Recorder {
    waiting: async_channel::Sender<Waiting>,
    crowd: Arc<Crowd>,
    clock: Clock,
}

/// Starts the committers.
pub(crate) fn start(
    store: &StoreSettings,
    publishing: &Publishing,
    readiness: &Readiness,
    settings: &Recording,
    tasks: &Tasks,
) -> Recorder {
    let capacity = usize::try_from(settings.waiting_calls_max).unwrap_or(usize::MAX);
    let (waiting, calls) = async_channel::bounded(capacity);
    let clock = Clock::default();
    let turns = Arc::new(Semaphore::new(1));
    let crowd = Arc::new(Crowd::default());
    let database = Arc::new(Database::new(readiness.gate("database")));
    for _ in 0..settings.committers {
        let committer = committer::Committing {
            store: store.clone(),
            calls: calls.clone(),
            turns: Arc::clone(&turns),
            crowd: Arc::clone(&crowd),
            publishing: publishing.clone(),
            clock: clock.clone(),
            database: Arc::clone(&database),
        };
        tasks.spawn("committer", committer.run());
    }
    Recorder { waiting, crowd, clock }
}

impl Recorder {
    /// The database's clock, as well as it is known.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Records all events of a call or none; returns after the commit.
    pub(crate) async fn record(
        &self,
        arrivals: Vec<Arrival>,
        fresh: bool,
        charge: Charge,
    ) -> Result<Outcome, NotRecorded> {
        let (answer, answered) = oneshot::channel();
        // Full: the database cannot keep up, and the sender hears so at once.
        let waiting = Waiting { arrivals, fresh, answer, _charge: charge };
        self.waiting.try_send(waiting).map_err(|_| NotRecorded)?;
        self.crowd.came(self.waiting.len());
        answered.await.map_err(|_| NotRecorded)?
    }
}
