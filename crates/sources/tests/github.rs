//! GitHub's scheme: published vectors, real payloads, and what is refused.

mod support;

use hookyard_sources::{Envelope, Rejection, github_envelope, github_payload};
use serde_json::Value;
use support::{SECRET, fixture, github, github_fixtures};

const PUSH: &str = r#"{"ref":"refs/heads/main","before":"a","after":"b",
    "installation":{"id":3},"repository":{"id":7,"full_name":"o/r","pushed_at":1}}"#;
const SIGNATURE: &str = "X-Hub-Signature-256";

#[test]
fn every_published_vector_verifies() {
    let vectors: Value = serde_json::from_slice(&fixture("vectors.json")).unwrap();
    for vector in vectors["github"].as_array().unwrap() {
        let body = match vector["bodyFile"].as_str() {
            Some(file) => fixture(file),
            None => vector["body"].as_str().unwrap().as_bytes().to_vec(),
        };
        let is_json = body != b"Hello, World!";
        let secret = vector["secret"].as_str().unwrap();
        let content_type = vector["contentType"].as_str().unwrap_or("application/json");
        let call = github(body)
            .secrets(&[secret])
            .instead(SIGNATURE, vector["header"].as_str().unwrap())
            .with("Content-Type", content_type);
        match call.verify() {
            Ok(verified) => assert!(is_json && verified.fresh, "{vector}"),
            // The signature is looked at first: only a good one leads to this refusal.
            Err(Rejection::Malformed(_)) => assert!(!is_json, "{vector}"),
            Err(other) => panic!("{other:?}: {vector}"),
        }
    }
}

#[test]
fn every_real_payload_is_read() {
    let fixtures = github_fixtures();
    assert!(fixtures.len() > 50);
    for (event, action, body) in fixtures {
        let call = github(body.clone()).instead("X-GitHub-Event", &event);
        let verified = call.verify().unwrap_or_else(|error| panic!("{event}.{action}: {error}"));
        let expected = match action.as_str() {
            "none" => format!("github.{event}"),
            action => format!("github.{event}.{action}"),
        };
        assert_eq!(verified.event_type, expected);
        assert_eq!(verified.provider_event, event);
        assert_eq!(verified.payload, body);
    }
}

