//! Recording what came of deliveries, by the batch.
//!
//! A statement costs as much as the records of a dozen deliveries. So while many are under way, those that are done
//! wait some milliseconds for others, as long as others keep coming: some that hang are not waited for. One that is
//! alone under way is recorded at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;
use hookyard_store::delivery_jobs::{
    self, HealthRules, Lane, Tried, TriedReceiver, TryResult, Unsent, UnsentEnd, Work,
};
use hookyard_store::{Conn, StoreError};
use metrics::counter;
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::{debug, error, info, trace, warn};

use super::desk::Desk;
use super::held::HeldLease;
use super::places::Place;

/// Deliveries recorded with one statement.
const BATCH_MAX: usize = 256;
/// As many as make a statement worth its while: of more, each costs hardly less.
const BATCH_GOOD: usize = 128;
/// How long those that are done wait for others of those that are under way, in all and for the next one.
const GATHERING: Duration = Duration::from_millis(12);
const GATHERING_NEXT: Duration = Duration::from_millis(2);
/// The shortest and the longest wait before a database that is away is asked again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A delivery that this process is done with, but for the record.
pub(super) struct Done {
    lease: HeldLease,
    lane: Lane,
    receiver: TriedReceiver,
    ending: Ending,
    /// Free again once it is recorded.
    place: Option<Place>,
    /// Told when it is recorded.
    pub(super) recorded: Option<oneshot::Sender<()>>,
}

/// How this process is done with a delivery.
pub(super) enum Ending {
    Tried(Box<Try>),
    /// It ends without a call.
    Unsent(UnsentEnd),
    /// Somebody goes on with it after so many milliseconds; without a time it waits for a place.
    Back(Option<u64>),
    /// It is somebody else's by now.
    Lost,
}

/// One try.
pub(super) struct Try {
    pub(super) began: Instant,
    pub(super) took: Duration,
    pub(super) status: Option<u16>,
    pub(super) headers: Option<String>,
    pub(super) excerpt: Option<String>,
    pub(super) result: TryResult,
}

impl Done {
    /// What came of a delivery that took no place.
    pub(super) fn of(work: &Work, lease: HeldLease, ending: Ending) -> Self {
        Self {
            lease,
            lane: work.receiver.lane,
            receiver: TriedReceiver::from(&*work.receiver),
            ending,
            place: None,
            recorded: None,
        }
    }

    /// The same of one that holds this place.
    pub(super) fn with_place(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }
}

/// Records until the desk is closed and nothing is left.
pub(super) async fn run(
    desk: Arc<Desk>,
    handed_over: Arc<Mutex<mpsc::Receiver<Done>>>,
    rules: HealthRules,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        gather(&desk, &mut *handed_over.lock().await, &mut batch).await;
        if batch.is_empty() {
            return;
        }
        record_all(&desk, &batch, rules).await;
        settle(&desk, &mut batch);
    }
}

