//! Connecting, testing, changing and disconnecting, as a browser without a script does it.

use hookyard_testkit::receiver_sim::{ProgrammedAnswer, ReceiverSim};

use crate::http::Served;
use crate::reader::{Reader, csrf};
use crate::yard::{Yard, items, receiver, text};

/// What no page may ever show.
const SECRET: &str = "very-secret";
const CONNECT: &str = "/w/acme/integrations/connect";
const WEBHOOK: &str = "/w/acme/integrations/connect/webhook";

fn url(receiver: &ReceiverSim) -> String {
    receiver.url_of(&format!("/hook?token={SECRET}"))
}

/// Connects a webhook of this name through the wizard; its path, and the page that has its key.
fn connected(ada: &mut Reader<'_>, yard: &Yard, name: &str, url: &str) -> (String, String) {
    let page = ada.page(WEBHOOK);
    let made = ada.submit(&page, WEBHOOK, &[("name", name), ("url", url)]);
    assert_eq!(made.status, 200, "{made:?}");
    let id = text(&items(&yard.json(&["connection", "list"]))[0], "id");
    (format!("/w/acme/integrations/{id}"), made.body)
}

// The receiver answers while the test waits for the page.
#[tokio::test(flavor = "multi_thread")]
async fn the_wizard_leads_from_the_kind_to_what_is_sent_and_shows_the_key_once() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);

    let page = ada.page(CONNECT);
    let chosen = ada.submit(&page, CONNECT, &[("kind", "webhook")]);
    assert_eq!((chosen.status, chosen.header("location")), (303, Some(WEBHOOK)));
    assert_eq!(ada.submit(&page, CONNECT, &[("kind", "pigeon")]).status, 422);
    assert_eq!(ada.open("/w/acme/integrations/connect/pigeon").status, 404);

    let page = ada.page(WEBHOOK);
    assert!(page.contains("https://www.standardwebhooks.com/") && page.contains("--kind webhook"));
    let fields =
        [("name", "Orders"), ("url", &*url(&receiver)), ("concurrency", "3"), ("rate", "0.5")];
    let made = ada.submit(&page, WEBHOOK, &fields);
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.body.matches("whsec_").count(), 1);
    let sample = &receiver.received()[0];
    assert_eq!(receiver.count("/hook"), 1);
    assert!(sample.header("webhook-id").starts_with("test_"));

    let connection = items(&yard.json(&["connection", "list"]))[0].clone();
    assert_eq!(connection["concurrencyMax"], 3);
    let one = format!("/w/acme/integrations/{}", text(&connection, "id"));
    let what = format!("{one}/what-to-send");
    assert!(made.body.contains(&what));
    let page = ada.page(&what);
    assert!(page.contains("aria-current=\"step\">What to send"));
    let narrowed = [
        ("types", "order.paid\r\norder.sent"),
        ("filter", "total > `100`"),
        ("retry", "persistent"),
        ("act", "save"),
        ("seen", &field(&page, "seen")),
    ];
    assert_eq!(ada.submit(&page, &what, &narrowed).status, 303);
    let subscriptions = yard.json(&["subscription", "list"]);
    let [subscription] = items(&subscriptions) else { panic!("{subscriptions:#}") };
    assert_eq!(subscription["eventTypes"], serde_json::json!(["order.paid", "order.sent"]));
    assert_eq!(subscription["filter"], "total > `100`");

    for path in
        [&*one, "/w/acme/integrations", &what, &format!("{one}/settings"), "/w/acme/audit-log"]
    {
        let page = ada.page(path);
        assert!(!page.contains(SECRET) && !page.contains("whsec_"), "{path}");
    }
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_test_saves_nothing_and_says_what_happened_what_it_means_and_what_to_do() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(WEBHOOK);
    let answer = ProgrammedAnswer {
        body: "</pre><script>alert(1)</script>".to_owned(),
        ..ProgrammedAnswer::status(403)
    };
    receiver.answer("/hook", vec![answer]).unwrap();
    let hostile = "<img src=x onerror=alert(1)>";
    let fields = [("name", hostile), ("url", &*url(&receiver)), ("user", "u-1"), ("reason", "try")];
    let refused = ada.submit(&page, WEBHOOK, &fields);
    assert_eq!(refused.status, 422, "{refused:?}");
    for words in ["403", "What it means.", "Nothing was saved", "What to do.", "role=\"alert\""] {
        assert!(refused.body.contains(words), "{words} in {}", refused.body);
    }
    // What was typed stays, but for the secret; and all of it stays text.
    assert!(refused.body.contains("value=\"u-1\"") && refused.body.contains("value=\"try\""));
    assert!(refused.body.contains("&lt;img src=x") && refused.body.contains("&lt;script&gt;"));
    for part in [SECRET, "<img", "<script>"] {
        assert!(!refused.body.contains(part), "{part}");
    }
    assert_eq!(yard.number("select count(*) n from connection").await, 0);
    assert_eq!(
        yard.number("select count(*) n from audit_log where action like 'connection.%'").await,
        0
    );

    let nobody = "http://127.0.0.1:9/very-secret";
    for (fields, field) in [
        ([("name", "a"), ("url", "")], "field-url-error"),
        ([("name", ""), ("url", nobody)], "field-name-error"),
        ([("name", "a"), ("url", "ftp://very-secret")], "field-url-error"),
        ([("rate", "-1"), ("url", nobody)], "field-rate-error"),
    ] {
        let refused = ada.submit(&page, WEBHOOK, &fields);
        assert_eq!(refused.status, 422, "{fields:?}");
        assert!(refused.body.contains(field) && !refused.body.contains(SECRET), "{fields:?}");
    }
    assert_eq!(yard.number("select count(*) n from connection").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_switched_off_given_new_keys_and_settings_from_its_page() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let (one, made) = connected(&mut ada, &yard, "<b>Orders", &url(&receiver));
    let first_key = key(&made);
    let page = ada.page(&one);
    assert!(page.contains("&lt;b&gt;Orders") && !page.contains("<b>Orders"));
    assert!(page.contains("Connected") && page.contains("every event"));
    assert_eq!(ada.submit(&page, &format!("{one}/test"), &[]).status, 303);
    assert!(ada.page(&one).contains("The receiver took the test."));

    receiver.answer("/hook", vec![ProgrammedAnswer::status(410)]).unwrap();
    let failed = ada.submit(&page, &format!("{one}/test"), &[]);
    assert_eq!(failed.status, 422, "{failed:?}");
    assert!(failed.body.contains("410") && failed.body.contains("What to do."), "{failed:?}");
    receiver.answer("/hook", vec![ProgrammedAnswer::status(200)]).unwrap();
    assert_eq!(ada.submit(&failed.body, &format!("{one}/test"), &[]).status, 303);

    let page = ada.page(&one);
    assert_eq!(ada.submit(&page, &format!("{one}/disable"), &[]).status, 303);
    let page = ada.page(&one);
    assert!(page.contains("Disabled") && page.contains("Nothing is sent until it is enabled"));
    assert_eq!(ada.submit(&page, &format!("{one}/enable"), &[]).status, 303);

    let keys = format!("{one}/signing-secret");
    let page = ada.page(&keys);
    let rotated = ada.submit(&page, &keys, &[("reason", "yearly")]);
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_ne!(key(&rotated.body), first_key);
    let page = ada.page(&keys);
    assert!(page.contains("Two keys sign") && !page.contains("whsec_"));
    assert_eq!(ada.submit(&page, &format!("{keys}/finish"), &[]).status, 303);
    assert!(ada.page(&keys).contains("One key signs"));

    let settings = format!("{one}/settings");
    let page = ada.page(&settings);
    let seen = field(&page, "seen");
    let change = |name| [("name", name), ("concurrency", "2"), ("rate", ""), ("seen", &*seen)];
    assert_eq!(ada.submit(&page, &settings, &change("")).status, 422);
    assert_eq!(ada.submit(&page, &settings, &change("Parcels")).status, 303);
    // Seen before that change: somebody else's is not written over.
    assert_eq!(ada.submit(&page, &settings, &change("Orders")).status, 409);
    assert!(ada.page(&one).contains("Parcels"));
}

