//! What applications publish.

use hookyard_testkit::gateway::{Answer, Call, EventCall, Gateway, WORKSPACE, plant_token};
use serde_json::{Value, json};

use crate::support::{assert_no_trace, assert_refused, events};

/// The cap of a call, in bytes.
const CAP: usize = 1024 * 1024;
const EVENTS_MAX: usize = 1_000;

/// A gateway with somebody who wants events of these types, and a token to publish with.
pub(crate) async fn publisher(event_types: &str) -> (Gateway, String) {
    let gateway = Gateway::builder().without_target().start().await;
    let token = ready(&gateway, event_types).await;
    (gateway, token)
}

/// The subscription and the token alone.
pub(crate) async fn ready(gateway: &Gateway, event_types: &str) -> String {
    gateway
        .db()
        .execute(&format!(
            "with added as (
                 insert into connection (id, workspace_id, kind, name, status, sealed)
                 select gen_random_uuid(), id, 'webhook', 'default', 'connected', '' from workspace
                  where slug = '{WORKSPACE}'
                 returning id, workspace_id
             )
             insert into subscription (id, workspace_id, connection_id, event_types, status)
             select gen_random_uuid(), workspace_id, id, '{event_types}', 'active' from added"
        ))
        .await;
    plant_token(gateway.db(), WORKSPACE, "{events:write}").await
}

/// The ids of an accepted publication.
#[track_caller]
pub(crate) fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 202, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["ok"], &body["accepted"]), (&json!(true), &json!(true)));
    let events = body["events"].as_array().unwrap();
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

fn batch(count: usize) -> String {
    let events: Vec<Value> = (0..count)
        .map(|n| json!({ "type": format!("post.t{}", n % 3), "data": { "n": n } }))
        .collect();
    json!(events).to_string()
}

#[tokio::test]
async fn published_events_are_recorded_and_queued_if_somebody_wants_them() {
    let (gateway, token) = publisher("{post.*}").await;
    let body = r#"[{"type":"post.created","data":{ "title" : "Ä" },"occurredAt":"2026-01-31T12:00:00+01:00"},
                   {"type":"comment.created","data":{}}]"#;

    let answer = gateway.post(EventCall::raw(&token, body)).await;

    let ids = ids(&answer);
    assert_eq!(
        answer.json(),
        json!({ "ok": true, "accepted": true, "events": [
            { "id": ids[0], "type": "post.created", "queued": true },
            { "id": ids[1], "type": "comment.created", "queued": false },
        ]})
    );
    let sql = "select origin, type, outcome, reason, convert_from(body, 'UTF8') as body, body_bytes, content_type,
                      headers, slug, source_id, provider_delivery_id,
                      (select count(*) from job where subject_id = event.id and kind = 'event'
                          and job.workspace_id = workspace.id) as jobs,
                      (select count(*) from event_workspace concerned
                        where event_id = event.id and concerned.workspace_id = workspace.id) as owners
                 from event join workspace on workspace.id = workspace_id order by event.id";
    let row = |event_type, outcome, reason, body: &str, headers, jobs| {
        json!({
            "origin": "api", "type": event_type, "outcome": outcome, "reason": reason, "body": body,
            "body_bytes": body.len(), "content_type": "application/json", "headers": headers, "slug": WORKSPACE,
            "source_id": null, "provider_delivery_id": null, "jobs": jobs, "owners": 1,
        })
    };
    let happened = json!({ "occurredAt": "2026-01-31T11:00:00Z" });
    assert_eq!(
        gateway.db().rows(sql).await,
        [
            row("post.created", Value::Null, Value::Null, r#"{ "title" : "Ä" }"#, happened, 1),
            row("comment.created", json!("ignored"), json!("no_subscriber"), "{}", json!({}), 0),
        ]
    );
    gateway.finish().await;
}

#[tokio::test]
async fn one_event_is_answered_as_a_list_of_one() {
    let (gateway, token) = publisher("{*}").await;
    let answer = gateway.post(EventCall::one(&token, "ping", &json!({ "a": 1 }))).await;
    let queued = &answer.json()["events"][0]["queued"];
    assert_eq!((ids(&answer).len(), queued), (1, &json!(true)));
    gateway.finish().await;
}