#[test]
fn the_facts_of_a_push_are_read() {
    let call = github(PUSH)
        .with("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .with("X-GitHub-Hook-ID", "292430182");
    let verified = call.verify().unwrap();
    assert_eq!(verified.event_type, "github.push");
    assert_eq!(verified.provider_event, "push");
    assert_eq!(verified.delivery_id.as_deref(), Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
    assert_eq!(verified.hook_id.as_deref(), Some("292430182"));
    let Envelope::GitHub(envelope) = verified.envelope else { panic!("another provider's") };
    assert_eq!(envelope.git_ref.as_deref(), Some("refs/heads/main"));
    assert_eq!(envelope.installation.unwrap().id, 3);
    assert_eq!(envelope.repository.unwrap().full_name, "o/r");
}

#[test]
fn a_form_is_verified_as_it_came_and_then_decoded() {
    let body = "payload=%7B%22action%22%3A%22deleted%22%2C%22a%22%3A%22+%2B%22%7D";
    for content_type in
        ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"]
    {
        let call = github(body)
            .instead("X-GitHub-Event", "installation")
            .with("Content-Type", content_type);
        let verified = call.verify().unwrap();
        assert_eq!(verified.event_type, "github.installation.deleted");
        assert_eq!(verified.payload, br#"{"action":"deleted","a":" +"}"#.as_slice());
    }
}

#[test]
fn a_stored_body_is_read_again_by_the_same_rules() {
    let form = b"payload=%7B%22action%22%3A%22renamed%22%7D";
    let payload = github_payload(Some("application/x-www-form-urlencoded"), form).unwrap();
    assert_eq!(github_envelope(&payload).unwrap().action.as_deref(), Some("renamed"));
    assert_eq!(github_payload(None, b"{}").unwrap(), b"{}".as_slice());
}

#[test]
fn a_missing_signature_is_refused_whatever_else_is_there() {
    let call = github(PUSH).without(SIGNATURE);
    assert_eq!(call.verify(), Err(Rejection::MissingSignature));
    let legacy = call.with("X-Hub-Signature", "sha1=0123456789012345678901234567890123456789");
    assert_eq!(legacy.verify(), Err(Rejection::MissingSignature));
    let garbage = github("\u{0}{").without(SIGNATURE).without("X-GitHub-Event");
    assert_eq!(garbage.verify(), Err(Rejection::MissingSignature));
}

#[test]
fn every_other_signature_is_refused() {
    let good = hookyard_sources::sign::sign_github(SECRET.as_bytes(), PUSH.as_bytes());
    let digits = good.strip_prefix("sha256=").unwrap();
    let mut flipped = good.clone();
    flipped.replace_range(70.., if good.ends_with('0') { "1" } else { "0" });
    for wrong in [
        String::new(),
        "sha256=".to_owned(),
        good[..good.len() - 1].to_owned(),
        good[..good.len() - 2].to_owned(),
        format!("{good}00"),
        format!("{good}{digits}"),
        format!("{good}, {good}"),
        format!("{good},{good}"),
        digits.to_owned(),
        format!("sha1={digits}"),
        format!("SHA256={digits}"),
        format!("sha256= {digits}"),
        format!("sha256={}", "z".repeat(64)),
        flipped,
        hookyard_sources::sign::sign_github(b"another secret", PUSH.as_bytes()),
        hookyard_sources::sign::sign_github(SECRET.as_bytes(), b"another body"),
    ] {
        let call = github(PUSH).instead(SIGNATURE, &wrong);
        assert_eq!(call.verify(), Err(Rejection::WrongSignature), "{wrong:?}");
    }
    let not_ascii = github(PUSH).instead(SIGNATURE, b"sha256=\xff\xfe");
    assert_eq!(not_ascii.verify(), Err(Rejection::WrongSignature));
}

#[test]
fn the_case_of_the_digits_does_not_matter() {
    let good = hookyard_sources::sign::sign_github(SECRET.as_bytes(), PUSH.as_bytes());
    let upper = good.to_uppercase().replace("SHA256", "sha256");
    assert_ne!(good, upper);
    github(PUSH).instead(SIGNATURE, &upper).verify().unwrap();
    github(PUSH).with(SIGNATURE, &upper).verify().unwrap();
}

#[test]
fn two_signatures_that_differ_are_refused_even_if_one_is_good() {
    let other = hookyard_sources::sign::sign_github(b"another secret", PUSH.as_bytes());
    let call = github(PUSH).with(SIGNATURE, &other);
    assert_eq!(call.verify(), Err(Rejection::WrongSignature));
    let call = github(PUSH)
        .instead(SIGNATURE, &other)
        .with(SIGNATURE, hookyard_sources::sign::sign_github(SECRET.as_bytes(), PUSH.as_bytes()));
    assert_eq!(call.verify(), Err(Rejection::WrongSignature));
}

#[test]
fn during_a_rotation_every_secret_is_good_and_afterwards_only_the_new_one() {
    let call = github(PUSH);
    for secrets in [[SECRET, "new"], ["new", SECRET]] {
        call.clone().secrets(&secrets).verify().unwrap();
    }
    assert_eq!(call.clone().secrets(&["new"]).verify(), Err(Rejection::WrongSignature));
    assert_eq!(call.secrets(&[]).verify(), Err(Rejection::WrongSignature));
}

#[test]
fn an_empty_secret_verifies_nothing() {
    let signature = hookyard_sources::sign::sign_github(b"", PUSH.as_bytes());
    let call = github(PUSH).instead(SIGNATURE, &signature);
    assert_eq!(call.clone().secrets(&[""]).verify(), Err(Rejection::WrongSignature));
    assert_eq!(call.secrets(&["", SECRET]).verify(), Err(Rejection::WrongSignature));
}

#[test]
fn refusals_say_what_the_caller_may_know() {
    assert_eq!(Rejection::MissingSignature.to_string(), "invalid signature");
    assert_eq!(Rejection::WrongSignature.to_string(), "invalid signature");
    for rejection in [Rejection::MissingSignature, Rejection::WrongSignature, Rejection::Stale] {
        assert!(rejection.is_unauthorized());
    }
    assert!(!github("").verify().unwrap_err().is_unauthorized());
}

#[test]
fn a_call_without_its_event_header_is_malformed() {
    let call = github(PUSH).without("X-GitHub-Event");
    assert_eq!(call.malformed(), "missing X-GitHub-Event header");
    assert_eq!(call.with("X-GitHub-Event", "").malformed(), "missing X-GitHub-Event header");
}

#[test]
fn a_call_without_delivery_or_hook_id_is_fine() {
    let call = github(PUSH).with("X-GitHub-Delivery", "");
    let verified = call.verify().unwrap();
    assert_eq!((verified.delivery_id, verified.hook_id), (None, None));
}

#[test]
fn ids_are_bounded_and_visible_ascii() {
    for name in ["X-GitHub-Delivery", "X-GitHub-Hook-ID"] {
        github(PUSH).with(name, "x".repeat(255)).verify().unwrap();
        for size in [256, 10 * 1024] {
            assert_eq!(
                github(PUSH).with(name, "x".repeat(size)).malformed(),
                format!("{name} header is longer than 255 bytes")
            );
        }
        for value in [b"a b".as_slice(), b"a\tb", b"\xff", "é".as_bytes()] {
            assert_eq!(
                github(PUSH).with(name, value).malformed(),
                format!("{name} header contains other characters than visible ASCII")
            );
        }
    }
}

#[test]
fn repeated_headers_must_agree() {
    for name in ["X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID", "Content-Type"] {
        let call = github(PUSH).instead(name, "a").with(name, "a");
        call.verify().unwrap();
        let text = call.with(name, "b").malformed();
        assert_eq!(text.to_ascii_lowercase(), format!("conflicting {name} headers").to_lowercase());
    }
}

#[test]
fn an_event_name_is_bounded() {
    github(PUSH).instead("X-GitHub-Event", "x".repeat(100)).verify().unwrap();
    let text = github(PUSH).instead("X-GitHub-Event", "x".repeat(101)).malformed();
    assert!(text.contains("the event's name") && text.contains("100"), "{text}");
}

#[test]
fn a_form_without_a_readable_payload_is_malformed() {
    for (body, expected) in [
        ("", "the form has no field `payload`"),
        ("{}", "the form has no field `payload`"),
        ("payload={}&payload={}", "the form has several fields `payload`"),
        ("payload=%7", "the form's field `payload` is not percent-encoded"),
        ("payload=", "the body is empty"),
        ("payload=%ff", "the body is not UTF-8"),
        ("payload=%5B%5D", "the body is not a JSON object"),
    ] {
        let call = github(body).with("Content-Type", "application/x-www-form-urlencoded");
        assert_eq!(call.malformed(), expected, "{body}");
    }
}

#[test]
fn an_action_in_any_script_is_recorded_under_the_events_name() {
    for action in ["déploy", "", "a\\u0000b", &"x".repeat(101)] {
        let body = format!(r#"{{"action":"{action}","installation":{{"id":1}}}}"#);
        let call = github(&*body).instead("X-GitHub-Event", "repository_dispatch");
        let verified = call.verify().unwrap_or_else(|error| panic!("{action}: {error}"));
        assert_eq!(verified.event_type, "github.repository_dispatch");
        assert_eq!(verified.payload, body.as_bytes());
    }
}

#[test]
fn a_field_that_is_null_is_missing() {
    for field in [
        "action",
        "installation",
        "repository",
        "ref",
        "before",
        "after",
        "changes",
        "repository_selection",
        "repositories_added",
        "repositories_removed",
    ] {
        let body = format!(r#"{{"{field}":null}}"#);
        assert_eq!(github_envelope(body.as_bytes()).unwrap(), github_envelope(b"{}").unwrap());
    }
}
