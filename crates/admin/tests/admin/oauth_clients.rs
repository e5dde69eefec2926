//! Applications that are told of connected integrations.

use hookyard_domain::delivery::SubscriberKind;
use hookyard_store::fan_out;
use serde_json::{Value, json};

use crate::yard::{Yard, items, receiver, text};

const ADD: [&str; 8] =
    ["oauth-client", "add", "--workspace", "acme", "--scope", "integration", "--name", "app"];

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_added_granted_revoked_and_removed() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let url = receiver.url_of("/app");
    let added = yard.json(&[&ADD[..], &["--webhook-url", &url]].concat());
    assert_eq!((&added["scopes"], &added["grants"]), (&json!(["integration"]), &json!(0)));
    assert_eq!(receiver.total(), 0, "adding a client sends nothing");
    let again = yard.run(&[&ADD[..], &["--webhook-url", &url]].concat());
    assert!(again.code == 1 && again.stderr.contains("choose another name"), "{again:?}");

    let id = text(&added, "id");
    let change = |command: &str| yard.json(&["oauth-client", command, &id, "--user", "user-7"]);
    let grants = || yard.json(&["oauth-client", "show", &id])["grants"].clone();
    assert_eq!(
        (change("grant"), grants()),
        (json!({"ok": true, "id": id, "userId": "user-7", "granted": true}), json!(1))
    );
    assert_eq!((change("grant")["granted"].clone(), grants()), (json!(true), json!(1)));
    assert_eq!((change("revoke")["granted"].clone(), grants()), (json!(false), json!(0)));
    assert_eq!((change("grant")["granted"].clone(), grants()), (json!(true), json!(1)));
    assert_eq!(yard.json(&["oauth-client", "remove", &id])["cancelled"], 0);
    assert_eq!(items(&yard.json(&["oauth-client", "list"])), [] as [Value; 0]);
    assert_eq!(yard.number("select count(*) as n from oauth_grant").await, 0);
    let lines = "select count(*) as n from audit_log where action like 'oauth_client.%'";
    assert_eq!(yard.number(lines).await, 5, "added, granted, revoked, granted, removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_with_a_grant_of_the_connecting_user_are_told() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let url = receiver.url_of("/app");
    let client = yard.id(&[&ADD[..], &["--webhook-url", &url]].concat());
    yard.json(&["oauth-client", "grant", &client, "--user", "user-7"]);
    let connect =
        ["connection", "connect", "--workspace", "acme", "--kind", "webhook", "--url", &url];
    for (name, user, told) in [
        ("one", &["--user", "user-7"][..], true),
        ("two", &["--user", "user-8"], false),
        ("three", &[], false),
    ] {
        let connection = yard.id(&[&connect[..], &["--name", name], user].concat());
        let listed = yard.json(&["events", "list", "--type", "integration.connected"]);
        let event = text(&items(&listed)[0], "id");
        let shown = yard.run(&["events", "show", &event, "--body"]).stdout;
        let body: Value = serde_json::from_str(&shown).unwrap();
        let integration = &body["integration"];
        assert_eq!(
            (text(integration, "id"), text(integration, "provider")),
            (connection, "webhook".to_owned())
        );
        let conn = yard.owner().await;
        let candidates = fan_out::candidates(&conn, &[event.parse().unwrap()]).await.unwrap();
        let clients =
            candidates.iter().filter(|it| it.subscriber_kind == SubscriberKind::OauthClient);
        assert_eq!(clients.count(), usize::from(told), "{name}");
    }
}

#[tokio::test]
async fn a_client_needs_a_known_scope_and_a_user_a_name() {
    let yard = Yard::new().await;
    yard.workspace();
    let scope = [
        "oauth-client",
        "add",
        "--workspace",
        "acme",
        "--name",
        "app",
        "--webhook-url",
        "https://x.example/",
        "--scope",
        "mcp",
    ];
    let ran = yard.run(&scope);
    assert!(ran.code == 64 && ran.stderr.contains("known are: integration"), "{ran:?}");
    let unknown = ["oauth-client", "grant", "oac_01h455vb4pex5vsknk084sn02q", "--user"];
    assert_eq!(yard.run(&[&unknown[..], &["user-7"]].concat()).code, 2);
    assert_eq!(yard.run(&[&unknown[..], &[""]].concat()).code, 64);
    assert_eq!(yard.run(&[&unknown[..], &["a\nb"]].concat()).code, 64);
}
