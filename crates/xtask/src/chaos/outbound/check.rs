//! Counts what was owed, sent and recorded against what the receivers got.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use hookyard_domain::ids::{DeliveryId, EventId};
use hookyard_testkit::gateway::Gateway;
use hookyard_testkit::receiver_sim::{IdCall, RecordedId};
use jiff::SignedDuration;
use serde_json::Value;
use uuid::Uuid;

use super::report::OutboundLine;
use super::{Disturbance, Outbound, Published, locked};
use crate::chaos::mishap::Mishap;

/// A call may have been on its way when the mishap began; the clocks are the same.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// A delivery as it is on record.
struct Owed {
    id: String,
    state: String,
}

/// What came of everything that was published, mishap by mishap. Only to be asked when no job is left.
pub(in crate::chaos) async fn count(
    outbound: &Outbound,
    gateway: &Gateway,
    mishaps: &[Mishap],
) -> Result<Vec<OutboundLine>> {
    let owed = owed(gateway).await?;
    let received = outbound.receiver.ids();
    let disturbances = locked(&outbound.disturbances).clone();
    let published = locked(&outbound.published).clone();
    let mut lines: Vec<OutboundLine> =
        mishaps.iter().map(|mishap| OutboundLine::new(*mishap)).collect();
    for event in published {
        let Some(line) = lines.iter_mut().find(|line| line.mishap == event.mishap) else {
            continue;
        };
        count_event(line, &event, owed.get(&event.event).map_or(&[], Vec::as_slice));
        for delivery in owed.get(&event.event).into_iter().flatten() {
            count_delivery(line, delivery, received.get(&delivery.id), &disturbances);
        }
    }
    count_called_off(outbound, &received, &mut lines);
    Ok(lines)
}

fn count_event(line: &mut OutboundLine, event: &Published, owed: &[Owed]) {
    line.published += 1;
    let expected = event.yard.receivers().len() as u64;
    let found = owed.len() as u64;
    line.owed += expected;
    line.lost += expected.saturating_sub(found);
    line.doubled += found.saturating_sub(expected);
}

fn count_delivery(
    line: &mut OutboundLine,
    delivery: &Owed,
    received: Option<&RecordedId>,
    disturbances: &[Disturbance],
) {
    let accepted = received.is_some_and(|received| received.accepted > 0);
    match delivery.state.as_str() {
        "delivered" if accepted => line.delivered += 1,
        "dead" => line.dead += 1,
        "cancelled" => line.cancelled += 1,
        _ => line.lost += 1,
    }
    let Some(received) = received else { return };
    line.received += received.count;
    for (first, again) in repeats(&received.calls) {
        line.repeated += 1;
        // Between the two calls somebody died or stood still.
        let explained =
            disturbances.iter().any(|it| it.from - SLACK <= again.at && first.at <= it.to);
        line.unexplained += u64::from(!explained);
    }
}

/// Each call that came after one that was promised success, with that one.
fn repeats(calls: &[IdCall]) -> impl Iterator<Item = (&IdCall, &IdCall)> {
    let first = calls.iter().position(|call| call.status.is_some_and(|status| status < 300));
    let (first, later) = match first {
        Some(at) => (Some(&calls[at]), &calls[at + 1..]),
        None => (None, &calls[..0]),
    };
    later.iter().filter_map(move |again| Some((first?, again)))
}

/// After a confirmed cancellation nothing is sent. All of them are counted with the last mishap.
fn count_called_off(
    outbound: &Outbound,
    received: &HashMap<String, RecordedId>,
    lines: &mut [OutboundLine],
) {
    let Some(line) = lines.last_mut() else { return };
    for called_off in locked(&outbound.called_off).iter() {
        line.called_off += 1;
        let calls = received.get(&called_off.delivery).map_or(&[][..], |known| &known.calls);
        let after = calls.iter().filter(|call| call.at > called_off.confirmed).count();
        line.sent_after += after as u64;
    }
}

/// All deliveries by their event's id.
async fn owed(gateway: &Gateway) -> Result<HashMap<String, Vec<Owed>>> {
    let mut owed: HashMap<String, Vec<Owed>> = HashMap::new();
    for row in gateway.db().rows("select id, event_id, state from delivery").await {
        let id = DeliveryId(uuid(&row["id"])?).to_string();
        let state = row["state"].as_str().unwrap_or_default().to_owned();
        let event = EventId(uuid(&row["event_id"])?).to_string();
        owed.entry(event).or_default().push(Owed { id, state });
    }
    Ok(owed)
}

fn uuid(value: &Value) -> Result<Uuid> {
    let text = value.as_str().context("an id is a text")?;
    text.parse().with_context(|| format!("the id {text}"))
}

#[cfg(test)]
mod tests {
    use hookyard_testkit::receiver_sim::IdCall;

    use super::repeats;

    fn calls(statuses: &[u16]) -> Vec<IdCall> {
        let at = |n: i64| jiff::Timestamp::from_second(n).unwrap();
        (1..).zip(statuses).map(|(n, status)| IdCall { at: at(n), status: Some(*status) }).collect()
    }

    #[test]
    fn only_what_comes_after_a_success_is_a_repeat() {
        for (statuses, expected) in
            [(&[503, 503, 200][..], 0), (&[200, 200], 1), (&[503, 200, 503, 200], 2), (&[], 0)]
        {
            assert_eq!(repeats(&calls(statuses)).count(), expected, "{statuses:?}");
        }
    }
}