/// The key that a page shows.
fn key(page: &str) -> String {
    let rest = page.split("whsec_").nth(1).expect("a key");
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnecting_says_what_goes_and_takes_the_name_typed() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let (one, _) = connected(&mut ada, &yard, "Orders", &url(&receiver));
    let path = format!("{one}/disconnect");
    let page = ada.page(&path);
    for words in ["0 deliveries wait", "1 subscription", "to confirm.", "Its name", "Reason"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    for wrong in [&[][..], &[("name", "orders")], &[("name", "Order"), ("reason", "gone")]] {
        let refused = ada.submit(&page, &path, wrong);
        assert_eq!(refused.status, 422, "{wrong:?}");
        assert!(refused.body.contains("field-name-error"));
    }
    assert!(ada.page(&one).contains("Send a test"));
    let done = ada.submit(&page, &path, &[("name", "Orders"), ("reason", "not used any more")]);
    assert_eq!((done.status, done.header("location")), (303, Some(&*one)), "{done:?}");
    let page = ada.page(&one);
    assert!(page.contains("Disconnected; 0 deliveries that waited for it called off."));
    assert!(page.contains("Connect anew") && !page.contains("Send a test"));
    assert!(ada.page("/w/acme/audit-log").contains("not used any more"));

    let anew = format!("{one}/reconnect");
    let page = ada.page(&anew);
    let again = ada.submit(&page, &anew, &[("url", &url(&receiver))]);
    assert_eq!(again.status, 200, "{again:?}");
    assert!(again.body.contains("whsec_") && again.body.contains("To the connection"));
    // A name that works is not given other credentials by the way.
    let page = ada.page(WEBHOOK);
    let taken = ada.submit(&page, WEBHOOK, &[("name", "Orders"), ("url", &url(&receiver))]);
    assert_eq!(taken.status, 422);
    assert!(taken.body.contains("field-name-error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_read_integrations_and_are_neither_shown_nor_granted_what_admins_do() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let id = text(&yard.connected(&url(&receiver)), "id");
    let (_, token) = yard.member("bob", "member");
    let (_, admin) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let one = format!("/w/acme/integrations/{id}");
    let mut bob = Reader::signed_in(&served, &token);
    for path in ["/w/acme/integrations", &one, "/w/acme/subscriptions"] {
        let page = bob.page(path);
        for words in ["Send a test", "Disconnect", "Connect …", "Add a subscription", "Rotate"] {
            assert!(!page.contains(words), "{words} on {path}");
        }
    }
    let page = bob.page(&one);
    for verb in ["disconnect", "settings", "reconnect", "signing-secret", "what-to-send"] {
        assert_eq!(bob.open(&format!("{one}/{verb}")).status, 403, "{verb}");
    }
    let own = [("csrf", csrf(&page)), ("name", "default"), ("url", "http://127.0.0.1:9/")];
    let same = "sec-fetch-site: same-origin\r\n";
    let verbs =
        ["test", "enable", "disable", "disconnect", "settings", "reconnect", "signing-secret"];
    for path in
        verbs.map(|verb| format!("{one}/{verb}")).iter().map(String::as_str).chain([WEBHOOK])
    {
        assert_eq!(bob.send(path, &own, same).status, 403, "{path}");
    }
    assert_eq!(receiver.count("/hook"), 1, "only connecting called it");

    // An admin's own form, but not of this session.
    let mut ada = Reader::signed_in(&served, &admin);
    assert_eq!(ada.send(&format!("{one}/disable"), &own, same).status, 403);
    assert!(ada.page(&one).contains("Connected"));
}
