//! What is owed: seen, sent once more, called off.

use hookyard_domain::ids::EventId;
use hookyard_store::fan_out;
use serde_json::{Value, json};

use crate::yard::{Yard, items, receiver, text};

/// A workspace with one connection and, for it, a pending delivery of an event of each of these types.
async fn owed(yard: &Yard, types: &[&str]) -> (String, Vec<String>) {
    let receiver = receiver().await;
    yard.workspace();
    let connection = text(&yard.connected(&receiver.url_of("/hook")), "id");
    yard.execute("delete from job").await;
    let events: Vec<EventId> = types
        .iter()
        .map(|event_type| {
            let publish =
                ["events", "publish", "--workspace", "acme", "--data", "{}", "--type", event_type];
            yard.id(&publish).parse().unwrap()
        })
        .collect();
    let mut conn = yard.owner().await;
    let tx = conn.begin().await.unwrap();
    let mut deliveries = Vec::new();
    for event in events {
        let candidates = fan_out::candidates(&tx, &[event]).await.unwrap();
        deliveries.extend(fan_out::deliver(&tx, &candidates).await.unwrap());
    }
    tx.commit().await.unwrap();
    yard.execute("delete from job where kind = 'event'").await;
    (connection, deliveries.iter().map(ToString::to_string).collect())
}