/// Waits for something to record, and for enough of it or not for long. Nothing: the desk is closed.
async fn gather(desk: &Desk, handed_over: &mut mpsc::Receiver<Done>, batch: &mut Vec<Done>) {
    tokio::select! {
        biased;
        _ = handed_over.recv_many(batch, BATCH_MAX) => {}
        () = desk.closed.cancelled() => return,
    }
    let gathering = async {
        while batch.len() < desk.places.taken().div_ceil(2).min(BATCH_GOOD) {
            let next = handed_over.recv_many(batch, BATCH_MAX - batch.len());
            if tokio::time::timeout(GATHERING_NEXT, next).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = gathering => {}
        () = desk.closed.cancelled() => {}
        () = tokio::time::sleep(GATHERING) => {}
    }
}

/// Frees what the batch held, and lets those that wait for it know.
fn settle(desk: &Desk, batch: &mut Vec<Done>) {
    let now = Instant::now();
    let parked = batch.iter().filter(|done| matches!(done.ending, Ending::Back(None)));
    let parked: Vec<Lane> = parked.map(|done| done.lane).collect();
    let lanes: Vec<Lane> = batch.iter().map(|done| done.lane).collect();
    for done in batch.drain(..) {
        drop((done.place, done.lease));
        if done.recorded.is_some_and(|recorded| recorded.send(()).is_err()) {
            trace!("nobody waited for the record of a delivery");
        }
    }
    if !parked.is_empty() {
        desk.lanes.wait(parked, now);
    }
    desk.lanes.freed(lanes, now);
}

/// Writes a batch. While the database is away it is kept and tried again: what was sent must not be sent twice for
/// want of a record.
async fn record_all(desk: &Desk, batch: &[Done], rules: HealthRules) {
    let mut pause = ExponentialBackoff {
        initial_interval: PAUSE_MIN,
        max_interval: PAUSE_MAX,
        max_elapsed_time: None,
        ..ExponentialBackoff::default()
    };
    loop {
        match record(desk, batch, rules).await {
            Ok(()) => return,
            Err(error) if error.is_unavailable() => {
                warn!("{} deliveries are not recorded yet: {}", batch.len(), error.brief());
                tokio::time::sleep(pause.next_backoff().unwrap_or(PAUSE_MAX)).await;
            }
            Err(error) if batch.len() > 1 => {
                warn!("{} deliveries are recorded one by one: {}", batch.len(), error.brief());
                for done in batch.chunks(1) {
                    Box::pin(record_all(desk, done, rules)).await;
                }
                return;
            }
            Err(error) => {
                // Its lease runs out, and it is tried again: at last it is given up as one that nobody can end.
                error!("a delivery cannot be recorded: {}", error.brief());
                return;
            }
        }
    }
}

async fn record(desk: &Desk, batch: &[Done], rules: HealthRules) -> Result<(), StoreError> {
    let mut conn = desk.context.store.conn().await?;
    let (mut tried, mut unsent, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for done in batch {
        match &done.ending {
            Ending::Tried(it) => tried.push(done.tried(it)),
            Ending::Unsent(end) => {
                unsent.push(Unsent { lease: done.lease.lease, end: end.clone() });
            }
            Ending::Back(wait_ms) => back.push((done.lease.lease, *wait_ms)),
            Ending::Lost => {}
        }
    }
    record_tries(desk, &mut conn, &tried, rules).await?;
    if !unsent.is_empty() {
        let ended = delivery_jobs::end_unsent(&conn, &unsent).await?.len();
        counter!("hookyard_worker_deliveries_unsent_total").increment(ended as u64);
    }
    if !back.is_empty() {
        let given_back = delivery_jobs::put_back(&conn, &back).await?.len();
        counter!("hookyard_worker_deliveries_put_back_total").increment(given_back as u64);
    }
    Ok(())
}

async fn record_tries(
    desk: &Desk,
    conn: &mut Conn,
    tries: &[Tried],
    rules: HealthRules,
) -> Result<(), StoreError> {
    if tries.is_empty() {
        return Ok(());
    }
    let recorded = delivery_jobs::record(conn, tries, rules).await?;
    counter!("hookyard_worker_deliveries_recorded_total")
        .increment(recorded.deliveries.len() as u64);
    for connection in recorded.disabled {
        info!(connection.id = %connection, "connection {connection} was switched off: its receiver is gone, or has done nothing but fail");
        desk.context.due.notify_one(); // An event tells of it.
    }
    let fenced = tries.len().saturating_sub(recorded.deliveries.len());
    if fenced > 0 {
        counter!("hookyard_worker_fenced_total").increment(fenced as u64);
        debug!("{fenced} deliveries were somebody else's by now");
    }
    Ok(())
}

impl Done {
    fn tried(&self, it: &Try) -> Tried {
        Tried {
            lease: self.lease.lease,
            lane: self.lane,
            receiver: self.receiver,
            began_ms_ago: u64::try_from(it.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            duration_ms: u32::try_from(it.took.as_millis()).unwrap_or(u32::MAX),
            status: it.status,
            response_headers: it.headers.clone(),
            excerpt: it.excerpt.clone(),
            result: it.result.clone(),
        }
    }
}
