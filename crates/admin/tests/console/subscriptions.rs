//! Subscriptions: tried on past events, saved, paused and removed.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, receiver, text};

const ADD: &str = "/w/acme/subscriptions/add";

fn published(yard: &Yard, event_type: &str, data: &str) -> String {
    let publish = ["events", "publish", "--workspace", "acme", "--type", event_type];
    yard.json(&[&publish[..], &["--data", data]].concat());
    text(&items(&yard.json(&["events", "list"]))[0], "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_and_a_template_are_tried_on_a_past_event_before_anything_is_saved() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let connection = text(&yard.connected(&receiver.url_of("/hook")), "id");
    let hostile = r#"{"order":"</pre><script>alert(1)</script>","total":129}"#;
    let event = published(&yard, "order.paid", hostile);
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let calls = receiver.total();

    let page = ada.page(&format!("{ADD}?connection={connection}"));
    assert!(page.contains(&format!("<option value=\"{event}\" selected>order.paid")), "{page}");
    let filled = |filter: &'static str, template: &'static str, pasted: &'static str| {
        let event = event.clone();
        [
            ("connection", connection.clone()),
            ("types", "order.*".to_owned()),
            ("filter", filter.to_owned()),
            ("template", template.to_owned()),
            ("event", event),
            ("pasted", pasted.to_owned()),
        ]
    };
    let send = |ada: &mut Reader<'_>, fields: [(&'static str, String); 6], act: &str| {
        let mut fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("act", act));
        ada.submit(&page, ADD, &fields)
    };
    let template = r#"{"paid": {{ data.order }}}"#;
    let tried = send(&mut ada, filled("total > `100`", template, ""), "try");
    assert_eq!(tried.status, 200, "{tried:?}");
    for words in [
        "This event would be sent.",
        "What would be sent",
        "POST to <bdi>127.0.0.1",
        "made with the key",
    ] {
        assert!(tried.body.contains(words), "{words} in {}", tried.body);
    }
    assert!(!tried.body.contains("<script>") && !tried.body.contains("whsec_"));
    // What was typed stays in the form.
    assert!(tried.body.contains("total &gt; `100`") && tried.body.contains("order.*"));

    let tried = send(&mut ada, filled("total > `200`", "", ""), "try");
    assert!(tried.body.contains("This event would not be sent."));
    assert!(tried.body.contains("does not pass"));
    for (fields, field) in [
        (filled("total >", "", ""), "field-filter-error"),
        (filled("", "{{ data.", ""), "field-template-error"),
        (filled("", "", "evt_nonsense"), "field-pasted-error"),
        (filled("", "", "evt_01h0000000000000000000000"), "error"),
    ] {
        let refused = send(&mut ada, fields, "try");
        assert_eq!(refused.status, 422, "{field}");
        assert!(refused.body.contains(field), "{field} in {}", refused.body);
    }
    assert_eq!(
        yard.number("select count(*) n from subscription").await,
        1,
        "the one to everything"
    );
    assert_eq!(receiver.total(), calls, "a trial calls nobody");

    let saved = send(&mut ada, filled("total > `100`", template, ""), "save");
    assert_eq!(saved.status, 303, "{saved:?}");
    let one = saved.header("location").unwrap().to_owned();
    let page = ada.page(&one);
    assert!(page.contains("total &gt; `100`") && page.contains("data.order"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_subscription_is_tried_edited_paused_resumed_and_removed() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    yard.connected(&receiver.url_of("/hook"));
    let event = published(&yard, "order.paid", r#"{"total":1}"#);
    let id = text(&items(&yard.json(&["subscription", "list"]))[0], "id");
    let (_, token) = yard.member("ada", "admin");
    let (_, plain) = yard.member("bob", "member");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let one = format!("/w/acme/subscriptions/{id}");
    assert!(ada.page("/w/acme/subscriptions").contains(&one));
    let page = ada.page(&one);
    let tried = ada.submit(&page, &format!("{one}/try"), &[("pasted", &event)]);
    assert!(tried.body.contains("This event would be sent."), "{tried:?}");
    assert_eq!(ada.submit(&page, &format!("{one}/try"), &[]).status, 422);

    let edit = format!("{one}/edit");
    let form = ada.page(&edit);
    let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [
        ("types", "order.*"),
        ("retry", "own"),
        ("own", r#"{"attempts":2,"baseMs":1,"longestMs":1}"#),
    ];
    let fields = [&fields[..], &[("seen", seen), ("act", "save")]].concat();
    assert_eq!(ada.submit(&form, &edit, &fields).status, 303);
    assert_eq!(ada.submit(&form, &edit, &fields).status, 409, "seen before that change");
    assert!(ada.page(&one).contains("order.*"));
    let wrong = [("types", "no type!"), ("act", "save")];
    assert!(ada.submit(&form, &edit, &wrong).body.contains("field-types-error"));

    let page = ada.page(&one);
    assert_eq!(ada.submit(&page, &format!("{one}/pause"), &[]).status, 303);
    let page = ada.page(&one);
    assert!(page.contains("Paused"));

    let mut bob = Reader::signed_in(&served, &plain);
    let read = bob.page(&one);
    assert!(read.contains("order.*") && !read.contains("Remove") && !read.contains("Past event"));
    assert_eq!(bob.open(&edit).status, 403);

    assert_eq!(ada.submit(&page, &format!("{one}/resume"), &[]).status, 303);
    let remove = format!("{one}/remove");
    let page = ada.page(&remove);
    assert!(page.contains("still owed"));
    assert_eq!(ada.submit(&page, &remove, &[("reason", "unused")]).status, 303);
    assert_eq!(ada.open(&one).status, 404);
    assert!(ada.page("/w/acme/subscriptions").contains("Nobody is told of anything"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_names_another_workspaces_connection_or_event_finds_nothing() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let own = text(&yard.connected(&receiver.url_of("/hook")), "id");
    yard.id(&["workspace", "create", "else", "--name", "Else"]);
    let connect = ["connection", "connect", "--workspace", "else", "--kind", "webhook", "--url"];
    let foreign = yard.id(&[&connect[..], &[&receiver.url_of("/else")]].concat());
    let publish = ["events", "publish", "--workspace", "else", "--type", "order.paid", "--data"];
    yard.json(&[&publish[..], &["{\"theirs\":1}"]].concat());
    let event = text(&items(&yard.json(&["events", "list"]))[0], "id");
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(ADD);
    assert!(!page.contains(&foreign) && !page.contains(&event));
    let stolen = [("connection", &*foreign), ("types", "*"), ("act", "save")];
    let refused = ada.submit(&page, ADD, &stolen);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("field-connection-error"));
    let spied = [("connection", &*own), ("types", "*"), ("pasted", &*event), ("act", "try")];
    let refused = ada.submit(&page, ADD, &spied);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("There is no event") && !refused.body.contains("theirs"));
    assert_eq!(ada.open(&format!("/w/acme/subscriptions?connection={foreign}")).status, 404);
    assert_eq!(ada.open(&format!("/w/acme/integrations/{foreign}")).status, 404);
}
