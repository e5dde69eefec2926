//! Makes partitions ahead of time and applies retention, a bounded bite at a time.

use std::time::Duration;

use hookyard_store::partitions::{self, Drop as Dropped};
use hookyard_store::schema::PARTITION_DAYS_AHEAD;
use hookyard_store::{Conn, StoreError, retention, signature_failures, tallies};
use metrics::{counter, gauge};
use tracing::{info, warn};

use crate::context::Context;

/// How often the house is kept.
const PAUSE: Duration = Duration::from_mins(1);
/// Bites of one kind in one round.
const BITES_MAX: usize = 200;

/// Keeps house until the stop.
pub(crate) async fn run(context: Context) {
    loop {
        if let Err(error) = keep_house(&context).await {
            warn!(%error, "housekeeping failed; it is tried again in a minute");
        }
        if context.stop.run_until_stopped(tokio::time::sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

async fn keep_house(context: &Context) -> Result<(), StoreError> {
    let keep = &context.settings.keep;
    let conn = context.store.conn().await?;
    let made = partitions::make(&conn, PARTITION_DAYS_AHEAD).await?;
    if made > 0 {
        info!(made, "made {made} event partitions");
    }
    let ahead = partitions::days_ahead(&conn).await?;
    gauge!("hookyard_event_partition_days_ahead").set(i32::try_from(ahead).unwrap_or(i32::MAX));
    for day in partitions::expired(&conn, keep.event_days).await? {
        match partitions::drop_day(&conn, day).await {
            Ok(Dropped::Dropped) => info!(%day, "dropped the events of {day}"),
            Ok(Dropped::Absent | Dropped::TooYoung) => {}
            Ok(
                held @ (Dropped::HeldByJob | Dropped::HeldBySyncEvent | Dropped::HeldByDelivery),
            ) => {
                counter!("hookyard_retention_held_back_total").increment(1);
                warn!(%day, ?held, "the events of {day} are kept: unfinished work points to them");
            }
            Err(error) => warn!(%day, %error, "the events of {day} could not be dropped now"),
        }
    }
    forget(context, &conn, Old::DedupeKeys { days: keep.dedupe_days }).await;
    forget(context, &conn, Old::EventWorkspaces).await;
    forget(context, &conn, Old::Rollups).await;
    tell_of_signature_failures(context, conn).await
}

/// Tells the owners of sources whose callers' signatures keep failing.
async fn tell_of_signature_failures(context: &Context, mut conn: Conn) -> Result<(), StoreError> {
    let tx = conn.begin().await?;
    let told = signature_failures::tell(&tx).await?;
    tx.commit().await?;
    if told > 0 {
        warn!(told, "the signatures of calls to {told} sources keep failing");
        context.due.notify_one(); // An event tells of it.
    }
    signature_failures::forget(&conn).await.map(drop)
}

/// What is forgotten when it is too old.
enum Old {
    DedupeKeys { days: i32 },
    EventWorkspaces,
    Rollups,
}

impl Old {
    async fn bite(&self, conn: &Conn) -> Result<u64, StoreError> {
        match self {
            Self::DedupeKeys { days } => retention::forget_dedupe_keys(conn, *days).await,
            Self::EventWorkspaces => retention::forget_event_workspaces(conn).await,
            Self::Rollups => tallies::forget_old(conn).await,
        }
    }
}

/// Takes bites until there is nothing left; what cannot be forgotten now can be later.
async fn forget(context: &Context, conn: &Conn, old: Old) {
    for _ in 0..BITES_MAX {
        match old.bite(conn).await {
            Ok(0) => return,
            Ok(_) if context.stop.is_stopping() => return,
            Ok(_) => {}
            Err(error) => {
                warn!("what is too old could not be forgotten now: {}", error.brief());
                return;
            }
        }
    }
}
