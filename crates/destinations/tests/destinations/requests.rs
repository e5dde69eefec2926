//! Whole requests, as receivers get them.

use hookyard_destinations::{
    Event, Integration, Outgoing, Receiver, ReceiverUrl, RenderError, SigningKey, SigningKeys,
    Template, body_signature, integration_connected,
};
use hookyard_domain::connection::ConnectionKind;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{AT, delivery, event, loopback, receiver, workspace};

const URL: &str = "https://example.com/hooks";

fn header<'a>(outgoing: &'a Outgoing, name: &str) -> Option<&'a str> {
    outgoing.headers().get(name).map(|value| value.to_str().unwrap())
}

fn body(outgoing: &Outgoing) -> Value {
    serde_json::from_slice(outgoing.body()).unwrap()
}

fn request(receiver: &Receiver, event: &Event) -> Outgoing {
    receiver.request(event, None, delivery(), AT).unwrap()
}

#[test]
fn a_signed_call_has_the_headers_of_both_schemes() {
    let receiver = receiver(ConnectionKind::Webhook, URL);
    let outgoing = request(&receiver, &event("order.paid", "{}"));
    let id = delivery().to_string();
    assert_eq!(header(&outgoing, "webhook-id"), Some(id.as_str()));
    assert_eq!(header(&outgoing, "webhook-timestamp"), Some("1763632800"));
    let keys = SigningKeys::new(SigningKey::from_random([7; 32]));
    let signature = keys.signature(&id, AT, outgoing.body());
    assert_eq!(header(&outgoing, "webhook-signature"), Some(signature.as_str()));

    assert_eq!(header(&outgoing, "x-webhook-delivery"), Some(id.as_str()));
    assert_eq!(header(&outgoing, "x-webhook-event"), Some("order.paid"));
    let hmac = body_signature(keys.newest().text(), outgoing.body());
    assert_eq!(header(&outgoing, "x-webhook-secret"), Some(hmac.as_str()));
}

#[test]
fn every_attempt_has_the_same_id_and_its_own_signature() {
    let receiver = receiver(ConnectionKind::Webhook, URL);
    let event = event("order.paid", "{}");
    let first = request(&receiver, &event);
    let later = AT + jiff::SignedDuration::from_secs(5);
    let second = receiver.request(&event, None, delivery(), later).unwrap();
    assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
    assert_ne!(header(&first, "webhook-signature"), header(&second, "webhook-signature"));
    assert_eq!(first.body(), second.body());
}

#[test]
fn a_template_makes_the_body_that_is_signed() {
    let receiver = receiver(ConnectionKind::Webhook, URL);
    let template =
        Template::parse(ConnectionKind::Webhook, r#"{"total": {{ data.total }}}"#).unwrap();
    let event = event("order.paid", r#"{"total":9}"#);
    let outgoing = receiver.request(&event, Some(&template), delivery(), AT).unwrap();
    assert_eq!(outgoing.body(), r#"{"total": 9}"#);
    let keys = receiver.signing_keys().unwrap();
    assert_eq!(
        header(&outgoing, "webhook-signature"),
        Some(keys.signature(&delivery().to_string(), AT, outgoing.body()).as_str())
    );
}

#[test]
fn a_template_makes_the_text_of_a_message() {
    let event = event("order.paid", r#"{"who":"<@U1>"}"#);
    let send = |kind, url| {
        let template = Template::parse(kind, "Paid by {{ data.who }}").unwrap();
        body(&receiver(kind, url).request(&event, Some(&template), delivery(), AT).unwrap())
    };
    let slack = send(ConnectionKind::Slack, "https://hooks.slack.com/services/T0/B0/abc");
    assert_eq!(slack["blocks"][0]["text"]["text"], "Paid by &lt;@U1&gt;");
    let discord = send(ConnectionKind::Discord, "https://discord.com/api/webhooks/1/abc");
    assert_eq!(discord["content"], r"Paid by \<\@U1\>");
    assert_eq!(discord["allowed_mentions"], json!({ "parse": [] }));
}

fn oauth_client(secret: Option<&str>) -> Receiver {
    let url = ReceiverUrl::parse(ConnectionKind::Webhook, URL, &loopback()).unwrap();
    Receiver::oauth_client(url, secret.map(SecretString::from))
}

fn connected() -> Event {
    let integration = Integration {
        id: "conn_1".to_owned(),
        provider: "slack".to_owned(),
        account_id: None,
        mcp_endpoint: None,
        name: "team".to_owned(),
        icon: None,
    };
    event("integration.connected", &integration_connected("user-7", &integration).to_string())
}

#[test]
fn an_oauth_client_gets_the_documented_call() {
    let outgoing = request(&oauth_client(Some("s3cret-of-the-client")), &connected());
    assert_eq!(
        body(&outgoing),
        json!({
            "event": "integration.connected",
            "user_id": "user-7",
            "integration": { "id": "conn_1", "provider": "slack", "account_id": null,
                             "mcp_endpoint": null, "name": "team", "icon": null },
            "timestamp": "2025-11-20T10:00:00.000Z",
        })
    );
    assert_eq!(header(&outgoing, "x-webhook-event"), Some("integration.connected"));
    let uuid = delivery().0.to_string();
    assert_eq!(header(&outgoing, "x-webhook-delivery"), Some(uuid.as_str()));
    let hmac = body_signature(&SecretString::from("s3cret-of-the-client"), outgoing.body());
    assert_eq!(header(&outgoing, "x-webhook-secret"), Some(hmac.as_str()));
    assert_eq!(header(&outgoing, "webhook-signature"), None);
}

#[test]
fn an_oauth_client_without_a_secret_gets_no_signature_and_nothing_but_integrations() {
    let client = oauth_client(None);
    assert_eq!(header(&request(&client, &connected()), "x-webhook-secret"), None);
    let other = client.request(&event("order.paid", "{}"), None, delivery(), AT);
    assert!(matches!(other, Err(RenderError::NotAnIntegration)));
}

#[test]
fn a_test_names_the_workspace() {
    for (kind, url) in [
        (ConnectionKind::Slack, "https://hooks.slack.com/services/T0/B0/abc"),
        (ConnectionKind::Discord, "https://discord.com/api/webhooks/1/abc"),
        (ConnectionKind::Webhook, URL),
    ] {
        let outgoing = receiver(kind, url).test_request(&workspace(), Uuid::from_u128(9), AT);
        assert!(body(&outgoing).to_string().contains("Acme"), "{kind}");
    }
    let signed =
        receiver(ConnectionKind::Webhook, URL).test_request(&workspace(), Uuid::from_u128(9), AT);
    assert_eq!(body(&signed)["type"], "test");
    assert!(header(&signed, "webhook-signature").unwrap().starts_with("v1,"));
}

#[test]
fn discord_sees_a_user_agent_of_its_form() {
    let discord = receiver(ConnectionKind::Discord, "https://discord.com/api/webhooks/1/abc");
    let outgoing = request(&discord, &event("order.paid", "{}"));
    assert!(header(&outgoing, "user-agent").unwrap().starts_with("DiscordBot (https://"));
}
