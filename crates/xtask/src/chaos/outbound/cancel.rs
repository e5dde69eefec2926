//! The operator, who calls deliveries off that wait.

use std::time::Duration;

use hookyard_domain::ids::DeliveryId;
use hookyard_testkit::gateway::Gateway;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{CalledOff, Outbound, locked, now};

const PAUSE: Duration = Duration::from_millis(700);
/// The newest that waits for the receiver with one place: others come before it.
const WAITING: &str = "select delivery.id from delivery
      join connection on connection.id = delivery.receiver_id and connection.name = 'held'
     where delivery.state = 'pending' order by delivery.id desc limit 1";

/// Calls one off every now and then. What is not confirmed, for whatever reason, is not written down.
pub(super) async fn run(outbound: &Outbound, gateway: &Gateway, calm: &CancellationToken) {
    while calm.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_some() {
        let Ok(rows) = gateway.db().try_rows(WAITING).await else { continue };
        let id = rows.first().and_then(|row| row["id"].as_str()?.parse::<Uuid>().ok());
        let Some(delivery) = id.map(|id| DeliveryId(id).to_string()) else { continue };
        let cancelled = gateway.admin().run(&["deliveries", "cancel", &delivery], "").await;
        if cancelled.status.success() {
            locked(&outbound.called_off).push(CalledOff { delivery, confirmed: now() });
        }
    }
}
