//! Connecting other systems, testing them, and letting them go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hookyard_testkit::receiver_sim::{ProgrammedAnswer, Received};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::yard::{Yard, items, receiver, text};

const FORBIDDEN: i32 = 77;

/// The signature of Standard Webhooks, made by hand.
pub(crate) fn signature(call: &Received, key: &str) -> String {
    let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    for part in [call.header("webhook-id"), ".", call.header("webhook-timestamp"), "."] {
        mac.update(part.as_bytes());
    }
    mac.update(&call.body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn system_events(yard: &Yard, event_type: &str) -> usize {
    items(&yard.json(&["events", "list", "--type", event_type])).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_tested_by_a_signed_sample_and_its_key_is_shown_once() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let connected = yard.connected(&receiver.url_of("/hook"));
    let key = text(&connected, "signingSecret");
    assert_eq!(text(&connected, "message"), "Webhook integration connected");
    assert_eq!(
        (&connected["status"], &connected["name"]),
        (&json!("connected"), &json!("default"))
    );

    let calls = receiver.received_at("/hook");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].header("webhook-signature"), signature(&calls[0], &key));
    let sample: Value = serde_json::from_slice(&calls[0].body).unwrap();
    assert_eq!(sample["type"], "test");
    assert!(sample.to_string().contains("Acme"), "{sample}");

    let id = text(&connected, "id");
    for arguments in [&["connection", "show", &id][..], &["connection", "list"], &["audit", "list"]]
    {
        assert!(!yard.json(arguments).to_string().contains(&key), "{arguments:?}");
    }
    let subscriptions = yard.json(&["subscription", "list", "--workspace", "acme"]);
    let only = &items(&subscriptions)[0];
    assert_eq!((text(only, "connectionId"), &only["eventTypes"]), (id, &json!(["*"])));
    assert_eq!(system_events(&yard, "integration.connected"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_test_fails_is_not_saved_and_an_old_one_stays_as_it_is() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    receiver.answer("/ill", vec![ProgrammedAnswer::status(500)]).unwrap();
    let connect = ["connection", "connect", "--workspace", "acme", "--kind", "webhook", "--url"];
    let ill = receiver.url_of("/ill");
    let refused = |arguments: &[&str]| {
        let ran = yard.run(arguments);
        assert!(ran.code == 1 && ran.stderr.contains("nothing was saved"), "{ran:?}");
        assert!(ran.stderr.contains("500") && !ran.stderr.contains("/ill"), "{ran:?}");
    };
    refused(&[&connect[..], &[&ill]].concat());
    assert_eq!(items(&yard.json(&["connection", "list"])), [] as [Value; 0]);
    assert_eq!(yard.number("select count(*) as n from subscription").await, 0);

    let before = yard.connected(&receiver.url_of("/well"));
    refused(&[&connect[..], &[&ill]].concat());
    let after = yard.json(&["connection", "show", &text(&before, "id")]);
    assert_eq!(after["updatedAt"], before["updatedAt"]);
    yard.json(&["connection", "test", &text(&before, "id")]);
    assert_eq!(receiver.count("/well"), 2);
    assert_eq!(system_events(&yard, "integration.connected"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_again_replaces_the_credentials_and_keeps_the_rest() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let first = yard.connected(&receiver.url_of("/one"));
    let id = text(&first, "id");
    yard.json(&["connection", "set-limits", &id, "--concurrency", "3"]);
    yard.json(&["connection", "disable", &id]);
    let second = yard.connected(&receiver.url_of("/two"));
    assert_eq!((text(&second, "id"), &second["status"]), (id, &json!("connected")));
    assert_eq!(text(&second, "message"), "Webhook integration updated");
    assert_ne!(second["signingSecret"], first["signingSecret"]);
    assert_eq!(second["concurrencyMax"], 3);
    assert_eq!(items(&yard.json(&["subscription", "list"])).len(), 1);
    assert_eq!(system_events(&yard, "integration.connected"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_and_discord_are_sent_a_message_that_names_the_workspace() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    receiver.answer("/api/*", vec![ProgrammedAnswer::status(204)]).unwrap();
    for (kind, path) in
        [("slack", "/services/T000/B000/abcDEF123"), ("discord", "/api/webhooks/123456789/abc-DEF")]
    {
        let connect = [
            "connection",
            "connect",
            "--workspace",
            "acme",
            "--kind",
            kind,
            "--secret-stdin",
            "--json",
        ];
        let connected = yard.run_with(&connect, &receiver.url_of(path)).json();
        assert_eq!((text(&connected, "kind"), connected.get("signingSecret")), (kind.into(), None));
        let call = &receiver.received_at(path)[0];
        assert!(String::from_utf8_lossy(&call.body).contains("Acme"), "{call:?}");
    }
    let tested = yard.json(&["connection", "test", "--all", "--workspace", "acme"]);
    assert!(items(&tested).len() == 2 && items(&tested).iter().all(|it| it["ok"] == true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_tells_what_the_receiver_said_and_keeps_it_on_record() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let id = text(&yard.connected(&receiver.url_of("/plantedInThePath")), "id");
    let said = ProgrammedAnswer {
        body: "no such /plantedInThePath".to_owned(),
        ..ProgrammedAnswer::status(404)
    };
    receiver.answer("/plantedInThePath", vec![said]).unwrap();
    let ran = yard.run(&["connection", "test", &id, "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let tested: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&tested["ok"], &tested["responseStatus"]), (&json!(false), &json!(404)));
    assert!(text(&tested, "responseExcerpt").starts_with("no such"), "{tested}");
    assert!(!ran.stdout.contains("planted"), "{ran:?}");
    let shown = yard.json(&["connection", "show", &id]);
    assert_eq!(shown["status"], "action_needed");
    assert!(text(&shown, "lastError").contains("404"), "{shown}");
    assert_eq!(yard.run(&["connection", "test", "--all"]).code, 1);

    receiver.answer("/plantedInThePath", vec![ProgrammedAnswer::default()]).unwrap();
    assert_eq!(yard.json(&["connection", "test", &id])["ok"], true);
    let shown = yard.json(&["connection", "show", &id]);
    assert_eq!((&shown["status"], &shown["lastError"]), (&json!("connected"), &json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_fails_in_passing_stops_no_delivery() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let id = text(&yard.connected(&receiver.url_of("/hook")), "id");
    let after = |status: u16| {
        receiver.answer("/hook", vec![ProgrammedAnswer::status(status)]).unwrap();
        yard.run(&["connection", "test", &id]);
        text(&yard.json(&["connection", "show", &id]), "status")
    };
    assert_eq!(after(503), "error", "which is sent to");
    assert_eq!(after(401), "action_needed");
    assert_eq!(after(503), "action_needed", "until a call goes well");
    assert_eq!(after(204), "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_workspace_may_list_and_disconnect_but_neither_connect_nor_test() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let id = text(&yard.connected(&receiver.url_of("/hook")), "id");
    yard.execute("update workspace set plan = 'free'").await;
    let connect = ["connection", "connect", "--workspace", "acme", "--kind", "webhook", "--url"];
    let url = receiver.url_of("/hook");
    for arguments in [[&connect[..], &[&url]].concat(), vec!["connection", "test", &id]] {
        let ran = yard.run(&arguments);
        assert_eq!(ran.code, FORBIDDEN, "{ran:?}");
        let told = "Integrations are available on Starter or Professional plans";
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    assert_eq!(receiver.count("/hook"), 1, "nothing was sent");
    assert_eq!(items(&yard.json(&["connection", "list", "--workspace", "acme"])).len(), 1);
    assert_eq!(yard.json(&["connection", "disconnect", &id])["status"], "disconnected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_connection_forgets_its_credentials_and_can_come_back() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let url = receiver.url_of("/hook");
    let id = text(&yard.connected(&url), "id");
    let gone = yard.json(&["connection", "disconnect", &id, "--reason", "moved"]);
    assert_eq!((&gone["status"], &gone["cancelled"]), (&json!("disconnected"), &json!(0)));
    let sealed = "select count(*) as n from connection where sealed is not null";
    assert_eq!(yard.number(sealed).await, 0);
    assert_eq!(system_events(&yard, "integration.disconnected"), 1);
    for command in ["disconnect", "test", "enable", "disable", "rotate-signing-secret"] {
        let ran = yard.run(&["connection", command, &id]);
        assert!(ran.code == 1 && ran.stderr.contains("is disconnected"), "{ran:?}");
    }
    assert_eq!(items(&yard.json(&["connection", "test", "--all"])), [] as [Value; 0]);
    let back = yard.connected(&url);
    assert_eq!((text(&back, "id"), &back["status"]), (id, &json!("connected")));
}
