//! Counts arrivals and folds what was counted into minutes and hours, a bounded bite at a time.

use std::time::Duration;

use hookyard_store::{StoreError, tallies};
use tracing::warn;

use crate::context::Context;

/// How often it is done: how old the admin's charts may be.
const PAUSE: Duration = Duration::from_secs(15);
/// Bites of one kind in one round.
const BITES_MAX: usize = 100;

/// Counts until the stop.
pub(crate) async fn run(context: Context) {
    loop {
        if let Err(error) = count(&context).await {
            warn!(
                "what happened could not be counted; it is tried again in 15 s: {}",
                error.brief()
            );
        }
        if context.stop.run_until_stopped(tokio::time::sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

async fn count(context: &Context) -> Result<(), StoreError> {
    let mut conn = context.store.conn().await?;
    for _ in 0..BITES_MAX {
        let counted = tallies::count_arrivals(&mut conn).await?;
        let more = counted.is_some_and(|n| n >= tallies::BITE_ROWS_MAX);
        if !more || context.stop.is_stopping() {
            break;
        }
    }
    for _ in 0..BITES_MAX {
        let folded = tallies::fold(&mut conn).await?;
        let more = folded.is_some_and(|n| n >= tallies::BITE_ROWS_MAX);
        if !more || context.stop.is_stopping() {
            break;
        }
    }
    Ok(())
}