#[tokio::test]
async fn a_thousand_events_are_one_call_and_more_are_refused() {
    let (gateway, token) = publisher("{post.t1}").await;
    let refused = gateway.post(EventCall::raw(&token, batch(EVENTS_MAX + 1))).await;
    assert_refused(&refused, 400, "the body is an array of 1 to 1000 events");
    assert_eq!(events(&gateway).await, 0);

    let ids = ids(&gateway.post(EventCall::raw(&token, batch(EVENTS_MAX))).await);

    assert!(ids.is_sorted() && ids.len() == EVENTS_MAX);
    let sql = "select id::text, convert_from(body, 'UTF8')::json ->> 'n' as n, type from event order by id";
    let rows = gateway.db().rows(sql).await;
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(
            (&row["n"], &row["type"]),
            (&json!(n.to_string()), &json!(format!("post.t{}", n % 3)))
        );
    }
    assert_eq!(rows.len(), EVENTS_MAX);
    // Every third is wanted, from the second on.
    let jobs = gateway.db().count("select count(*) from job").await;
    assert_eq!(jobs, i64::try_from(EVENTS_MAX / 3).unwrap());
    gateway.finish().await;
}

#[tokio::test]
async fn nothing_of_a_call_with_a_bad_event_is_recorded() {
    let (gateway, token) = publisher("{*}").await;
    let with = |event: &str| format!(r#"[{{"type":"post.created","data":{{}}}},{event}]"#);
    for (event, why) in [
        ("7", "[1]: an event must be a JSON object"),
        (r#"{"data":{}}"#, "[1].type: is missing"),
        (r#"{"type":"post.created"}"#, "[1].data: is missing"),
        (r#"{"type":"post.created","data":[]}"#, "[1].data: must be a JSON object"),
        (r#"{"type":"post.created","data":{"a":"\u0000"}}"#, "[1].data: contains a NUL character"),
        (
            r#"{"type":"post.created","data":{},"occurredAt":"yesterday"}"#,
            "[1].occurredAt: must be a time such as 2026-01-31T12:00:00Z",
        ),
        (
            r#"{"type":"github.push","data":{}}"#,
            "[1].type: github.push is for Hookyard's own events; begin with another word",
        ),
        (
            r#"{"type":"sync.completed","data":{}}"#,
            "[1].type: sync.completed is for Hookyard's own events; begin with another word",
        ),
    ] {
        assert_refused(&gateway.post(EventCall::raw(&token, with(event))).await, 400, why);
    }
    for body in ["", "{", "null", "[]", "\u{feff}{}", "[{}", r#"{"type":"a b","data":{}}"#] {
        assert_eq!(gateway.post(EventCall::raw(&token, body)).await.status, 400, "{body}");
    }
    let key = EventCall::one(&token, "ping", &json!({})).key(&"x".repeat(256));
    assert_refused(
        &gateway.post(key).await,
        400,
        "Idempotency-Key header is longer than 255 bytes",
    );
    assert_no_trace(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_call_that_the_database_cannot_hold_leaves_nothing_and_can_be_repeated() {
    let (gateway, token) = publisher("{*}").await;
    gateway.db().execute("alter table event add constraint poison check (type <> 'post.t2')").await;
    let call = EventCall::raw(&token, batch(4)).key("k");
    assert_refused(&gateway.post(&call).await, 400, "the event cannot be stored");
    assert_no_trace(&gateway).await;
    gateway.db().execute("alter table event drop constraint poison").await;
    assert_eq!(ids(&gateway.post(&call).await).len(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn the_cap_of_a_call_is_exact() {
    let (gateway, token) = publisher("{*}").await;
    let padded = |bytes: usize| {
        let mut body = br#"{"type":"ping","data":{}}"#.to_vec();
        body.resize(bytes, b' ');
        EventCall::raw(&token, body)
    };
    assert_eq!(ids(&gateway.post(padded(CAP)).await).len(), 1);
    assert_refused(&gateway.post(padded(CAP + 1)).await, 413, "body too large");
    let declared = Call::from(padded(10)).set("content-length", (CAP + 1).to_string());
    let mut connection = gateway.connect().await;
    connection.send(&declared.head()).await;
    assert_refused(&connection.answer().await.unwrap(), 413, "body too large");
    assert_eq!(events(&gateway).await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn many_small_events_count_against_the_budget() {
    let gateway = Gateway::builder()
        .without_target()
        .ingress_env("HOOKYARD_BODY_BUDGET_BYTES", "100000")
        .ingress_env("HOOKYARD_BODY_BUDGET_SHARE", "100")
        .start()
        .await;
    let token = ready(&gateway, "{*}").await;
    assert_eq!(ids(&gateway.post(EventCall::raw(&token, batch(100))).await).len(), 100);
    let answer = gateway.post(EventCall::raw(&token, batch(EVENTS_MAX))).await;
    assert_refused(&answer, 503, "too many large bodies at once");
    assert_eq!(events(&gateway).await, 100);
    gateway.finish().await;
}
