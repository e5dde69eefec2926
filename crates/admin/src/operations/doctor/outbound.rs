//! What goes out: do the connections work, and what waits for them.

use hookyard_store::{Conn, StoreError, doctor};

use super::Check;

/// A delivery that waits longer for a place meets a receiver that takes less than it is sent, in milliseconds.
const WAITING_MS_MAX: i64 = 60 * 60 * 1000;

pub(super) const CONNECTIONS: &str = "connections";
pub(super) const DELIVERIES: &str = "deliveries";

pub(super) async fn connections(conn: &Conn) -> Result<Check, StoreError> {
    let ill = doctor::ill_connections(conn).await?;
    if ill.is_empty() {
        return Ok(Check::ok(CONNECTIONS, "none is disabled or failing"));
    }
    let told: Vec<String> = ill.iter().map(|it| format!("{} {}", it.id, it.status)).collect();
    Ok(Check::warn(
        CONNECTIONS,
        told.join(", "),
        "see `hookyard-admin connection show ID` for the error and `connection test ID`; then connect anew, enable, or \
         disconnect",
    ))
}

pub(super) async fn deliveries(conn: &Conn) -> Result<Check, StoreError> {
    let lanes = doctor::waiting_lanes(conn).await?;
    if lanes.is_empty() {
        return Ok(Check::ok(DELIVERIES, "none waits for a place at its receiver"));
    }
    let told: Vec<String> =
        lanes.iter().map(|lane| format!("{} for {}", lane.parked, lane.receiver)).collect();
    let found = format!("waiting for a place: {}", told.join(", "));
    if lanes.iter().all(|lane| lane.oldest_ms <= WAITING_MS_MAX) {
        return Ok(Check::ok(DELIVERIES, found));
    }
    Ok(Check::warn(
        DELIVERIES,
        found,
        "some wait for more than an hour: start a worker for the queue `deliveries`, or let the receiver take more with \
         `hookyard-admin connection set-limits ID`",
    ))
}
