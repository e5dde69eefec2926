//! Addresses that nobody may have called, at the time when they are saved.

use hookyard_testkit::receiver_sim::ReceiverSim;

use crate::yard::{Ran, Yard, receiver};

const USAGE: i32 = 64;

/// What is typed, and what the refusal says.
const REFUSED: [(&str, &str, &str); 25] = [
    ("webhook", "http://example.com/", "only https://"),
    ("webhook", "ftp://example.com/", "only https://"),
    ("webhook", "https://user:plantedPassword@example.com/", "user name or a password"),
    ("webhook", "https://example.com/#part", "fragment"),
    ("webhook", "example.com/hook", "no URL"),
    ("webhook", "https://localhost/", "may not be called"),
    ("webhook", "https://printer.local/", "may not be called"),
    ("webhook", "https://127.0.0.1/", "may not be called"),
    ("webhook", "https://127.1/", "127.0.0.1 may not be called"),
    ("webhook", "https://2130706433/", "127.0.0.1 may not be called"),
    ("webhook", "https://0x7f000001/", "127.0.0.1 may not be called"),
    ("webhook", "https://0177.0.0.1/", "127.0.0.1 may not be called"),
    ("webhook", "https://10.0.0.1/", "may not be called"),
    ("webhook", "https://172.16.0.1/", "may not be called"),
    ("webhook", "https://192.168.1.1/", "may not be called"),
    ("webhook", "https://169.254.169.254/latest/meta-data/", "may not be called"),
    ("webhook", "https://100.64.0.1/", "may not be called"),
    ("webhook", "https://0.0.0.0/", "may not be called"),
    ("webhook", "https://[::1]/", "may not be called"),
    ("webhook", "https://[::ffff:127.0.0.1]/", "may not be called"),
    ("webhook", "https://[64:ff9b::7f00:1]/", "may not be called"),
    ("webhook", "https://[fd00:ec2::254]/", "may not be called"),
    ("slack", "https://discord.com/api/webhooks/1/abc", "connect it as kind discord"),
    ("discord", "https://hooks.slack.com/services/T0/B0/abc", "connect it as kind slack"),
    ("slack", "https://example.com/services/T0/B0/abc", "looks like https://hooks.slack.com"),
];

/// Runs a command of a deployment without an allow-list.
fn run(yard: &Yard, arguments: &[&str]) -> Ran {
    Ran::of(yard.command(arguments).env_remove("HOOKYARD_OUTBOUND_ALLOW").output().unwrap())
}

#[tokio::test]
async fn what_is_not_public_or_not_https_is_refused_with_the_reason() {
    let yard = Yard::new().await;
    yard.workspace();
    for (kind, url, says) in REFUSED {
        let connect =
            ["connection", "connect", "--workspace", "acme", "--kind", kind, "--url", url];
        let ran = run(&yard, &connect);
        assert_eq!(ran.code, USAGE, "{url} {ran:?}");
        assert!(ran.stderr.contains(says), "{url} {ran:?}");
        assert!(!ran.stderr.contains("plantedPassword"), "{ran:?}");
        if kind == "webhook" {
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
                url,
            ];
            let ran = run(&yard, &add);
            assert!(ran.code == USAGE && ran.stderr.contains(says), "{url} {ran:?}");
        }
    }
    assert_eq!(yard.number("select count(*) as n from connection").await, 0);
    assert_eq!(yard.number("select count(*) as n from oauth_client").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_an_address_that_left_the_allow_list_is_not_called_any_more() {
    let yard = Yard::new().await;
    let receiver: ReceiverSim = receiver().await;
    yard.workspace();
    let connected = yard.connected(&receiver.url_of("/hook"));
    let ran = run(&yard, &["connection", "test", connected["id"].as_str().unwrap()]);
    assert!(ran.code == 1 && ran.stdout.contains("address"), "{ran:?}");
    assert_eq!(receiver.count("/hook"), 1);
}

#[tokio::test]
async fn an_unknown_kind_and_a_wrong_allow_list_are_usage_errors() {
    let yard = Yard::new().await;
    yard.workspace();
    let connect = ["connection", "connect", "--workspace", "acme", "--url", "https://example.com/"];
    let ran = yard.run(&[&connect[..], &["--kind", "email"]].concat());
    assert!(ran.code == USAGE && ran.stderr.contains("slack, discord, webhook"), "{ran:?}");
    let mut command = yard.command(&[&connect[..], &["--kind", "webhook"]].concat());
    let ran = Ran::of(command.env("HOOKYARD_OUTBOUND_ALLOW", "intranet").output().unwrap());
    assert!(ran.code == USAGE && ran.stderr.contains("HOOKYARD_OUTBOUND_ALLOW"), "{ran:?}");
}
