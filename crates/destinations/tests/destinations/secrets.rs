//! No secret of a receiver is shown, and what it was saved as is read again.

use bytes::Bytes;
use hookyard_destinations::{
    Answer, EXCERPT_BYTES_MAX, Ending, Receiver, ReceiverUrl, SigningKey, UnreadableCredentials,
    Verdict,
};
use hookyard_domain::connection::ConnectionKind;
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::{AT, call, loopback, receiver};

const TOKEN: &str = "abcDEF123ghiJKL456";
const SLACK: &str = "https://hooks.slack.com/services/T0/B0/abcDEF123ghiJKL456";
const DISCORD: &str = "https://discord.com/api/webhooks/1/abcDEF123ghiJKL456";
const WEBHOOK: &str = "https://example.com/in/abcDEF123ghiJKL456?key=abcDEF123ghiJKL456";

fn answer(status: u16, body: String) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    headers.insert("retry-after", HeaderValue::from_static("5"));
    headers.insert("server", HeaderValue::from_str(&format!("echo {TOKEN}")).unwrap());
    headers.insert("set-cookie", HeaderValue::from_static("session=1234567"));
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers, body: Bytes::from(body), ending: Ending::Complete }
}

fn receivers() -> Vec<Receiver> {
    let url = ReceiverUrl::parse(ConnectionKind::Webhook, WEBHOOK, &loopback()).unwrap();
    vec![
        receiver(ConnectionKind::Slack, SLACK),
        receiver(ConnectionKind::Discord, DISCORD),
        receiver(ConnectionKind::Webhook, WEBHOOK),
        Receiver::oauth_client(url, Some(SecretString::from(TOKEN))),
    ]
}

#[test]
fn an_answer_that_repeats_a_secret_is_kept_without_it() {
    for receiver in receivers() {
        let key = receiver.signing_keys().map(|keys| keys.newest().text().clone());
        let key = key.as_ref().map_or("", |key| key.expose_secret());
        let body = format!("{{\"message\":\"no {TOKEN} {key}\"}} {}", receiver.url().expose());
        for status in [200, 400, 403] {
            let answer = answer(status, body.clone());
            let kept = receiver.keep(&answer);
            let mut shown = format!("{}{}", kept.excerpt, kept.headers);
            if let Verdict::Failed(failure) = receiver.judge(&answer, AT) {
                shown.push_str(&failure.error);
            }
            assert!(!shown.contains(TOKEN), "{shown}");
            assert!(key.is_empty() || !shown.contains(key), "{shown}");
            assert!(shown.contains("[secret]"), "{shown}");
        }
    }
}

#[test]
fn of_an_answer_its_beginning_and_harmless_headers_are_kept() {
    let receiver = receiver(ConnectionKind::Webhook, WEBHOOK);
    let kept = receiver.keep(&answer(200, format!("\0{}", "ü".repeat(2000))));
    assert!(kept.excerpt.len() <= EXCERPT_BYTES_MAX + 2 && kept.excerpt.len() > 1000);
    assert!(!kept.excerpt.contains('\0'));
    assert_eq!(kept.headers["values"]["retry-after"], "5");
    assert_eq!(kept.headers["lengths"]["set-cookie"], "session=1234567".len());
}

#[test]
fn a_secret_at_the_edge_of_the_excerpt_is_not_cut_open() {
    let receiver = receiver(ConnectionKind::Webhook, WEBHOOK);
    let kept = receiver.keep(&answer(200, "x".repeat(EXCERPT_BYTES_MAX - 9) + TOKEN));
    assert!(!kept.excerpt.contains(&TOKEN[..6]), "{}", kept.excerpt);
}

