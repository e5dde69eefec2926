use http::HeaderValue;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const EVENTS_MAX: usize = 3;

fn error(body: &str) -> String {
    publications(body.as_bytes(), EVENTS_MAX).expect_err(body).to_string()
}

fn with_data(data: &str) -> String {
    format!(r#"{{"type":"post.created","data":{data}}}"#)
}

/// Data of so many levels, itself the first.
fn nested(levels: usize) -> String {
    format!("{}{{}}{}", r#"{"a":"#.repeat(levels - 1), "}".repeat(levels - 1))
}

#[test]
fn one_event_and_several_are_read() {
    let one = r#" {"data": {"b" : 1, "a":[]}, "type":"post.created","occurredAt":"2026-01-31T12:00:00+01:00"} "#;
    let read = publications(one.as_bytes(), EVENTS_MAX).unwrap();
    assert_eq!(read[0].event_type.as_str(), "post.created");
    assert_eq!(read[0].data, r#"{"b" : 1, "a":[]}"#, "as it came");
    assert_eq!(read[0].occurred_at.unwrap().to_string(), "2026-01-31T11:00:00Z");

    let two = r#"[{"type":"a.b","data":{}},{"type":"c","data":{"x":null},"occurredAt":null}]"#;
    let read = publications(two.as_bytes(), EVENTS_MAX).unwrap();
    assert_eq!(read.iter().map(|it| it.data).collect::<Vec<_>>(), ["{}", r#"{"x":null}"#]);
    assert!(read.iter().all(|it| it.occurred_at.is_none()));
}

#[test]
fn a_body_that_is_no_event_is_refused() {
    for (body, why) in [
        ("", "the body is empty"),
        (" ", "the body is not valid JSON: it ends too early (line 1, column 1)"),
        ("7", "an event must be a JSON object"),
        ("null", "an event must be a JSON object"),
        ("{}", "type: is missing"),
        ("[]", "the body is an array of 1 to 3 events"),
        ("[1,2,3,4]", "the body is an array of 1 to 3 events"),
        ("[[]]", "[0]: an event must be a JSON object"),
        (r#"{"type":"a","data":{}} x"#, "the body is not valid JSON (line 1, column 24)"),
        (r#"{"type":"a","data":{}},"#, "the body is not valid JSON (line 1, column 23)"),
    ] {
        assert_eq!(error(body), why, "{body}");
    }
    let not_utf8 = publications(b"{\"type\":\"\xff\"}", EVENTS_MAX).unwrap_err();
    assert_eq!(not_utf8.to_string(), "the body is not UTF-8");
}

#[test]
fn a_bad_field_is_named_with_the_number_of_its_event() {
    let batch = |event: &str| format!(r#"[{{"type":"a.b","data":{{}}}},{event}]"#);
    for (event, why) in [
        (r#"{"data":{}}"#, "[1].type: is missing"),
        (r#"{"type":null,"data":{}}"#, "[1].type: is missing"),
        (r#"{"type":7,"data":{}}"#, "[1].type: must be a text"),
        (r#"{"type":"\ud800","data":{}}"#, "[1].type: must be a text"),
        (r#"{"type":"a"}"#, "[1].data: is missing"),
        (r#"{"type":"a","data":[]}"#, "[1].data: must be a JSON object"),
        (r#"{"type":"a","data":"{}"}"#, "[1].data: must be a JSON object"),
        (r#"{"type":"a","data":{},"occurredAt":5}"#, "[1].occurredAt: must be a text"),
        (
            r#"{"type":"a","data":{},"occuredAt":"2026-01-31T12:00:00Z"}"#,
            "[1]: there is a field twice, or one that is none of type, data and occurredAt",
        ),
        (
            r#"{"type":"a","type":"b","data":{}}"#,
            "[1]: there is a field twice, or one that is none of type, data and occurredAt",
        ),
    ] {
        assert_eq!(error(&batch(event)), why, "{event}");
    }
}

#[test]
fn types_that_are_none_or_that_are_not_the_applications_are_refused() {
    for bad in ["", "a b", "post.*", "a..b", "a\\u0000", "é"] {
        let why = error(&format!(r#"{{"type":"{bad}","data":{{}}}}"#));
        assert!(why.starts_with("type: ") && why.contains("is no event type"), "{bad}: {why}");
    }
    for reserved in ["github.push", "linear.Issue.create", "sync.completed", "connection.disabled"]
    {
        let why = error(&format!(r#"{{"type":"{reserved}","data":{{}}}}"#));
        let own = format!("type: {reserved} is for Hookyard's own events; begin with another word");
        assert_eq!(why, own);
    }
}

#[test]
fn a_time_is_one_of_rfc_3339() {
    let event = |time: &str| format!(r#"{{"type":"a","data":{{}},"occurredAt":{}}}"#, json!(time));
    for good in
        ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789-08:00", "0001-01-01T00:00:00Z"]
    {
        assert!(publications(event(good).as_bytes(), EVENTS_MAX).is_ok(), "{good}");
    }
    for bad in [
        "",
        "now",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-02-30T12:00:00Z",
        "-002026-01-31T12:00:00Z",
        "2026-01-31T12:00:00+01:00[Europe/Berlin]",
        "1769860800",
    ] {
        assert_eq!(
            error(&event(bad)),
            "occurredAt: must be a time such as 2026-01-31T12:00:00Z",
            "{bad}"
        );
    }
}

#[test]
fn data_is_what_every_reader_can_take() {
    for good in [
        "{}",
        r#"{"a":"\ud83d\ude00","b":-1.5e300,"c":[true,null]}"#,
        r#"{"a":"\\u0000"}"#,
        &nested(64),
    ] {
        assert!(publications(with_data(good).as_bytes(), EVENTS_MAX).is_ok(), "{good}");
    }
    let unreadable = "data: holds a number beyond a float's range, or half a surrogate pair";
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (bad, why) in [
        (r#"{"a":"\u0000"}"#, "data: contains a NUL character"),
        (r#"{"a":{"b\u0000":1}}"#, "data: contains a NUL character"),
        (r#"{"a":1e999}"#, unreadable),
        (r#"{"a":"\ud800"}"#, unreadable),
        (&nested(65), "data: nests deeper than 64 levels"),
        (&deep, "data: nests deeper than 64 levels"),
    ] {
        assert_eq!(error(&with_data(bad)), why);
    }
}

#[test]
fn an_idempotency_key_is_one_visible_text() {
    let key = |values: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("Idempotency-Key", HeaderValue::from_bytes(value).unwrap());
        }
        idempotency_key(&headers).map_err(|error| error.to_string())
    };
    let longest = [b'x'; 255];
    assert_eq!(key(&[]), Ok(None));
    assert_eq!(key(&[b"\"order-7\""]), Ok(Some("\"order-7\"".to_owned())));
    assert!(key(&[&longest]).is_ok());
    assert_eq!(key(&[b"a", b"a"]), Ok(Some("a".to_owned())));
    for bad in [&[b"".as_slice()][..], &[b"a b"], &[b"\xe9"], &[&[b'x'; 256]], &[b"a", b"b"]] {
        assert!(key(bad).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(publications(&body, EVENTS_MAX));
    }

    #[test]
    fn no_json_makes_the_reader_panic(
        body in r#"[\[\{]?(\{"(type|data|occurredAt)":("[a-z.]{0,5}"|\{[0-9a-z":,\\]{0,9}\}|[0-9.e]{0,5}),?\}?,?){0,4}\]?"#
    ) {
        drop(publications(body.as_bytes(), EVENTS_MAX));
    }

    #[test]
    fn data_that_is_taken_reads_as_a_tree(text in ".{0,20}", number in any::<i64>(), levels in 1_usize..70) {
        let mut data = json!({ "text": text, "number": number });
        for _ in 1..levels {
            data = json!({ "in": data });
        }
        let body = with_data(&data.to_string());
        match publications(body.as_bytes(), EVENTS_MAX) {
            Ok(read) => prop_assert_eq!(serde_json::from_str::<Value>(read[0].data).unwrap(), data),
            Err(_) => prop_assert!(levels > DATA_DEPTH_MAX || text.contains('\0')),
        }
    }
}
