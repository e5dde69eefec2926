use http::HeaderMap;
use proptest::prelude::*;

use super::*;
use crate::event::sample;
use crate::{Ending, Verdict};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.to_owned().into(),
        ending: Ending::Complete,
    }
}

fn class(status: u16, body: &str) -> Option<ErrorClass> {
    match judge(&answer(status, body), NOW, &Scrubber::default()) {
        Verdict::Delivered { .. } => None,
        Verdict::Failed(failure) => Some(failure.class),
    }
}

fn blocks(message: &Value) -> Vec<&str> {
    message["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["type"].as_str().unwrap())
        .collect()
}

#[test]
fn a_post_has_featuls_blocks() {
    let event = sample(
        "post.created",
        r#"{"post":{"title":"Dark <mode> & more","content":"Please","url":"https://a.example/p?a=1&b=2",
            "board":"Features","status":"open","author":{"name":"Ann"},"image":"https://a.example/i.png"}}"#,
    );
    let message = message(&Notice::of(&event));
    assert_eq!(
        blocks(&message),
        ["header", "section", "section", "context", "divider", "image", "context"]
    );
    let block = |index: usize| &message["blocks"][index];
    assert_eq!(block(0)["text"]["text"], "New Feedback Submission");
    assert_eq!(
        block(1)["text"]["text"],
        "*<https://a.example/p?a=1&amp;b=2|Dark &lt;mode&gt; &amp; more>*"
    );
    assert_eq!(block(1)["text"]["verbatim"], true);
    assert_eq!(block(2)["text"]["text"], "Please");
    let elements = block(3)["elements"].as_array().unwrap();
    let texts: Vec<_> = elements.iter().map(|element| element["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Board: Features", "Status: open", "Submitted by: Ann"]);
    assert_eq!(block(6)["elements"][0]["text"], "Acme • Hookyard");
}

#[test]
fn content_is_cut_at_200_characters() {
    let content = "ä".repeat(201);
    let event = sample("post.created", &json!({ "post": { "content": content } }).to_string());
    let message = message(&Notice::of(&event));
    assert_eq!(message["blocks"][1]["text"]["text"], format!("{}...", "ä".repeat(200)));
}

#[test]
fn formatting_signs_act_nowhere_but_stay_within_words() {
    assert_eq!(escape_title("a_b *c* `d`", 100), "a_b ∗c∗ ˋdˋ");
    assert_eq!(
        escape_value("<!here> & <@U1>\n> q"),
        "&lt;!here&gt; &amp; &lt;@U1&gt;\n\u{200b}&gt; q"
    );
}

#[test]
fn only_200_and_ok_is_success() {
    assert_eq!(class(200, "ok"), None);
    assert_eq!(class(200, "ok\n"), None);
    assert_eq!(class(200, "<html>"), Some(ErrorClass::Refused));
    assert_eq!(class(204, ""), Some(ErrorClass::Refused));
    assert_eq!(class(302, "ok"), Some(ErrorClass::Redirect));
}

#[test]
fn what_slack_says_decides_who_must_act() {
    for (status, word) in [
        (403, "invalid_token"),
        (404, "no_service"),
        (404, "channel_not_found"),
        (404, "no_team"),
        (410, "channel_is_archived"),
    ] {
        assert_eq!(class(status, word), Some(ErrorClass::Credentials), "{word}");
    }
    assert_eq!(class(410, ""), Some(ErrorClass::Gone));
    assert_eq!(class(400, "invalid_payload"), Some(ErrorClass::Refused));
    assert_eq!(class(403, "action_prohibited"), Some(ErrorClass::Refused));
    assert_eq!(class(429, "rate_limited"), Some(ErrorClass::RateLimited));
    assert_eq!(class(500, "rollup_error"), Some(ErrorClass::ServerError));
}

/// Every text of a message, with the limit that Slack gives it.
fn texts(message: &Value) -> Vec<(String, usize)> {
    let text = |value: &Value| value["text"].as_str().unwrap().to_owned();
    let mut all = vec![(text(message), 3000)];
    for block in message["blocks"].as_array().unwrap() {
        match block["type"].as_str().unwrap() {
            "header" => all.push((text(&block["text"]), 150)),
            "section" => all.push((text(&block["text"]), 3000)),
            "image" => all.push((block["alt_text"].as_str().unwrap().to_owned(), 2000)),
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!(elements.len() <= 10, "{}", elements.len());
                all.extend(elements.iter().map(|element| (text(element), 3000)));
            }
            _ => {}
        }
    }
    all
}

proptest! {
    #[test]
    fn no_payload_breaks_a_limit_or_brings_a_control_character(
        title: String,
        content in ".{0,600}",
        board: String,
        many in "[<>&]{150,400}",
    ) {
        for title in [title, many] {
            let data = json!({ "post": {
                "title": title, "content": content, "board": board, "author": { "name": board },
                "url": "https://a.example/",
            }});
            for event_type in ["post.created", "order.paid"] {
                let message = message(&Notice::of(&sample(event_type, &data.to_string())));
                prop_assert!(blocks(&message).len() <= 50);
                for (text, max) in texts(&message) {
                    prop_assert!(text.encode_utf16().count() <= max);
                    prop_assert!(!text.is_empty());
                    // The one link is the title's.
                    let ours = text.replace("<https://a.example/|", "").replace(">*", "*");
                    prop_assert!(!ours.contains(['<', '>']), "{}", text);
                }
            }
        }
    }
}
