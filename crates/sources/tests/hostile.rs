//! Bodies and headers made to break their reader, all with a good signature.

mod support;

use hookyard_domain::provider::Provider;
use hookyard_sources::stored_headers;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use support::{NOW_MS, github, linear, signed};

const DEPTHS: [usize; 2] = [10_000, 200_000];

fn nested(depth: usize) -> [String; 2] {
    [
        format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)),
    ]
}

#[test]
fn deep_nesting_in_what_is_not_read_is_accepted() {
    for value in DEPTHS.into_iter().flat_map(nested) {
        let body = format!(r#"{{"deep":{value},"action":"created","repository":null}}"#);
        assert_eq!(github(body).verify().unwrap().event_type, "github.push.created");
        let body = format!(r#"{{"webhookTimestamp":{NOW_MS},"data":{value},"type":"Issue"}}"#);
        assert_eq!(linear(body).verify().unwrap().event_type, "linear.Issue");
    }
}

#[test]
fn deep_nesting_in_what_is_read_is_refused_or_left_alone() {
    for value in DEPTHS.into_iter().flat_map(nested) {
        for field in ["action", "ref", "repositories_added"] {
            assert!(github(format!(r#"{{"{field}":{value}}}"#)).verify().is_err(), "{field}");
        }
        // Of an object only what it is known by is read; without that it says nothing.
        for field in ["installation", "repository"] {
            let read = github(format!(r#"{{"{field}":{value}}}"#)).verify().is_ok();
            assert_eq!(read, value.starts_with('{'), "{field}");
        }
        for field in ["type", "action", "webhookTimestamp", "webhookId"] {
            assert!(linear(format!(r#"{{"{field}":{value}}}"#)).verify().is_err(), "{field}");
        }
        let endless = &value[..value.len() / 2];
        assert!(github(endless).verify().is_err());
        assert!(linear(endless).verify().is_err());
    }
}

#[test]
fn what_is_no_json_object_is_malformed() {
    for (body, expected) in [
        ("", "the body is empty"),
        ("[]", "the body is not a JSON object"),
        (" [\"created\"]", "the body is not a JSON object"),
        ("null", "the body is not a JSON object with the expected fields (line 1, column 4)"),
        ("\"x\"", "the body is not a JSON object with the expected fields (line 1, column 3)"),
        ("{", "the body is not valid JSON: it ends too early (line 1, column 1)"),
        ("{}\n{}", "the body is not valid JSON (line 2, column 1)"),
        ("{'a':1}", "the body is not valid JSON (line 1, column 2)"),
    ] {
        assert_eq!(github(body).malformed(), expected, "{body}");
        assert_eq!(linear(body).malformed(), expected, "{body}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_malformed_wherever_they_are() {
    for body in [b"\xff".as_slice(), b"{\"x\":\"\xff\"}", b"{\"action\":\"\xc3\x28\"}", b"{}\x80"] {
        assert_eq!(github(body).malformed(), "the body is not UTF-8");
        assert_eq!(linear(body).malformed(), "the body is not UTF-8");
    }
}

#[test]
fn a_refusal_quotes_nothing_of_the_body() {
    for body in [
        r#"{"installation":{"id":"hunter2"}}"#,
        r#"{"repository":"hunter2"}"#,
        r#"{"ref":["hunter2"]}"#,
        r#"{"hunter2":hunter2}"#,
        r#"{"ref":"hunter2\u0000"}"#,
    ] {
        let text = github(body).malformed();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn nul_characters_are_refused_in_what_is_stored_as_text_and_left_alone_elsewhere() {
    let nul = r"a\u0000b";
    for body in [
        format!(r#"{{"ref":"{nul}"}}"#),
        format!(r#"{{"before":"{nul}"}}"#),
        format!(r#"{{"after":"{nul}"}}"#),
        format!(r#"{{"repository_selection":"{nul}"}}"#),
        format!(r#"{{"repository":{{"id":1,"full_name":"{nul}"}}}}"#),
        format!(r#"{{"repository":{{"id":1,"full_name":"o/r","default_branch":"{nul}"}}}}"#),
        format!(r#"{{"repositories_added":[{{"id":1,"full_name":"{nul}"}}]}}"#),
        format!(r#"{{"repositories_removed":[{{"id":1,"full_name":"{nul}"}}]}}"#),
        format!(r#"{{"changes":{{"repository":{{"name":{{"from":"{nul}"}}}}}}}}"#),
        format!(r#"{{"changes":{{"default_branch":{{"from":"{nul}"}}}}}}"#),
    ] {
        let text = github(body.clone()).malformed();
        assert!(text.ends_with("contains a NUL character"), "{text}: {body}");
    }
    github(format!(r#"{{"commits":[{{"message":"{nul}"}}]}}"#)).verify().unwrap();
}

#[test]
fn texts_are_bounded() {
    let body = |size| format!(r#"{{"ref":"{}"}}"#, "é".repeat(size));
    github(body(512)).verify().unwrap();
    assert_eq!(github(body(513)).malformed(), "`ref` is longer than 1024 bytes");
    let action = |size| {
        let action = "x".repeat(size);
        format!(r#"{{"type":"Issue","webhookTimestamp":{NOW_MS},"action":"{action}"}}"#)
    };
    linear(action(100)).verify().unwrap();
    assert!(linear(action(101)).malformed().contains("`action`"));
}

#[test]
fn a_field_that_appears_twice_is_refused() {
    let text = github(r#"{"installation":{"id":1},"installation":{"id":2}}"#).malformed();
    assert!(text.starts_with("the body is not a JSON object with the expected fields"), "{text}");
}

/// Text that looks like what the readers expect, more often than chance would have it.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let fragments = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\u0000",
        "\\ud800",
        "payload=",
        "&",
        "%7B",
        "%",
        "+",
        "\"action\":",
        "\"ref\":",
        "\"type\":\"Issue\"",
        "\"webhookTimestamp\":",
        "1700000000000",
        "\"installation\":{\"id\":",
        "\"repository\":",
        "\"changes\":",
        "null",
        "1e999",
        "-",
        "é",
        "\0",
    ]);
    let joined = prop::collection::vec(fragments, 0..24).prop_map(|all| all.concat().into_bytes());
    prop_oneof![joined, prop::collection::vec(any::<u8>(), 0..256)]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let names = prop::sample::select(vec![
        "x-hub-signature-256",
        "x-github-event",
        "x-github-delivery",
        "x-github-hook-id",
        "linear-signature",
        "x-linear-signature",
        "linear-event",
        "linear-delivery",
        "x-linear-event-id",
        "content-type",
        "user-agent",
        "authorization",
    ]);
    let values = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        Just(b"application/x-www-form-urlencoded".to_vec()),
        "(sha256=)?[0-9a-fA-F]{60,66}".prop_map(String::into_bytes),
    ];
    prop::collection::vec((names, values), 0..8).prop_map(|pairs| {
        let pairs = pairs.into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_bytes(&value).ok()?))
        });
        let mut headers = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    })
}

proptest! {
    #[test]
    fn no_headers_and_no_body_make_a_reader_panic(body in body(), headers in headers(), is_signed: bool) {
        for provider in [Provider::GitHub, Provider::Linear] {
            let mut call = signed(provider, body.clone());
            if is_signed {
                call.headers.extend(headers.clone());
            } else {
                call.headers = headers.clone();
            }
            if let Ok(verified) = call.verify() {
                prop_assert!(is_signed);
                prop_assert!(verified.event_type.len() <= 220);
                prop_assert!(!verified.event_type.contains('\0'));
            }
            let stored = stored_headers(provider, &headers);
            prop_assert!(!stored["values"].to_string().contains("authorization"));
        }
    }

    #[test]
    fn no_signature_but_the_right_one_is_accepted(signature in "(sha256=)?[0-9a-f]{64}") {
        let call = github("{}").instead("X-Hub-Signature-256", &signature);
        prop_assert!(call.verify().unwrap_err().is_unauthorized());
    }
}
