//! Deliveries that may have ended their last worker: few at a time, in any order.
//!
//! If one of them ends this process too, hardly any other was under way with it, and hardly ever the same one: so only
//! the one that did it is given up at last.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::call::Call;
use super::desk::Desk;
use super::recorder::Ending;

/// Suspected deliveries under way at once. More than one, so that a receiver that hangs does not hold up all others.
const AT_ONCE: usize = 4;

/// Starts to carry suspected deliveries out, until the stop.
pub(super) fn start(desk: &Arc<Desk>, suspects: mpsc::Receiver<Call>) {
    let suspects = Arc::new(Mutex::new(suspects));
    for _ in 0..AT_ONCE {
        desk.calls.spawn("suspects", run(Arc::clone(desk), Arc::clone(&suspects)));
    }
}

async fn run(desk: Arc<Desk>, suspects: Arc<Mutex<mpsc::Receiver<Call>>>) {
    let stop = desk.context.stop.clone();
    let next = async || suspects.lock().await.recv().await;
    while let Some(Some(call)) = stop.run_until_stopped(next()).await {
        carry_out(&desk, call).await;
    }
    let mut left = suspects.lock().await;
    left.close();
    while let Some(call) = left.recv().await {
        desk.hand_over(call.end(Ending::Back(Some(0)))).await;
    }
}

/// Carries a delivery out and waits until that is on record.
async fn carry_out(desk: &Desk, call: Call) {
    let ending = match desk.admit(&call.work) {
        Ok(()) => call.attempt(desk).await,
        Err(ending) => ending,
    };
    let mut done = call.end(ending);
    let (recorded, on_record) = oneshot::channel();
    done.recorded = Some(recorded);
    desk.hand_over(done).await;
    drop(on_record.await); // An error says that the process stops.
}
