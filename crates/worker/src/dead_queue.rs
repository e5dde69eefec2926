//! The broker's dead-letter queue: messages that were delivered too often, or refused.
//!
//! A message is only a hint, so most of them are dropped here: their jobs exist, and the sweep looks after those,
//! or are finished. What points to nothing that ever was is kept for people to look at.

use std::time::Duration;

use hookyard_domain::ids::RejectedMessageId;
use hookyard_queue::{Feed, Message};
use hookyard_store::{StoreError, jobs, rejected_messages};
use tracing::warn;

use crate::clock;
use crate::context::Context;

/// Messages that the broker hands out in advance.
const PREFETCH: u16 = 8;
/// How long a message rests that could not be looked into.
const PAUSE: Duration = Duration::from_secs(5);

/// Empties the dead-letter queue until the stop.
pub(crate) async fn run(context: Context) {
    let mut consumer = context.consume(Feed::Dead, PREFETCH);
    while let Some(message) = consumer.next().await {
        match settle(&context, &message).await {
            Ok(()) => {
                message.ack().await;
            }
            Err(error) => {
                warn!(%error, "a dead letter of the broker could not be looked into; it stays there");
                drop(message);
                if context.stop.run_until_stopped(tokio::time::sleep(PAUSE)).await.is_none() {
                    return;
                }
            }
        }
    }
}

async fn settle(context: &Context, message: &Message) -> Result<(), StoreError> {
    let conn = context.store.conn().await?;
    let reason = match &message.pointers {
        Err(reason) => reason.to_string(),
        Ok(subjects) => match jobs::unknown_subjects(&conn, subjects).await? {
            0 => return Ok(()),
            unknown => format!(
                "{unknown} of its {} pointers point to nothing that is known",
                subjects.len()
            ),
        },
    };
    let queue = message.queue.map_or("unknown", |queue| queue.as_str());
    warn!(queue, %reason, "a dead letter of the broker is kept as a rejected message");
    rejected_messages::insert(
        &conn,
        RejectedMessageId(clock::new_id()),
        queue,
        &reason,
        &message.raw,
    )
    .await
}
