//! What goes out, set up over HTTP: connections, integrations, subscriptions, OAuth clients; and sources and events.

use hookyard_testkit::receiver_sim::{ReceiverSim, ReceiverSimConfig};
use serde_json::{Value, json};

use crate::http::Served;
use crate::yard::{Yard, items, receiver, text};

const ACME: &str = "/v1/workspaces/acme";

/// A workspace, its API, and an admin's token.
async fn acme() -> (Yard, Served, String) {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "admin");
    (yard, served, ada)
}

async fn closed() -> String {
    let receiver: ReceiverSim = ReceiverSim::start(ReceiverSimConfig::default()).await.unwrap();
    let url = receiver.url_of("/hook");
    receiver.stop().await;
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_saved_changed_and_let_go() {
    let (yard, served, ada) = acme().await;
    let receiver = receiver().await;
    let list = format!("{ACME}/connections");
    let url = receiver.url_of("/hook/0123456789abcdef");
    let made = served.post(&list, &ada, &json!({ "kind": "webhook", "url": url, "userId": "u1" }));
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let secret = text(&made["item"], "signingSecret");
    let one = format!("{list}/{}", text(&made["item"], "id"));
    let shown = served.get(&one, &ada);
    assert!(!shown.body.contains("0123456789abcdef") && !shown.body.contains(&secret), "{shown:?}");
    assert_eq!(served.post(&format!("{one}/test"), &ada, &json!({})).json()["item"]["ok"], true);
    let change = json!({ "name": "ci", "concurrencyMax": 3 });
    let changed = served.call("PATCH", &one, &ada, Some(&change)).json();
    assert_eq!(
        (&changed["item"]["name"], &changed["item"]["concurrencyMax"]),
        (&json!("ci"), &json!(3))
    );
    let rotated = served.post(&format!("{one}/rotate-secret"), &ada, &json!({})).json();
    assert_eq!(rotated["item"]["signingKeys"], 2);
    assert_ne!(text(&rotated["item"], "signingSecret"), secret);
    assert_eq!(
        served.post(&format!("{one}/disable"), &ada, &json!({})).json()["item"]["status"],
        "disabled"
    );
    assert_eq!(
        served.post(&format!("{one}/enable"), &ada, &json!({})).json()["item"]["status"],
        "connected"
    );
    let all = served.post(&format!("{list}/test"), &ada, &json!({})).json();
    assert_eq!(items(&all)[0]["ok"], true);
    receiver.stop().await;
    let failed = served.post(&format!("{one}/test"), &ada, &json!({}));
    assert_eq!((failed.status, &failed.json()["error"]), (502, &json!("test_failed")));
    assert_eq!(served.call("DELETE", &one, &ada, None).status, 204);
    assert_eq!(served.get(&one, &ada).json()["item"]["status"], "disconnected");
    assert!(!yard.json(&["audit", "list"]).to_string().contains("0123456789abcdef"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_predecessors_find_their_integrations() {
    let (_yard, served, ada) = acme().await;
    let all = format!("{ACME}/integrations");
    let listed = served.get(&all, &ada).json();
    let kinds: Vec<&Value> =
        listed["integrations"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(kinds, ["slack", "discord", "webhook"]);
    assert_eq!(listed["integrations"][2]["status"], "disconnected");

    let one = format!("{all}/webhook");
    let connect = format!("{one}/connect");
    let failed = served.post(&connect, &ada, &json!({ "webhookUrl": closed().await }));
    assert_eq!((failed.status, &failed.json()["error"]), (502, &json!("test_failed")));
    assert_eq!(served.get(&one, &ada).json()["integration"]["id"], Value::Null);
    let receiver = receiver().await;
    let url = receiver.url_of("/hook");
    let done = served.post(&connect, &ada, &json!({ "url": url })).json();
    assert_eq!(
        (&done["success"], text(&done, "message")),
        (&json!(true), "Webhook integration connected".to_owned())
    );
    assert_eq!(served.get(&one, &ada).json()["integration"]["isActive"], true);
    assert_eq!(served.post(&format!("{one}/test"), &ada, &json!({})).json()["success"], true);
    receiver.stop().await;
    let failed = served.post(&format!("{one}/test"), &ada, &json!({}));
    assert_eq!((failed.status, &failed.json()["success"]), (502, &json!(false)));
    assert_eq!(served.call("DELETE", &one, &ada, None).json()["success"], true);
    let gone = served.post(&format!("{one}/disconnect"), &ada, &json!({}));
    assert_eq!((gone.status, &gone.json()["error"]), (404, &json!("integration_not_found")));
    let unknown = served.get(&format!("{all}/fax"), &ada);
    assert_eq!((unknown.status, &unknown.json()["details"]["field"]), (400, &json!("kind")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_tried_made_changed_in_part_and_removed() {
    let (yard, served, ada) = acme().await;
    let receiver = receiver().await;
    let connection = text(&yard.connected(&receiver.url_of("/hook")), "id");
    let list = format!("{ACME}/subscriptions");
    let trial = json!({
        "connectionId": connection, "filter": "n == `12345678901234567`", "eventType": "order.paid",
        "data": { "n": 12_345_678_901_234_567_i64 },
    });
    let tried = served.post(&format!("{list}/try"), &ada, &trial);
    assert_eq!((tried.status, &tried.json()["item"]["matched"]), (200, &json!(true)), "{tried:?}");
    let neither = served.post(&format!("{list}/try"), &ada, &json!({ "connectionId": connection }));
    assert_eq!(neither.status, 400);

    let new = json!({ "connectionId": connection, "eventTypes": ["post.*"], "filter": "a" });
    let made = served.post(&list, &ada, &new);
    assert_eq!(made.status, 201, "{made:?}");
    let one = format!("{list}/{}", text(&made.json()["item"], "id"));
    let patch = |body: Value| served.call("PATCH", &one, &ada, Some(&body));
    let bare = patch(json!({ "filter": null, "active": false })).json();
    assert_eq!((&bare["item"]["filter"], &bare["item"]["active"]), (&json!(null), &json!(false)));
    assert_eq!(bare["item"]["eventTypes"], json!(["post.*"]));
    let broken = patch(json!({ "filter": "a ===" }));
    assert_eq!((broken.status, &broken.json()["error"]), (422, &json!("invalid_value")));
    let wrong = patch(json!({ "eventTypes": ["po st"] }));
    assert_eq!((wrong.status, &wrong.json()["details"]["field"]), (400, &json!("eventTypes")));
    let of = served.get(&format!("{list}?connection={connection}"), &ada).json();
    assert_eq!(items(&of).len(), 2);
    assert_eq!(served.call("DELETE", &one, &ada, None).status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oauth_client_is_added_granted_and_removed() {
    let (_yard, served, ada) = acme().await;
    let receiver = receiver().await;
    let list = format!("{ACME}/oauth-clients");
    let new = json!({
        "name": "core", "webhookUrl": receiver.url_of("/0123456789abcdef"), "secret": "s-0123456789",
        "scopes": ["integration"],
    });
    let made = served.post(&list, &ada, &new);
    assert_eq!(made.status, 201, "{made:?}");
    assert!(!made.body.contains("0123456789"), "{made:?}");
    let one = format!("{list}/{}", text(&made.json()["item"], "id"));
    let granted = served.post(&format!("{one}/grant"), &ada, &json!({ "userId": "u1" })).json();
    assert_eq!(granted["item"]["granted"], true);
    assert_eq!(served.get(&one, &ada).json()["item"]["grants"], 1);
    let revoked = served.post(&format!("{one}/revoke"), &ada, &json!({ "userId": "u1" })).json();
    assert_eq!(revoked["item"]["granted"], false);
    assert_eq!(served.call("DELETE", &one, &ada, None).status, 204);
    assert_eq!(served.get(&one, &ada).status, 404);
}

#[tokio::test]
async fn a_source_is_made_with_a_secret_that_nobody_reads_again() {
    let (_yard, served, ada) = acme().await;
    let list = format!("{ACME}/sources");
    let new = json!({ "provider": "github", "slug": "hub", "secret": "s-0123456789" });
    let made = served.post(&list, &ada, &new);
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert!(text(&made["item"], "path").starts_with("/v1/webhooks/sources/src_"), "{made}");
    let one = format!("{list}/{}", text(&made["item"], "id"));
    let rotate = json!({ "secret": "s-9876543210", "keepOldS": 60 });
    let rotated = served.post(&format!("{one}/rotate"), &ada, &rotate);
    assert_eq!(rotated.json()["item"]["secrets"], 2, "{rotated:?}");
    assert!(!served.get(&one, &ada).body.contains("9876543210"));
    assert!(
        text(
            &served.post(&format!("{one}/disable"), &ada, &json!({})).json()["item"],
            "disabledAt"
        )
        .len()
            > 10
    );
    assert_eq!(
        served.post(&format!("{one}/enable"), &ada, &json!({})).json()["item"]["disabledAt"],
        json!(null)
    );
    let long = served.post(
        &format!("{one}/rotate"),
        &ada,
        &json!({ "secret": "x", "keepOldS": 99_999_999 }),
    );
    assert_eq!(long.status, 422);
}

#[tokio::test]
async fn an_admin_publishes_an_event_whose_numbers_keep_their_digits() {
    let (yard, served, ada) = acme().await;
    let publish = |token: &str, data: &str| {
        let body = format!(r#"{{"type": "order.paid", "data": {data}}}"#);
        served.raw(&format!(
            "POST {ACME}/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\nidempotency-key: k1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let first = publish(&ada, r#"{"total": 1.10, "n": 123456789012345678901}"#);
    assert_eq!(first.status, 202, "{first:?}");
    let again = publish(&ada, r#"{"total": 1.10, "n": 123456789012345678901}"#).json();
    assert_eq!((&again["id"], &again["repeated"]), (&first.json()["id"], &json!(true)));
    let other = publish(&ada, r#"{"total": 2}"#);
    assert_eq!((other.status, &other.json()["error"]), (409, &json!("conflict")));
    let body = yard.run(&["events", "show", &text(&again, "id"), "--body"]).stdout;
    assert!(body.contains("1.10") && body.contains("123456789012345678901"), "{body}");
    let (_, bob) = yard.member("acme", "bob", "member");
    assert_eq!(publish(&bob, "{}").status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_who_granted_a_client_access_are_listed_page_by_page() {
    let (yard, served, ada) = acme().await;
    let receiver = receiver().await;
    let url = receiver.url_of("/app");
    let new = json!({ "name": "app", "webhookUrl": url, "scopes": ["integration"] });
    let made = served.post(&format!("{ACME}/oauth-clients"), &ada, &new).json();
    let id = text(&made["item"], "id");
    let one = format!("{ACME}/oauth-clients/{id}");
    for user in ["u-3", "u-1", "u-2"] {
        assert_eq!(
            served.post(&format!("{one}/grant"), &ada, &json!({ "userId": user })).status,
            200
        );
    }
    served.post(&format!("{one}/revoke"), &ada, &json!({ "userId": "u-2" }));

    let users = |page: &Value| items(page).iter().map(|it| text(it, "userId")).collect::<Vec<_>>();
    let first = served.get(&format!("{one}/grants?limit=2"), &ada).json();
    assert_eq!(
        (users(&first), &first["nextCursor"]),
        (vec!["u-1".into(), "u-2".into()], &json!("u-2"))
    );
    assert_eq!(items(&first)[0]["revokedAt"], Value::Null);
    assert_ne!(items(&first)[1]["revokedAt"], Value::Null);
    let second = served.get(&format!("{one}/grants?limit=2&cursor=u-2"), &ada).json();
    assert_eq!((users(&second), &second["nextCursor"]), (vec!["u-3".into()], &Value::Null));

    assert_eq!(users(&yard.json(&["oauth-client", "grants", &id])), ["u-1", "u-2", "u-3"]);
    let told = yard.run(&["oauth-client", "grants", &id, "--limit", "2"]).stdout;
    assert!(told.contains("more: --cursor u-2"), "{told}");
    let unknown = yard.run(&["oauth-client", "grants", "oac_01h455vb4pex5vsknk084sn02q"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    let status = || yard.run(&["oauth-client", "list"]).stdout;
    assert!(status().contains("STATUS") && status().contains("active"), "{}", status());
    yard.execute("update oauth_client set status = 'disabled'").await;
    assert!(status().contains("disabled"), "{}", status());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_tells_how_its_secrets_and_its_callers_stand() {
    let (yard, served, ada) = acme().await;
    let new = json!({ "provider": "github", "slug": "gh", "secret": "first" });
    let made = served.post(&format!("{ACME}/sources"), &ada, &new).json();
    let fresh = &made["item"];
    assert_eq!((&fresh["secrets"], &fresh["oldSecretUntil"]), (&json!(1), &Value::Null));
    assert_eq!((&fresh["lastVerifiedAt"], &fresh["lastFailedAt"]), (&Value::Null, &Value::Null));
    let one = format!("{ACME}/sources/{}", text(fresh, "id"));
    let rotate = json!({ "secret": "second", "keepOldS": 3600 });
    let rotated = served.post(&format!("{one}/rotate"), &ada, &rotate).json();
    assert_eq!(rotated["item"]["secrets"], 2);
    assert_ne!(rotated["item"]["oldSecretUntil"], Value::Null);
    yard.execute(
        "insert into event (id, received_at, source_id, body_bytes, origin, type, headers, body)
         select uuid_v7(now()), now(), id, 2, 'webhook', 'github.push', '{}', '{}' from source",
    )
    .await;
    yard.execute(
        "insert into signature_failures (source_id, window_start, failures)
         select id, '2026-01-31T12:00:00Z', 20 from source",
    )
    .await;
    let shown = served.get(&one, &ada).json();
    assert_ne!(shown["item"]["lastVerifiedAt"], Value::Null, "{shown:#}");
    assert_eq!(
        (&shown["item"]["lastFailedAt"], &shown["item"]["lastFailures"]),
        (&json!("2026-01-31T12:00:00Z"), &json!(20))
    );
    let listed = served.get(&format!("{ACME}/sources"), &ada).json();
    assert_eq!(items(&listed)[0], shown["item"]);
    let shown = yard.run(&["source", "show", &text(fresh, "id")]).stdout;
    for part in
        ["valid secrets", "old secret ends", "last verified", "20 signatures in the quarter"]
    {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(yard.run(&["source", "list"]).stdout.contains("OLD ENDS"));
}
