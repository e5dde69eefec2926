//! One call, sent until somebody answers 2xx: what a provider with redeliveries does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_testkit::gateway::{Call, Caller};
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

/// How a call went.
pub(super) struct Delivered {
    pub(super) refused: Vec<u16>,
    pub(super) accepted: bool,
}

/// Sends a call to one caller after the other, as a balancer does that finds one of them away.
pub(super) async fn deliver(call: Call, callers: Vec<Caller>, sockets: Sockets) -> Delivered {
    let started = Instant::now();
    let mut refused = Vec::new();
    let mut pause = FIRST_PAUSE;
    for caller in callers.iter().cycle() {
        let socket = sockets.0.acquire().await.expect("the semaphore is never closed");
        let answered = timeout(TRY_LIMIT, caller.try_post(call.clone())).await;
        drop(socket);
        match answered {
            Ok(Ok(answer)) if answer.is_success() => return Delivered { refused, accepted: true },
            Ok(Ok(answer)) => refused.push(answer.status),
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
