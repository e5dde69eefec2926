//! Each kind of connection and each inbound provider has everything that docs/adding-an-integration.md asks for.

use std::fs;
use std::path::PathBuf;

use hookyard_destinations::{AddressPolicy, CATALOGUE, REFUSED, ReceiverUrl, UrlRefused};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::provider::Provider;
use hookyard_domain::system_event::SystemEvent;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{AT, delivery, event, receiver, workspace};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A URL as the provider gives it out.
fn example_url(kind: ConnectionKind) -> &'static str {
    match kind {
        ConnectionKind::Slack => "https://hooks.slack.com/services/T000/B000/abcDEF123",
        ConnectionKind::Discord => "https://discord.com/api/webhooks/123456789/abc-DEF_123",
        ConnectionKind::Webhook => "https://example.com/hooks",
    }
}

#[test]
fn every_kind_is_complete() {
    for kind in ConnectionKind::ALL {
        check_page(kind.as_str(), &format!("connection connect --workspace acme --kind {kind}"));
        let page = read(&format!("docs/integrations/{kind}.md"));
        assert!(page.contains("connection test conn_"), "{kind}");
        assert!(page.contains("## What answers mean"), "{kind}");
        check_urls(*kind);
        check_test_call(*kind);
    }
    for provider in Provider::ALL {
        check_page(provider.as_str(), &format!("source create --provider {provider}"));
        check_verifier(provider.as_str());
    }
}

fn check_page(name: &str, command: &str) {
    let path = format!("docs/integrations/{name}.md");
    let page = read(&path);
    for needed in ["## Minimum scope", "## Fields", "## Example", "](https://", command] {
        assert!(page.contains(needed), "{path} lacks {needed:?}");
    }
    let variable = format!("\n{}_", name.to_uppercase());
    assert!(read("docs/integrations/example.env").contains(&variable), "{name} has no example env");
}

/// The rule for URLs takes the kind's own and refuses the others', plain HTTP and inner addresses.
fn check_urls(kind: ConnectionKind) {
    let parse = |url: &str| ReceiverUrl::parse(kind, url, &AddressPolicy::default());
    let own = example_url(kind);
    parse(own).unwrap_or_else(|error| panic!("{kind}: {error}"));
    for (from, to) in [("https://", "http://"), ("https://", "https://user:pw@")] {
        assert!(parse(&own.replace(from, to)).is_err(), "{kind}");
    }
    let (_, path) = own.trim_start_matches("https://").split_once('/').unwrap();
    for host in ["127.0.0.1", "169.254.169.254", "[::1]", "localhost"] {
        assert!(parse(&format!("https://{host}/{path}")).is_err(), "{kind} at {host}");
    }
    for other in ConnectionKind::ALL.iter().filter(|other| **other != kind) {
        let refused = parse(example_url(*other));
        // Any host may be a signed endpoint, but its shape fits no other kind.
        match other {
            ConnectionKind::Webhook => {
                assert!(matches!(refused, Err(UrlRefused::Shape { .. })), "{kind}");
            }
            ConnectionKind::Slack | ConnectionKind::Discord => {
                assert_eq!(refused, Err(UrlRefused::OtherKind { wanted: kind, found: *other }));
            }
        }
    }
}

fn check_test_call(kind: ConnectionKind) {
    let receiver = receiver(kind, example_url(kind));
    let test = receiver.test_request(&workspace(), Uuid::from_u128(7), AT);
    let body: Value = serde_json::from_slice(test.body()).unwrap();
    assert!(body.to_string().contains(&workspace().name), "{kind}: {body}");
}

fn check_verifier(name: &str) {
    let vectors: Value =
        serde_json::from_str(&read("crates/sources/tests/fixtures/vectors.json")).unwrap();
    let positive = vectors[name].as_array().map_or(0, Vec::len);
    assert!(positive > 0, "{name} has no vectors");
    let tests = read(&format!("crates/sources/tests/{name}.rs"));
    for negative in ["fn every_other_signature_is_refused()", "fn during_a_rotation_"] {
        assert!(tests.contains(negative), "{name} has no test {negative}");
    }
}

/// The sections of the catalogue's page: a type, and the data of its example.
fn documented_events() -> Vec<(String, Value)> {
    let page = read("docs/events-catalogue.md");
    page.split("\n### `")
        .skip(1)
        .map(|section| {
            let (event_type, rest) = section.split_once('`').unwrap();
            let example = rest.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
            let example = example.unwrap_or_else(|| panic!("{event_type} has no example"));
            (event_type.to_owned(), serde_json::from_str(example).unwrap())
        })
        .collect()
}

#[test]
fn the_catalogue_on_paper_is_the_one_in_the_code() {
    let documented: Vec<String> =
        documented_events().into_iter().map(|(event_type, _)| event_type).collect();
    let known: Vec<&str> = CATALOGUE
        .iter()
        .map(|(event_type, _)| *event_type)
        .chain(SystemEvent::ALL.iter().map(|event| event.as_str()))
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn every_documented_event_is_rendered_for_every_kind() {
    for (event_type, data) in documented_events() {
        let event = event(&event_type, &data.to_string());
        let heading = CATALOGUE.iter().find(|(known, _)| *known == event_type);
        for kind in ConnectionKind::ALL {
            let outgoing = receiver(*kind, example_url(*kind))
                .request(&event, None, delivery(), AT)
                .unwrap_or_else(|error| panic!("{event_type}: {error}"));
            let body: Value = serde_json::from_slice(outgoing.body()).unwrap();
            match (kind, heading) {
                (ConnectionKind::Webhook, Some(_)) => {
                    assert_eq!(body["event"], *event_type);
                    assert_eq!(body["post"], data["post"]);
                }
                (ConnectionKind::Webhook, None) => assert_eq!(body["data"], data),
                (ConnectionKind::Slack | ConnectionKind::Discord, Some((_, heading))) => {
                    let text = body.to_string();
                    assert!(text.contains(heading) && text.contains("Dark mode"), "{text}");
                }
                (ConnectionKind::Slack | ConnectionKind::Discord, None) => {
                    assert!(body.to_string().contains(&event_type));
                }
            }
        }
    }
}

#[test]
fn the_refused_addresses_on_paper_are_those_in_the_code() {
    let page = read("docs/integrations/addresses.md");
    let documented: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let (network, why) = (cells.next()?.strip_suffix('`')?, cells.next()?);
            network.contains('/').then_some((network, why))
        })
        .collect();
    assert_eq!(documented, REFUSED);
}
