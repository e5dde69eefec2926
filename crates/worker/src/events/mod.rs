//! The `events` queue: routing what was recorded.

mod fan_out;
mod group;
mod lifecycle;
mod read;
mod route;

use hookyard_domain::job::JobKind;
use hookyard_queue::Queue;

pub(crate) use self::fan_out::Filters;
pub(crate) use self::read::payload;
use crate::context::Context;
use crate::intake::{self, Shape, Taken};

/// Events that are leased and routed together.
const GROUP_MAX: usize = 256;
/// Messages that the broker hands out in advance; each carries up to 128 pointers. They are not counted as waiting,
/// so the sweep may take the jobs behind them for lost ones: few, then.
const PREFETCH: u16 = 16;

/// Routes events until the stop.
pub(crate) async fn run(context: Context) {
    let shape = Shape {
        kind: JobKind::Event,
        slots: context.settings.work.events_concurrency,
        group_max: GROUP_MAX,
    };
    let consumer = context.consume(Queue::Events, PREFETCH);
    let start = |taken: Taken| {
        let routing = context.clone();
        context.work.spawn("route", async move {
            route::route(&routing, taken.leases).await;
            drop(taken.slot);
        });
    };
    intake::run(context.clone(), consumer, shape, start).await;
}
