//! The `syncs` queue: reconciling targets with the heads of their branches.
//!
//! ```text
//!   start ──▶ head ──▶ tree ──▶ plugins ──▶ plan ──▶ contents ──▶ end
//!    │ one short      GitHub, no transaction open                 │ one transaction:
//!    │ transaction                                                │ changes, record, end of the job
//! ```

mod contents;
mod head;
mod parse;
mod plugins;
mod reconcile;
mod run;

use hookyard_domain::job::JobKind;
use hookyard_queue::Queue;

use crate::context::Context;
use crate::intake::{self, Shape, Taken};

/// Messages that the broker hands out in advance: what waits here is work that another worker could do.
const PREFETCH: u16 = 1;

/// Reconciles targets until the stop.
pub(crate) async fn run(context: Context) {
    let slots = context.settings.work.syncs_concurrency;
    let shape = Shape { kind: JobKind::Sync, slots, group_max: 1 };
    let consumer = context.consume(Queue::Syncs, PREFETCH);
    let start = |taken: Taken| {
        let running = context.clone();
        context.work.spawn("sync", async move {
            for lease in taken.leases {
                run::run(&running, lease).await;
            }
            drop(taken.slot);
        });
    };
    intake::run(context.clone(), consumer, shape, start).await;
}