#[test]
fn a_secret_at_the_edge_of_an_error_is_not_cut_open() {
    for (receiver, cut, answered) in [
        (receiver(ConnectionKind::Slack, SLACK), 100, "{}"),
        (receiver(ConnectionKind::Discord, DISCORD), 200, r#"{"code":1,"message":"{}"}"#),
    ] {
        for shown in 1..TOKEN.len() {
            let said = "x".repeat(cut - shown) + TOKEN;
            let answer = answer(400, answered.replace("{}", &said));
            let Verdict::Failed(failure) = receiver.judge(&answer, AT) else {
                panic!("a 400 is no success");
            };
            assert!(failure.error.contains("xxx"), "{}", failure.error);
            assert!(!failure.error.contains(&format!("x{}", &TOKEN[..1])), "{}", failure.error);
        }
    }
}

#[test]
fn a_secret_is_found_in_every_spelling() {
    let url = "https://example.com/in/se%2Fcret%3Aone?key=se%2Bcret%3Dtwo&form=se+cret+three";
    let parsed = ReceiverUrl::parse(ConnectionKind::Webhook, url, &loopback()).unwrap();
    let endpoint = receiver(ConnectionKind::Webhook, url);
    let client = Receiver::oauth_client(parsed, Some(SecretString::from("s3cr")));
    let key = SigningKey::from_random([7; 32]);
    let bare = key.text().expose_secret().trim_start_matches("whsec_").to_owned();
    for (receiver, secret) in [
        (&endpoint, "se%2Fcret%3Aone"),
        (&endpoint, "se/cret:one"),
        (&endpoint, "se%2Bcret%3Dtwo"),
        (&endpoint, "se+cret=two"),
        (&endpoint, "se+cret+three"),
        (&endpoint, "se cret three"),
        (&endpoint, bare.as_str()),
        (&endpoint, bare.trim_end_matches('=')),
        (&client, "s3cr"),
    ] {
        let kept = receiver.keep(&answer(400, format!("no <{secret}>")));
        assert!(!kept.excerpt.contains(secret), "{secret}: {}", kept.excerpt);
        assert!(kept.excerpt.starts_with("no <[secret]"), "{secret}: {}", kept.excerpt);
    }
}

#[test]
fn nothing_is_shown_by_debug() {
    for receiver in receivers() {
        let shown = format!("{receiver:?} {:?} {:?}", receiver.url(), receiver.signing_keys());
        assert!(!shown.contains(TOKEN) && !shown.contains("whsec_"), "{shown}");
    }
    let outgoing = call(WEBHOOK);
    assert!(!format!("{outgoing:?}").contains(TOKEN));
    assert!(!format!("{:?}", answer(200, TOKEN.to_owned())).contains(TOKEN));
}

#[test]
fn saved_credentials_are_read_again() {
    for (kind, url) in [
        (ConnectionKind::Slack, SLACK),
        (ConnectionKind::Discord, DISCORD),
        (ConnectionKind::Webhook, WEBHOOK),
    ] {
        let saved = receiver(kind, url).to_be_sealed();
        let read = Receiver::saved_connection(kind, &saved).unwrap();
        assert_eq!(read.to_be_sealed(), saved, "{kind}");
        assert_eq!(read.url().expose().as_str(), url);
    }
    let url = ReceiverUrl::parse(ConnectionKind::Webhook, WEBHOOK, &loopback()).unwrap();
    for secret in [None, Some(SecretString::from("own"))] {
        let saved = Receiver::oauth_client(url.clone(), secret).to_be_sealed();
        assert_eq!(Receiver::saved_oauth_client(&saved).unwrap().to_be_sealed(), saved);
    }
}

#[test]
fn a_rotation_is_saved_with_both_keys_the_newest_first() {
    let old = receiver(ConnectionKind::Webhook, WEBHOOK);
    let keys = old.signing_keys().unwrap().rotated(SigningKey::from_random([8; 32]));
    let rotated = old.with_signing_keys(keys);
    let read =
        Receiver::saved_connection(ConnectionKind::Webhook, &rotated.to_be_sealed()).unwrap();
    let texts: Vec<_> = read.signing_keys().unwrap().iter().map(SigningKey::text).collect();
    let expected = [[8; 32], [7; 32]].map(SigningKey::from_random);
    assert_eq!(texts.len(), 2);
    for (read, expected) in texts.iter().zip(&expected) {
        assert_eq!(read.expose_secret(), expected.text().expose_secret());
    }
}

#[test]
fn what_is_no_saved_credential_is_refused_without_being_quoted() {
    for opened in
        ["", "{}", "[]", r#"{"url":"file:///etc/passwd"}"#, r#"{"url":"https://example.com/"}"#]
    {
        let refused = Receiver::saved_connection(ConnectionKind::Webhook, opened.as_bytes());
        assert_eq!(refused.unwrap_err(), UnreadableCredentials, "{opened}");
    }
}
