//! Deliveries as people read them.

use hookyard_admin::operations::deliveries::DeliveryView;
use hookyard_store::delivery_list::{Attempt, Delivery, ReceiverId, SubscriberId};

use crate::output::{Fields, Table, duration_ms, since, time};

pub(super) fn table(items: &[Delivery]) -> String {
    let mut table =
        Table::new(&["ID", "CREATED", "TYPE", "STATE", "TRIES", "NEXT", "RECEIVER", "ERROR"]);
    for it in items {
        table.row([
            it.id.to_string(),
            time(it.created_at),
            it.event_type.clone(),
            it.state.to_string(),
            it.attempts.to_string(),
            since(it.next_attempt_at),
            it.receiver.clone().unwrap_or_default(),
            it.error.clone().unwrap_or_default(),
        ]);
    }
    table.render("no deliveries")
}

/// The facts, a table of the tries, and what the receiver said at last.
pub(super) fn text(view: &DeliveryView) -> String {
    let mut text = facts(view).render();
    text.push('\n');
    text.push_str(&tries(&view.detail.tries));
    let said = view.detail.tries.last().and_then(|it| it.response_excerpt.as_deref());
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        text.push('\n');
        text.push_str(&Fields::default().field("the receiver said at last", said).render());
    }
    text
}

fn facts(view: &DeliveryView) -> Fields {
    let it = &view.detail.delivery;
    let receiver = match it.receiver_id {
        ReceiverId::Connection(id) => id.to_string(),
        ReceiverId::OauthClient(id) => id.to_string(),
    };
    let subscription = match it.subscriber_id {
        SubscriberId::Subscription(id) => Some(id),
        SubscriberId::OauthClient(_) => None,
    };
    let name = it.receiver.as_deref().unwrap_or("(removed)");
    Fields::default()
        .field("delivery", it.id)
        .maybe("workspace", it.workspace.as_ref())
        .field("state", it.state)
        .field("since", time(it.state_at))
        .field("event", format!("{} {}", it.event_id, it.event_type))
        .field("receiver", format!("{receiver} {name}"))
        .maybe("subscription", subscription)
        .field("created", time(it.created_at))
        .field("tries", it.attempts)
        .maybe("next try", it.next_attempt_at.map(time))
        .maybe("cancellation asked for", it.cancel_requested_at.map(time))
        .maybe("last status", it.response_status)
        .maybe("last class", it.error_class.as_ref())
        .maybe("error", it.error.as_ref())
        .maybe("job", view.job.map(|job| job.id))
}

fn tries(items: &[Attempt]) -> String {
    let mut table = Table::new(&["TRY", "STARTED", "TOOK", "STATUS", "RESULT", "ERROR"]);
    for it in items {
        table.row([
            it.number.to_string(),
            time(it.started_at),
            duration_ms(i64::from(it.duration_ms)),
            it.response_status.map(|status| status.to_string()).unwrap_or_default(),
            it.error_class.clone().unwrap_or_else(|| "delivered".to_owned()),
            it.error.clone().unwrap_or_default(),
        ]);
    }
    table.render("no try yet")
}
