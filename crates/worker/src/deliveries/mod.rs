//! The `deliveries` queue: telling receivers of events.
//!
//! ```text
//!   intake ──▶ desk ──▶ call ──▶ recorder
//!   parked ──▶  │ lease, place,    │ 256 with one statement:
//!               │ lane, event      │ attempt, state, end of the job
//! ```
//!
//! No delivery costs a round trip of its own: they are leased, read and recorded by the batch.

mod call;
mod desk;
mod held;
mod intake;
mod lanes;
mod limiter;
mod materials;
mod parked;
mod places;
mod recorder;
mod suspects;

use std::sync::Arc;
use std::time::Duration;

use hookyard_destinations::Sender;
use hookyard_process::Tasks;
use hookyard_queue::Queue;
use hookyard_vault::KeyRing;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use self::desk::Desk;
use self::held::Held;
use self::lanes::Lanes;
use self::materials::Materials;
use self::places::Places;
use crate::context::Context;
use crate::quarantine::Quarantine;

/// Messages that the broker hands out in advance; each carries up to 128 pointers.
const PREFETCH: u16 = 8;
/// Connections that record at once: while one waits for a lock, the other goes on.
const RECORDERS: usize = 2;
/// What may wait to be recorded.
const UNRECORDED_MAX: usize = 1024;
/// Suspected deliveries that may wait for their turn.
const SUSPECTS_MAX: usize = 1024;
/// How much of the drain is left for giving back what was cut off.
const DRAIN_LEFT: Duration = Duration::from_secs(2);

/// Sends deliveries until the stop.
pub(crate) async fn run(context: Context, sender: Sender, keys: KeyRing) {
    let settings = &context.settings.deliveries;
    let (limits, rules) = (settings.limits(), settings.health_rules());
    let places = Places::new(usize::from(settings.at_once), settings.bytes_max());
    let (done, handed_over) = mpsc::channel(UNRECORDED_MAX);
    let (suspects, suspected) = mpsc::channel(SUSPECTS_MAX);
    let desk = Arc::new(Desk {
        sender,
        materials: Materials::new(context.store.clone(), keys),
        places,
        lanes: Lanes::default(),
        held: Arc::new(Held::default()),
        calls: Tasks::new(context.stop.clone()),
        apart: Quarantine::default(),
        cut_off: CancellationToken::new(),
        closed: CancellationToken::new(),
        done,
        suspects,
        context: context.clone(),
    });
    let handed_over = Arc::new(Mutex::new(handed_over));
    for _ in 0..RECORDERS {
        let recording = recorder::run(Arc::clone(&desk), Arc::clone(&handed_over), rules);
        context.work.spawn("recorder", recording);
    }
    suspects::start(&desk, suspected);
    let working = async {
        let consumer = context.consume(Queue::Deliveries, PREFETCH);
        tokio::join!(
            intake::run(Arc::clone(&desk), consumer, limits),
            parked::run(Arc::clone(&desk), limits),
            parked::look(Arc::clone(&desk)),
        );
        desk.calls.drain(context.settings.drain).await;
        desk.closed.cancel();
    };
    // The leases are renewed until the last call is over.
    tokio::select! {
        () = working => {}
        () = desk.held.keep(&context.store) => {}
        () = cut_off(&desk) => {}
    }
}

/// Cuts calls off that would outlast the drain; never returns.
async fn cut_off(desk: &Desk) {
    desk.context.stop.stopped().await;
    tokio::time::sleep(desk.context.settings.drain.saturating_sub(DRAIN_LEFT)).await;
    desk.cut_off.cancel();
    std::future::pending::<()>().await;
}
