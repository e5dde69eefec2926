//! What concerns many: replays of deliveries, dead letters by cause. And events, and pages that update themselves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use hookyard_domain::ids::EventId;
use hookyard_store::fan_out;

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, receiver, text};

const BURY: &str = "with gone as (delete from job where kind = 'delivery' returning subject_id),
    dead as (update delivery set state = 'dead', attempts = 3, response_status = 500, error_class = 'server_error',
                                 error = '500: the receiver failed'
              where id in (select subject_id from gone) returning id, workspace_id)
    insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
    select uuid_v7(now()), workspace_id, id, 'delivery', 'server_error', '500: the receiver failed' from dead";

/// A workspace with dead deliveries of events of these types.
async fn dead(types: &[&str]) -> (Yard, Vec<String>) {
    let yard = Yard::new().await;
    let receiver = receiver().await;
    yard.workspace();
    yard.connected(&receiver.url_of("/hook"));
    yard.execute("delete from job").await;
    let publish = ["events", "publish", "--workspace", "acme", "--data", "{\"n\": 1}", "--type"];
    let events: Vec<EventId> = types
        .iter()
        .map(|event_type| yard.id(&[&publish[..], &[event_type]].concat()).parse().unwrap())
        .collect();
    let mut conn = yard.owner().await;
    let tx = conn.begin().await.unwrap();
    for event in &events {
        let candidates = fan_out::candidates(&tx, &[*event]).await.unwrap();
        fan_out::deliver(&tx, &candidates).await.unwrap();
    }
    tx.commit().await.unwrap();
    yard.execute("delete from job where kind = 'event'").await;
    yard.execute(BURY).await;
    (yard, events.iter().map(ToString::to_string).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_dead_deliveries_are_replayed_after_a_preview_and_the_replay_is_cancelled() {
    let (yard, _) = dead(&["post.created", "post.pinned", "order.paid"]).await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let list = ada.page("/w/acme/deliveries?status=failed,dead");
    assert!(list.contains("/w/acme/replays/new?status=dead"), "{list}");
    let page = ada.page("/w/acme/replays/new?status=dead&type=order.paid");
    assert!(
        page.contains("Replay 1 delivery?") && page.contains("Nothing has been started"),
        "{page}"
    );
    let page = ada.page("/w/acme/replays/new?status=dead");
    assert!(page.contains("Replay 3 deliveries</button>"), "{page}");
    assert_eq!(yard.number("select count(*) as n from replay").await, 0);
    let fields = [("status", "dead"), ("per_s", "50"), ("reason", "the receiver is well again")];
    let answer = ada.submit(&page, "/w/acme/replays", &fields);
    assert_eq!(answer.status, 303, "{answer:?}");
    let path = answer.header("location").unwrap().to_owned();
    let page = ada.page(&path);
    for part in ["Running", "0 of 3", "At most 50 more each second", "the receiver is well again"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(ada.submit(&page, &format!("{path}/cancel"), &[]).status, 303);
    assert!(ada.page(&path).contains("Cancelled"));
    assert!(ada.page("/w/acme/replays").contains("the receiver is well again"));
    for query in ["status=pending", "since=yesterday", "colour=red"] {
        let refused = ada.open(&format!("/w/acme/replays/new?{query}"));
        assert!([400, 422].contains(&refused.status), "{query}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_of_one_cause_are_replayed_or_dropped_together() {
    let (yard, _) = dead(&["post.created", "post.pinned", "order.paid"]).await;
    yard.execute(
        "update dead_letter set reason = 'timeout', error = null
          where id = (select id from dead_letter order by id limit 1)",
    )
    .await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let list = ada.page("/w/acme/dead-letters");
    for part in ["3 things were given up", ", of 2 causes", "Replay all 2 …", "Replay all 1 …"]
    {
        assert!(list.contains(part), "{part} in {list}");
    }
    let cause = "/w/acme/dead-letters/cause";
    let many =
        ["kind=delivery", "cause=server_error", "error=500%3A+the+receiver+failed"].join("&");
    let page = ada.page(&format!("{cause}?{many}&do=replay"));
    assert!(page.contains("Replay 2 dead letters</button>"), "{page}");
    let until = page.split("name=\"until\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = |deed, reason, error| {
        [("kind", "delivery"), ("cause", reason), ("error", error), ("do", deed), ("until", until)]
    };
    for said in ["Queued once more: 2 dead letters.", "Queued once more: 0 dead letters."] {
        let fields = fields("replay", "server_error", "500: the receiver failed");
        assert_eq!(ada.submit(&page, cause, &fields).status, 303);
        assert!(ada.page("/w/acme/dead-letters").contains(said), "{said}");
    }
    assert_eq!(yard.number("select count(*) as n from job where kind = 'delivery'").await, 2);
    for (reason, error) in [("\0", ""), ("timeout", "a\0b")] {
        let answer = ada.submit(&page, cause, &fields("drop", reason, error));
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("a NUL character"), "{answer:?}");
    }
    let page = ada.page(&format!("{cause}?kind=delivery&cause=timeout&do=drop"));
    assert!(page.contains("Drop 1 dead letter</button>"), "{page}");
    assert_eq!(ada.submit(&page, cause, &fields("drop", "timeout", "")).status, 303);
    let none = ada.page("/w/acme/dead-letters");
    assert!(
        none.contains("Nothing is dead.") && none.contains("The last thing was given up"),
        "{none}"
    );
    assert!(!none.contains("Rejected messages"), "an admin sees nothing of the deployment's");
    let lines = yard.json(&["audit", "list"]);
    let lines: Vec<_> = items(&lines).iter().map(|line| text(line, "action")).collect();
    assert_eq!(&lines[..2], ["dead_letter.drop_many", "dead_letter.replay_many"], "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_what_it_set_off_and_is_downloaded_and_redacted() {
    let (yard, events) = dead(&["order.paid"]).await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let path = format!("/w/acme/events/{}", events[0]);
    let page = ada.page(&path);
    for part in
        ["What it set off", "Dead", "/w/acme/deliveries/", "Redact …", "Download it as it came"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    let body = ada.open(&format!("{path}/body"));
    assert_eq!(body.header("content-type"), Some("application/octet-stream"));
    assert!(body.header("content-disposition").unwrap().starts_with("attachment"));
    assert!(body.body.contains("\"n\""), "{body:?}");
    let page = ada.page(&format!("{path}/redact"));
    let answer = ada.submit(&page, &format!("{path}/redact"), &[("reason", "a secret was in it")]);
    assert_eq!(answer.status, 303, "{answer:?}");
    let page = ada.page(&path);
    assert!(page.contains("It was redacted.") && !page.contains("Redact …"), "{page}");
    assert_eq!(ada.open(&format!("{path}/body")).status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_json_body_is_laid_out_and_the_page_stays_light() {
    let (yard, events) = dead(&["order.paid"]).await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let path = format!("/w/acme/events/{}", events[0]);
    let laid_out =
        "<span class=\"k\"><bdi>&quot;first&quot;</bdi></span>: <span class=\"n\">1</span>,\n";
    let page = long_body(&yard, &mut ada, &path, LAID_OUT_WHOLE).await;
    assert!(page.contains(laid_out) && !page.contains("The beginning of"));
    let page = long_body(&yard, &mut ada, &path, LAID_OUT_IN_PART).await;
    assert!(page.contains(laid_out) && page.contains("The beginning of"));
    assert!(ada.open(&format!("{path}/body")).body.len() > 900_000);
}

const LAID_OUT_WHOLE: &str = "with long as (select convert_to('{\"first\":1,\"text\":\"' || repeat('x', 100000) || '\"}', 'UTF8') as body)
     update event set body = long.body, body_bytes = length(long.body) from long";
const LAID_OUT_IN_PART: &str = "with long as (select convert_to('{\"first\":1,\"text\":\"' || repeat('x', 900000) || '\"}', 'UTF8') as body)
     update event set body = long.body, body_bytes = length(long.body) from long";

/// The page of an event whose body a statement has made long.
async fn long_body(yard: &Yard, ada: &mut Reader<'_>, path: &str, sql: &'static str) -> String {
    yard.execute(sql).await;
    let page = ada.page(path);
    assert!(page.contains("Download it as it came"));
    assert!(page.len() < 400 * 1024, "{}", page.len());
    page
}

/// Reads a stream until it says this.
fn told(served: &Served, reader: &Reader<'_>, path: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(served.address).unwrap();
    let session = &reader.cookies["hookyard_session"];
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\ncookie: hookyard_session={session}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = String::new();
    let mut piece = [0_u8; 4096];
    // A stream says that it is alive each quarter of a minute: one that never says it fails the test.
    for _ in 0..20 {
        if told.contains(until) {
            return told;
        }
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{path} ended without {until}: {told}");
        told.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    panic!("{path} does not say {until}: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_may_change_say_what_is_new() {
    let (yard, _) = dead(&["order.paid"]).await;
    yard.execute("update delivery set state = 'failed'").await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let listed = yard.json(&["deliveries", "list"]);
    let id = text(&items(&listed)[0], "id");
    for (page, stream) in [
        ("/w/acme/deliveries".to_owned(), "/w/acme/deliveries/stream?newest="),
        (format!("/w/acme/deliveries/{id}"), "/stream?seen=failed-3"),
        ("/w/acme/events".to_owned(), "/w/acme/events/stream?newest="),
        ("/w/acme/overview".to_owned(), "/w/acme/overview/stream?since=24h"),
    ] {
        assert!(ada.page(&page).contains(stream), "{page} has no {stream}");
    }
    // Rows that are on screen come as they are now, others are only counted.
    let rows =
        told(&served, &ada, &format!("/w/acme/deliveries/stream?newest={id}"), "event: rows");
    assert!(rows.contains(&id) && rows.contains("hx-swap-oob"), "{rows}");
    told(&served, &ada, "/w/acme/deliveries/stream", "Show 1 new delivery");
    // Connecting has raised one of its own.
    let events = yard.number("select count(*) as n from event").await;
    told(&served, &ada, "/w/acme/events/stream", &format!("Show {events} new events"));
    told(&served, &ada, "/w/acme/overview/stream", "id=\"queues\"");
    // The page of one is told how it stands, that it has gone on, and that it is over.
    yard.execute("update delivery set state = 'delivered'").await;
    let one = format!("/w/acme/deliveries/{id}/stream?seen=failed-3");
    let over = told(&served, &ada, &one, "event: over");
    assert!(over.contains("It has gone on") && over.contains("The receiver took it."), "{over}");
    let page = ada.page(&format!("/w/acme/deliveries/{id}"));
    assert!(!page.contains("sse-connect"), "what is over is not watched");
}
