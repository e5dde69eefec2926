//! One call, sent until somebody answers 2xx: what a provider with redeliveries does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hookyard_testkit::gateway::{Call, Caller, Member};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long one try is waited for.
const TRY_LIMIT: Duration = Duration::from_secs(15);
/// Between the first two tries; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause. All callers of an outage come back, and must not be an outage themselves.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A sender that gives up.
const GIVE_UP_AFTER: Duration = Duration::from_mins(3);

/// Tries in flight at once: an outage of seconds piles up thousands of calls, and a process has so many sockets.
const TRIES_MAX: usize = 256;

/// The connections that calls share.
#[derive(Debug, Clone)]
pub(super) struct Sockets(Arc<Semaphore>);

impl Default for Sockets {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TRIES_MAX)))
    }
}

/// An ingress as a balancer sees it.
#[derive(Debug, Clone)]
pub(super) struct Door {
    caller: Caller,
    ready: Arc<AtomicBool>,
}

impl Door {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller, ready: Arc::new(AtomicBool::new(true)) }
    }

    /// Takes note of what the ingress says of itself.
    pub(super) async fn look(&self, ingress: &Member) {
        self.ready.store(ingress.is_ready().await, Ordering::Relaxed);
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

/// How a call went.
pub(super) struct Delivered {
    pub(super) refused: Vec<u16>,
    pub(super) accepted: bool,
}

/// Sends a call to one ingress after the other, as a balancer does: one that is not ready is left out while another is,
/// and where nobody listens no call was made.
pub(super) async fn deliver(call: Call, doors: Vec<Door>, sockets: Sockets) -> Delivered {
    let started = Instant::now();
    let mut refused = Vec::new();
    let mut pause = FIRST_PAUSE;
    let mut away = 0;
    for door in doors.iter().cycle() {
        if !door.is_ready() && doors.iter().any(Door::is_ready) {
            continue;
        }
        let socket = sockets.0.acquire().await.expect("the semaphore is never closed");
        let answered = timeout(TRY_LIMIT, door.caller.try_post(call.clone())).await;
        drop(socket);
        match answered {
            Ok(Ok(answer)) if answer.is_success() => return Delivered { refused, accepted: true },
            Ok(Ok(answer)) => refused.push(answer.status),
            Ok(Err(error)) if Caller::nobody_listens(&error) => {
                away += 1;
                if away % doors.len() != 0 {
                    continue;
                }
            }
            Ok(Err(_)) | Err(_) => refused.push(0),
        }
        if started.elapsed() > GIVE_UP_AFTER {
            break;
        }
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
    Delivered { refused, accepted: false }
}
