//! What can go wrong with the broker. The answer is always the same: give the connection up and retry.

use std::time::Duration;

use tokio::time::timeout;

/// The broker could not be asked, or did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No answer within the limit. Also what an alarm of the broker looks like: it stops reading.
    #[error("RabbitMQ did not answer within {limit_ms} ms: {what}")]
    Silent {
        /// What was asked.
        what: &'static str,
        /// How long we waited.
        limit_ms: u128,
    },
    /// The broker, or the connection to it, answered with an error.
    #[error("RabbitMQ refused, or the connection was lost: {what}")]
    Failed {
        /// What was asked.
        what: &'static str,
        /// What AMQP says about it.
        #[source]
        source: lapin::Error,
    },
}

/// Awaits the broker for at most `limit`. Nothing in this crate waits for the broker without it: under an
/// alarm, the broker leaves even the closing of a connection unanswered.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &'static str,
    call: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match timeout(limit, call).await {
        Ok(answer) => answer.map_err(|source| BrokerError::Failed { what, source }),
        Err(_) => Err(BrokerError::Silent { what, limit_ms: limit.as_millis() }),
    }
}
