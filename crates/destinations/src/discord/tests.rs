use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::Ending;
use crate::event::sample;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn answer(status: u16, body: &str, headers: &[(&'static str, &'static str)]) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect(),
        body: body.to_owned().into(),
        ending: Ending::Complete,
    }
}

fn class(status: u16, body: &str) -> Option<ErrorClass> {
    match judge(&answer(status, body, &[]), NOW, &Scrubber::default()) {
        Verdict::Delivered { .. } => None,
        Verdict::Failed(failure) => Some(failure.class),
    }
}

#[test]
fn a_post_has_featuls_embed() {
    let event = sample(
        "post.created",
        r#"{"post":{"title":"Dark *mode*","content":"Please","url":"https://a.example/p","board":"Features",
            "status":"open","author":{"name":"Ann"},"createdAt":"2026-11-20T09:00:00Z",
            "image":"https://a.example/i.png"}}"#,
    );
    assert_eq!(
        message(&Notice::of(&event)),
        json!({
            "embeds": [{
                "author": { "name": "New Feedback Submission" },
                "title": "Dark \\*mode\\*",
                "url": "https://a.example/p",
                "color": 5_814_783,
                "description": "Please",
                "fields": [
                    { "name": "Board", "value": "**Features**", "inline": true },
                    { "name": "Status", "value": "**open**", "inline": true },
                    { "name": "Submitted by", "value": "**Ann**", "inline": true },
                ],
                "timestamp": "2026-11-20T09:00:00.000Z",
                "footer": { "text": "Acme • Hookyard" },
                "thumbnail": { "url": "https://a.example/i.png" },
            }],
            "allowed_mentions": { "parse": [] },
        })
    );
}

#[test]
fn content_is_cut_at_300_characters() {
    let content = "ä".repeat(301);
    let event = sample("post.created", &json!({ "post": { "content": content } }).to_string());
    let message = message(&Notice::of(&event));
    assert_eq!(message["embeds"][0]["description"], format!("{}...", "ä".repeat(300)));
}

#[test]
fn mentions_links_and_markup_become_text() {
    assert_eq!(
        escape("<@1> @everyone [x](https://e.example) **b**", 100),
        r"\<\@1\> \@everyone \[x\]\(https\://e.example\) \*\*b\*\*"
    );
}

#[test]
fn what_begins_a_block_of_markdown_is_text() {
    for (text, expected) in [
        ("# h", r"\# h"),
        ("-# small", r"\-\# small"),
        ("> q", r"\> q"),
        (">>> q", r"\>\>\> q"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("* item", r"\* item"),
        ("1. one", r"1\. one"),
        ("a\n  12. two", "a\n  12\\. two"),
        ("1.", r"1\."),
        ("1.5 is no list, nor is a 1. here", "1.5 is no list, nor is a 1. here"),
        ("```rs\ncode```", "\\`\\`\\`rs\ncode\\`\\`\\`"),
        ("||spoiler||", r"\|\|spoiler\|\|"),
        ("<t:1:R> <:a:1> <#1>", r"\<t\:1\:R\> \<\:a\:1\> \<\#1\>"),
    ] {
        assert_eq!(escape(text, 100), expected, "{text}");
    }
}

#[test]
fn the_call_asks_for_the_saved_message() {
    let post = |url: &str| post_url(&url.parse().unwrap()).to_string();
    assert_eq!(
        post("https://discord.com/api/webhooks/1/abc"),
        "https://discord.com/api/webhooks/1/abc?wait=true"
    );
    assert_eq!(
        post("https://discord.com/api/webhooks/1/abc?thread_id=7"),
        "https://discord.com/api/webhooks/1/abc?thread_id=7&wait=true"
    );
}

#[test]
fn a_deleted_webhook_is_gone_and_a_wrong_token_must_be_replaced() {
    assert_eq!(class(200, "{}"), None);
    assert_eq!(class(204, ""), None);
    assert_eq!(class(404, r#"{"message":"Unknown Webhook","code":10015}"#), Some(ErrorClass::Gone));
    assert_eq!(class(404, "not found"), Some(ErrorClass::Gone));
    assert_eq!(class(401, r#"{"message":"Invalid","code":50027}"#), Some(ErrorClass::Credentials));
    assert_eq!(class(400, r#"{"message":"Invalid","code":50035}"#), Some(ErrorClass::Refused));
    assert_eq!(class(500, r#"{"code":10015}"#), Some(ErrorClass::ServerError));
}

#[test]
fn a_limit_is_waited_for_as_the_body_says() {
    let body = r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#;
    let Verdict::Failed(failure) =
        judge(&answer(429, body, &[("retry-after", "64")]), NOW, &Scrubber::default())
    else {
        panic!("a 429 is no success");
    };
    assert_eq!(failure.class, ErrorClass::RateLimited);
    assert_eq!(failure.retry_after, Some(Duration::from_secs_f64(64.57)));
}

#[test]
fn a_success_that_used_up_the_limit_asks_for_a_pause() {
    let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "1.5")];
    assert_eq!(
        judge(&answer(200, "{}", &headers), NOW, &Scrubber::default()),
        Verdict::Delivered { pause: Some(Duration::from_millis(1500)) }
    );
    let headers = [("x-ratelimit-remaining", "3"), ("x-ratelimit-reset-after", "1.5")];
    assert_eq!(
        judge(&answer(200, "{}", &headers), NOW, &Scrubber::default()),
        Verdict::Delivered { pause: None }
    );
}

/// The text as Discord shows it, if every mark in it is behind a backslash.
fn shown(escaped: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?),
            c if r"*_~`|<>@#:[]()-+".contains(c) => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

proptest! {
    #[test]
    fn escaped_text_holds_no_mark_and_shows_what_it_was(text: String, marks in r"[\\*_~`|<>@#:\[\]()+-]{0,50}") {
        for text in [text, marks] {
            prop_assert_eq!(shown(&escape(&text, usize::MAX)), Some(text));
        }
    }

    #[test]
    fn no_payload_breaks_a_limit(title: String, content in ".{0,900}", many in r"[*@😀]{250,400}") {
        for title in [title, many] {
            let mut data = json!({ "post": {
                "title": title, "content": content, "board": title, "author": { "name": title },
            }});
            for number in 0..40 {
                data[format!("{title}{number}")] = Value::from(title.as_str());
            }
            for event_type in ["post.created", "order.paid"] {
                let message = message(&Notice::of(&sample(event_type, &data.to_string())));
                let embed = &message["embeds"][0];
                let units = |value: &Value| value.as_str().map_or(0, |text| text.encode_utf16().count());
                let fields = embed["fields"].as_array().unwrap();
                let mut total = 0;
                for (text, max) in [
                    (&embed["title"], 256),
                    (&embed["description"], 4096),
                    (&embed["author"]["name"], 256),
                    (&embed["footer"]["text"], 2048),
                ] {
                    prop_assert!(units(text) <= max);
                    total += units(text);
                }
                prop_assert!(fields.len() <= 25);
                for field in fields {
                    prop_assert!((1..=256).contains(&units(&field["name"])));
                    prop_assert!((1..=1024).contains(&units(&field["value"])));
                    total += units(&field["name"]) + units(&field["value"]);
                }
                prop_assert!(total <= 6000, "{}", total);
            }
        }
    }
}
