//! Which headers are kept, and how little of the others.

mod support;

use hookyard_domain::provider::Provider;
use hookyard_sources::stored_headers;
use http::HeaderMap;
use serde_json::json;
use support::github;

#[test]
fn known_headers_are_kept_and_of_others_only_name_and_length() {
    let call = github("{}")
        .with("Content-Type", "application/json")
        .with("User-Agent", "GitHub-Hookshot/044aadd")
        .with("X-GitHub-Delivery", "d-1")
        .with("Authorization", "Bearer hunter2")
        .with("X-Forwarded-For", "10.0.0.1");
    assert_eq!(
        stored_headers(Provider::GitHub, &call.headers),
        json!({
            "values": {
                "content-type": "application/json",
                "user-agent": "GitHub-Hookshot/044aadd",
                "x-github-delivery": "d-1",
                "x-github-event": "push",
            },
            "lengths": {"authorization": 14, "x-forwarded-for": 8, "x-hub-signature-256": 71},
            "omitted": 0,
        })
    );
}

#[test]
fn each_provider_has_its_own_list() {
    let call = github("{}").with("Linear-Delivery", "d-2").with("Linear-Signature", "abc");
    let stored = stored_headers(Provider::Linear, &call.headers);
    assert_eq!(stored["values"], json!({"linear-delivery": "d-2"}));
    assert_eq!(
        stored["lengths"],
        json!({"linear-signature": 3, "x-github-event": 4, "x-hub-signature-256": 71})
    );
}

#[test]
fn repeated_headers_are_joined_and_lengths_added_up() {
    let call = github("{}")
        .with("Content-Type", "a")
        .with("Content-Type", "b")
        .with("Cookie", "123")
        .with("Cookie", "45");
    let stored = stored_headers(Provider::GitHub, &call.headers);
    assert_eq!(stored["values"]["content-type"], "a, b");
    assert_eq!(stored["lengths"]["cookie"], 5);
}

#[test]
fn the_number_and_the_size_of_headers_are_bounded() {
    let mut call = github("{}").with("User-Agent", "é".repeat(4_000));
    call = call.with(&"n".repeat(1_000), "value");
    for index in 0..100 {
        call = call.with(&format!("x-{index}"), "value");
    }
    let stored = stored_headers(Provider::GitHub, &call.headers);
    assert_eq!(stored["values"]["user-agent"], "é".repeat(256));
    let lengths = stored["lengths"].as_object().unwrap();
    assert!(lengths.keys().all(|name| name.len() <= 100));
    let kept = lengths.len() + stored["values"].as_object().unwrap().len();
    assert_eq!(stored["omitted"], call.headers.keys_len() - kept);
    assert_eq!(kept, 64);
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced() {
    let call = github("{}").with("User-Agent", b"a\xffb\tc");
    let stored = stored_headers(Provider::GitHub, &call.headers);
    assert_eq!(stored["values"]["user-agent"], "a\u{fffd}b\tc");
    assert_eq!(
        stored_headers(Provider::GitHub, &HeaderMap::new()),
        json!({"values": {}, "lengths": {}, "omitted": 0})
    );
}
