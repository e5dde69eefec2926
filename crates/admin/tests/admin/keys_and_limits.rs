//! What can be changed of a connection: its keys, its limits, whether it is on.

use hookyard_vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::connections::signature;
use crate::secrets::is_stored;
use crate::yard::{Yard, receiver, text};

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_sign_while_a_secret_rotates_and_one_when_it_is_finished() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let connected = yard.connected(&receiver.url_of("/hook"));
    let (id, old) = (text(&connected, "id"), text(&connected, "signingSecret"));
    let signed = || {
        receiver.forget();
        yard.json(&["connection", "test", &id]);
        receiver.received_at("/hook").remove(0)
    };

    let rotated = yard.json(&["connection", "rotate-signing-secret", &id]);
    let new = text(&rotated, "signingSecret");
    assert_eq!(rotated["signingKeys"], 2);
    let call = signed();
    let both = format!("{} {}", signature(&call, &new), signature(&call, &old));
    assert_eq!(call.header("webhook-signature"), both);

    let finished = yard.json(&["connection", "rotate-signing-secret", &id, "--finish"]);
    assert_eq!((&finished["signingKeys"], finished.get("signingSecret")), (&json!(1), None));
    let call = signed();
    assert_eq!(call.header("webhook-signature"), signature(&call, &new));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_signed_endpoints_have_keys_to_rotate() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let url = receiver.url_of("/services/T000/B000/abcDEF123");
    let connect =
        ["connection", "connect", "--workspace", "acme", "--kind", "slack", "--url", &url];
    let id = yard.id(&connect);
    let ran = yard.run(&["connection", "rotate-signing-secret", &id]);
    assert!(ran.code == 64 && ran.stderr.contains("are not signed"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept_within_bounds_and_what_is_not_given_stays() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let id = text(&yard.connected(&receiver.url_of("/hook")), "id");
    let set =
        |arguments: &[&str]| yard.json(&[&["connection", "set-limits", &id], arguments].concat());
    let limits = |it: &serde_json::Value| (it["concurrencyMax"].clone(), it["ratePerS"].clone());
    assert_eq!(limits(&set(&["--rate-per-s", "2.5"])), (json!(16), json!(2.5)));
    assert_eq!(limits(&set(&["--concurrency", "4"])), (json!(4), json!(2.5)));
    for wrong in [
        ["--concurrency", "0"],
        ["--concurrency", "1001"],
        ["--rate-per-s", "0"],
        ["--rate-per-s", "NaN"],
        ["--rate-per-s", "inf"],
        ["--rate-per-s", "10001"],
    ] {
        let ran = yard.run(&[&["connection", "set-limits", &id][..], &wrong].concat());
        assert_eq!(ran.code, 64, "{wrong:?} {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_switched_off_and_on_and_the_log_says_so_once() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let id = text(&yard.connected(&receiver.url_of("/hook")), "id");
    for (command, status) in
        [("disable", "disabled"), ("disable", "disabled"), ("enable", "connected")]
    {
        assert_eq!(yard.json(&["connection", command, &id])["status"], status);
    }
    let lines = "select count(*) as n from audit_log where action in ('connection.disable', 'connection.enable')";
    assert_eq!(yard.number(lines).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_in_no_output_and_in_no_column_and_can_be_sealed_anew() {
    const SECRET: &str = "plantedSecretOfTheClient0123";
    let (mut yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let url = receiver.url_of("/plantedSecretOfTheUrl0123?token=plantedInTheQuery0123");
    let connect = [
        "connection",
        "connect",
        "--workspace",
        "acme",
        "--kind",
        "webhook",
        "--secret-stdin",
        "--json",
    ];
    let connected = yard.run_with(&connect, &format!("{url}\n"));
    let id = text(&connected.json(), "id");
    let key = text(&connected.json(), "signingSecret");
    let add = [
        "oauth-client",
        "add",
        "--workspace",
        "acme",
        "--name",
        "app",
        "--scope",
        "integration",
        "--webhook-url",
        &url,
        "--secret-stdin",
    ];
    let added = yard.run_with(&add, SECRET);
    assert_eq!(added.code, 0, "{added:?}");
    let old = yard.vault_keys.clone();
    let both = format!("{},{}", KeyRing::generate().expose_secret(), old.expose_secret());
    yard.vault_keys = SecretString::from(both);
    let resealed = yard.run(&["vault", "reseal", "--json", "--log", "debug"]);
    assert_eq!(resealed.json()["resealed"], 2);

    let mut outputs = vec![added, resealed];
    for arguments in [
        &["connection", "show", &id, "--json"][..],
        &["connection", "test", &id, "--json", "--log", "trace"],
        &["connection", "test", "--all"],
        &["oauth-client", "list", "--json"],
        &["subscription", "list", "--json"],
        &["events", "list", "--json"],
        &["audit", "list", "--json"],
        &["doctor", "--json"],
    ] {
        outputs.push(yard.run(arguments));
    }
    for secret in [SECRET, "plantedSecretOfTheUrl0123", "plantedInTheQuery0123", &key] {
        assert!(secret == key || !connected.stdout.contains(secret), "{connected:?}");
        for output in &outputs {
            let shown = output.stdout.contains(secret) || output.stderr.contains(secret);
            assert!(!shown, "{output:?}");
        }
        assert!(!is_stored(&yard, secret).await, "{secret} is stored in the clear");
    }
}
