//! Deliveries that wait for a place: leased as soon as one is free, lane by lane, workspaces taking turns.
//!
//! Lanes become known by what was parked here and by a look each second, which finds what anybody has parked, also
//! before this process began.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_store::StoreError;
use hookyard_store::delivery_jobs::{self, Lane, LaneCursor, Leased, Limits, Work};
use tracing::debug;

use super::desk::Desk;
use super::intake::{LEASED_MAX, start};
use super::lanes::Round;
use crate::clock;

/// How often all lanes are looked through.
const LOOK: Duration = Duration::from_secs(1);
/// Looks between two clearings of what is no longer of use.
const LOOKS_PER_CLEARING: u32 = 60;
/// Lanes that are leased of with one statement: each costs it a lock and a count, so that few lanes and several jobs of
/// each cost less than many and one.
const LANES_MAX: usize = 32;
/// How long nothing is leased after it failed.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Leases parked deliveries until the stop.
pub(super) async fn run(desk: Arc<Desk>, limits: Limits) {
    let stop = desk.context.stop.clone();
    loop {
        let next = async {
            loop {
                let room = |lane: &Lane| desk.places.room_of(lane.workspace);
                let limit = LEASED_MAX.min(desk.places.free());
                if let Some(round) = desk.lanes.next(LANES_MAX, limit, Instant::now(), room) {
                    return round;
                }
                let timer = async {
                    match desk.lanes.next_timer() {
                        Some(at) => tokio::time::sleep_until(at.into()).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = desk.lanes.changed.notified() => {}
                    () = timer => {}
                }
            }
        };
        let Some(round) = stop.run_until_stopped(next).await else { return };
        if let Err(error) = lease(&desk, &round, limits).await {
            debug!("parked deliveries cannot be leased now: {}", error.brief());
            desk.lanes.wait(round.lanes, Instant::now());
            if stop.run_until_stopped(tokio::time::sleep(FAILURE_PAUSE)).await.is_none() {
                return;
            }
        }
    }
}

async fn lease(desk: &Arc<Desk>, round: &Round, limits: Limits) -> Result<(), StoreError> {
    let conn = desk.context.store.conn().await?;
    let limit = i64::try_from(round.limit).unwrap_or(i64::MAX);
    let (asked, owner) = (Instant::now(), desk.context.owner);
    let work = delivery_jobs::lease_parked(&conn, &round.lanes, owner, limit, limits).await?;
    drop(conn);
    let lanes: Vec<Lane> = work.iter().map(|it: &Work| it.receiver.lane).collect();
    desk.lanes.leased(round, &lanes, Instant::now());
    start(desk, Leased { work, parked: Vec::new() }, asked).await;
    Ok(())
}

/// Looks for lanes with parked deliveries every second until the stop.
pub(super) async fn look(desk: Arc<Desk>) {
    let mut cursor = LaneCursor::default();
    let mut looks: u32 = 0;
    // Apart from those of other workers.
    let apart = || LOOK.mul_f64(0.75 + 0.5 * clock::random_share());
    while desk.context.stop.run_until_stopped(tokio::time::sleep(apart())).await.is_some() {
        desk.places.observe();
        looks += 1;
        if looks.is_multiple_of(LOOKS_PER_CLEARING) {
            desk.lanes.forget(Instant::now());
        }
        let found = async {
            let conn = desk.context.store.conn().await?;
            delivery_jobs::parked_lanes(&conn, cursor, clock::random_id()).await
        };
        match found.await {
            Ok((lanes, next)) => {
                cursor = next;
                if !lanes.is_empty() {
                    desk.lanes.wait(lanes, Instant::now());
                }
            }
            Err(error) => debug!("parked deliveries cannot be looked for: {}", error.brief()),
        }
    }
}