const BURY: &str = "with gone as (delete from job where kind = 'delivery' returning subject_id),
    dead as (update delivery set state = 'dead', attempts = 3, response_status = 500, error_class = 'server_error',
                                 error = '500: the receiver failed'
              where id in (select subject_id from gone) returning id, workspace_id),
    tries as (insert into attempt (delivery_id, number, started_at, duration_ms, response_status, error_class, error,
                                   response_excerpt)
              select id, n, now(), 12, 500, 'server_error', '500: the receiver failed', 'oops' from dead, generate_series(1, 3) n)
    insert into dead_letter (id, workspace_id, subject_id, kind, reason)
    select uuid_v7(now()), workspace_id, id, 'delivery', 'attempts_exhausted' from dead";

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_found_by_each_filter() {
    let yard = Yard::new().await;
    let (connection, ids) = owed(&yard, &["post.created", "post.pinned", "order.paid"]).await;
    let found =
        |filter: &[&str]| items(&yard.json(&[&["deliveries", "list"], filter].concat())).len();
    let event = text(&yard.json(&["deliveries", "show", &ids[0]]), "eventId");
    for (filter, count) in [
        (&[][..], 3),
        (&["--workspace", "acme"], 3),
        (&["--connection", &connection], 3),
        (&["--state", "pending"], 3),
        (&["--state", "dead"], 0),
        (&["--event", &event], 1),
        (&["--event-type", "order.paid"], 1),
        (&["--workspace", "acme", "--connection", &connection, "--event-type", "post.pinned"], 1),
        (&["--limit", "2"], 2),
    ] {
        assert_eq!(found(filter), count, "{filter:?}");
    }
    yard.execute(BURY).await;
    assert_eq!(found(&["--workspace", "acme", "--state", "dead"]), 3);
    assert_eq!(yard.run(&["deliveries", "list", "--state", "lost"]).code, 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_delivery_shows_its_tries_and_is_sent_once_more_under_its_id() {
    let yard = Yard::new().await;
    let (_, ids) = owed(&yard, &["post.created"]).await;
    let early = yard.run(&["deliveries", "replay", &ids[0]]);
    assert!(early.code == 1 && early.stderr.contains("is pending"), "{early:?}");
    yard.execute(BURY).await;
    let shown = yard.json(&["deliveries", "show", &ids[0]]);
    assert_eq!((&shown["state"], &shown["attempts"]), (&json!("dead"), &json!(3)));
    let tries = shown["tries"].as_array().unwrap();
    assert_eq!(
        (tries.len(), &tries[0]["number"], &tries[2]["responseExcerpt"]),
        (3, &json!(1), &json!("oops"))
    );
    let read = yard.run(&["deliveries", "show", &ids[0]]).stdout;
    assert!(read.contains("server_error") && read.contains("oops"), "{read}");

    let replayed = yard.json(&["deliveries", "replay", &ids[0], "--reason", "it is well again"]);
    assert_eq!((&replayed["id"], &replayed["queued"]), (&json!(ids[0]), &json!(true)));
    let shown = yard.json(&["deliveries", "show", &ids[0]]);
    assert_eq!((&shown["state"], &shown["job"]["id"]), (&json!("pending"), &replayed["job"]["id"]));
    assert_eq!(items(&yard.json(&["dead-letters", "list"])), [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_of_a_delivery_is_replayed_too_and_an_expired_event_is_not() {
    let yard = Yard::new().await;
    let (_, ids) = owed(&yard, &["post.created", "post.pinned"]).await;
    yard.execute(BURY).await;
    let letters = yard.json(&["dead-letters", "list", "--workspace", "acme"]);
    let letter = items(&letters).iter().find(|it| it["subjectId"] == ids[0]).unwrap();
    let settled = yard.json(&["dead-letters", "replay", &text(letter, "id")]);
    assert_eq!((&settled["subjectId"], &settled["queued"]), (&json!(ids[0]), &json!(true)));

    let event = text(&yard.json(&["deliveries", "show", &ids[1]]), "eventId");
    yard.json(&["events", "redact", &event]);
    let ran = yard.run(&["deliveries", "replay", &ids[1]]);
    assert!(ran.code == 1 && ran.stderr.contains("body expired"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_delivery_is_called_off_and_one_in_flight_is_told_as_such() {
    let yard = Yard::new().await;
    let (_, ids) = owed(&yard, &["post.created", "post.pinned"]).await;
    let cancelled = yard.json(&["deliveries", "cancel", &ids[0]]);
    assert_eq!((&cancelled["state"], cancelled.get("job")), (&json!("cancelled"), None));
    let again = yard.run(&["deliveries", "cancel", &ids[0]]);
    assert!(again.code == 1 && again.stderr.contains("over already"), "{again:?}");

    yard.execute("update job set state = 'leased', lease_owner = gen_random_uuid(), due_at = now() + interval '1 minute'").await;
    let ran = yard.run(&["deliveries", "cancel", &ids[1]]);
    assert!(ran.code == 1 && ran.stderr.contains("in flight"), "{ran:?}");
    let shown = yard.json(&["deliveries", "show", &ids[1]]);
    assert_eq!(shown["state"], "delivering");
    assert!(shown["cancelRequestedAt"].is_string(), "the wish is kept: {shown}");
    assert_eq!(yard.run(&["deliveries", "cancel", "dlv_01h455vb4pex5vsknk084sn02q"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_counted_before_they_are_replayed_and_a_replay_can_be_ended() {
    let yard = Yard::new().await;
    let (connection, _) = owed(&yard, &["post.created", "post.pinned", "order.paid"]).await;
    let replay = ["deliveries", "replay", "--workspace", "acme"];
    let none = yard.run(&[&replay[..], &["--confirm"]].concat());
    assert!(none.code == 1 && none.stderr.contains("no delivery matches"), "{none:?}");
    yard.execute(BURY).await;
    let expected = |filter: &[&str]| {
        yard.json(&[&replay[..], &["--preview"], filter].concat())["expected"].clone()
    };
    assert_eq!(expected(&[]), 3);
    assert_eq!(expected(&["--state", "dead", "--event-type", "order.paid"]), 1);
    assert_eq!(expected(&["--state", "delivered"]), 0);
    assert_eq!(expected(&["--connection", &connection, "--since", "1h"]), 3);
    assert_eq!(expected(&["--since", "2100-01-01T00:00:00Z"]), 0);
    assert_eq!(
        yard.number("select count(*) as n from replay").await,
        0,
        "a preview changes nothing"
    );

    let confirm = ["--state", "dead", "--per-s", "50", "--confirm", "--reason", "outage"];
    let started = yard.json(&[&replay[..], &confirm].concat());
    assert_eq!(
        (&started["expected"], &started["perS"], &started["state"]),
        (&json!(3), &json!(50), &json!("running"))
    );
    let id = text(&started, "id");
    let job = "select count(*) as n from job where kind = 'replay' and state = 'scheduled' and due_at <= now()";
    assert_eq!(yard.number(job).await, 1);
    let listed = yard.json(&["deliveries", "replay", "list", "--workspace", "acme"]);
    assert_eq!(text(&items(&listed)[0], "id"), id);
    assert_eq!(yard.json(&["deliveries", "replay", "cancel", &id])["state"], "cancelled");
    let again = yard.run(&["deliveries", "replay", "cancel", &id]);
    assert!(again.code == 1 && again.stderr.contains("over already"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_names_what_to_replay_and_only_what_is_over() {
    let yard = Yard::new().await;
    yard.workspace();
    for arguments in [
        &["deliveries", "replay"][..],
        &["deliveries", "replay", "--state", "dead"],
        &["deliveries", "replay", "--workspace", "acme", "--preview", "--confirm"],
        &["deliveries", "replay", "--workspace", "acme", "--state", "pending", "--preview"],
        &["deliveries", "replay", "--workspace", "acme", "--per-s", "0", "--confirm"],
        &["deliveries", "replay", "dlv_01h455vb4pex5vsknk084sn02q", "--workspace", "acme"],
    ] {
        let ran = yard.run(arguments);
        assert_eq!(ran.code, 64, "{arguments:?} {ran:?}");
    }
    assert_eq!(yard.run(&["deliveries", "replay", "dlv_01h455vb4pex5vsknk084sn02q"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_ill_connections_and_those_that_much_waits_for() {
    let yard = Yard::new().await;
    let (connection, _) = owed(&yard, &["post.created", "post.pinned"]).await;
    let check = |name: &str| {
        let diagnosis: Value =
            serde_json::from_str(&yard.run(&["doctor", "--json"]).stdout).unwrap();
        let checks = diagnosis["checks"].as_array().unwrap();
        checks.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(check("connections")["level"], "ok");
    assert_eq!(check("vault keys")["level"], "ok");
    yard.execute("update job set state = 'parked', due_at = now() - interval '2 hours'").await;
    let waiting = check("deliveries");
    assert_eq!(waiting["level"], "warn");
    assert!(text(&waiting, "found").contains("2 for acme default (webhook)"), "{waiting}");
    yard.json(&["connection", "disable", &connection]);
    let ill = check("connections");
    assert!(text(&ill, "found").contains(&format!("{connection} disabled")), "{ill}");
}
