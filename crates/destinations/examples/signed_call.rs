//! Prints one signed call as JSON, for the verifying libraries of Standard Webhooks (docs/integrations/webhook.md).

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::time::{Duration, UNIX_EPOCH};

use hookyard_destinations::{
    AddressPolicy, Event, EventHead, Receiver, ReceiverUrl, SigningKey, Workspace,
};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::ids::{DeliveryId, EventId, WorkspaceId};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;
use uuid::Uuid;

fn main() {
    // The verifying libraries take no call that is older than five minutes.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the clock is read")]
    let since_epoch =
        std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at = Timestamp::UNIX_EPOCH + since_epoch;

    let (old, new) = (SigningKey::from_random([1; 32]), SigningKey::from_random([2; 32]));
    let url = ReceiverUrl::parse(
        ConnectionKind::Webhook,
        "https://example.com/hook",
        &AddressPolicy::default(),
    )
    .expect("it is a public https URL");
    let receiver = Receiver::connect(ConnectionKind::Webhook, url, || old.clone());
    let keys = receiver.signing_keys().expect("signed endpoints have keys").rotated(new.clone());
    let receiver = receiver.with_signing_keys(keys);

    let head = EventHead {
        id: EventId(Uuid::from_u128(1)),
        event_type: "order.paid".to_owned(),
        workspace: Workspace {
            id: WorkspaceId(Uuid::from_u128(2)),
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
        },
        occurred_at: at,
    };
    let event = Event::new(head, r#"{"total": 9.50, "note": "héllo ☃"}"#.as_bytes())
        .expect("the data is JSON");
    let outgoing = receiver
        .request(&event, None, DeliveryId(Uuid::from_u128(3)), at)
        .expect("an event without a template is always rendered");

    let headers: serde_json::Map<_, _> = outgoing
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    let body = String::from_utf8_lossy(outgoing.body());
    let keys = [old.text().expose_secret(), new.text().expose_secret()];
    println!("{}", json!({ "headers": headers, "body": body, "keys": keys }));
}
