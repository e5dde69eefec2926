//! A publication under an `Idempotency-Key` is recorded once, however often it comes.

use hookyard_testkit::gateway::{
    Call, EventCall, Gateway, PATIENCE, WORKSPACE, plant_token, until,
};
use serde_json::json;

use crate::dedupe::at_once;
use crate::publish::{ids, publisher, ready};
use crate::support::{WAITING, assert_refused, events};

const TWO: &str = r#"[{"type":"post.created","data":{"n":1}},{"type":"other","data":{"n":2}}]"#;

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer() {
    let (gateway, token) = publisher("{post.*}").await;
    let call = EventCall::raw(&token, TWO).key("order-7");
    let first = gateway.post(&call).await;
    assert_eq!(ids(&first).len(), 2);
    for _ in 0..3 {
        let again = gateway.post(&call).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
    }
    assert_eq!(events(&gateway).await, 2);
    assert_eq!(gateway.db().count("select count(*) from job").await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_with_another_body_is_a_conflict_and_records_nothing() {
    let (gateway, token) = publisher("{*}").await;
    ids(&gateway.post(EventCall::raw(&token, TWO).key("k")).await);
    let longer = TWO.replace(']', r#",{"type":"third","data":{}}]"#);
    let error = "this Idempotency-Key was used with another body";
    for body in
        [longer.as_str(), &TWO.replace('[', "[ "), r#"{"type":"post.created","data":{"n":1}}"#]
    {
        assert_refused(&gateway.post(EventCall::raw(&token, body).key("k")).await, 409, error);
    }
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn copies_at_once_are_recorded_once_and_answered_alike() {
    let (gateway, token) = publisher("{*}").await;
    let same = Call::from(EventCall::raw(&token, TWO).key("k"));
    let other = Call::from(EventCall::one(&token, "ping", &json!({})).key("k"));
    let calls = (0..60).map(|n| if n % 3 == 0 { other.clone() } else { same.clone() });

    let answers = at_once(gateway.caller(), calls).await;

    let taken: Vec<_> = answers.iter().filter(|it| it.status == 202).collect();
    assert!(taken.iter().all(|it| it.body == taken[0].body));
    // Which of the two bodies came first is nobody's choice.
    assert!(taken.len() == 40 || taken.len() == 20, "{}", taken.len());
    assert_eq!(answers.iter().filter(|it| it.status == 409).count(), 60 - taken.len());
    assert_eq!(events(&gateway).await, i64::try_from(ids(taken[0]).len()).unwrap());
    gateway.finish().await;
}

#[tokio::test]
async fn without_a_key_every_call_is_new() {
    let (gateway, token) = publisher("{*}").await;
    let first = ids(&gateway.post(EventCall::raw(&token, TWO)).await);
    let second = ids(&gateway.post(EventCall::raw(&token, TWO)).await);
    assert!(first.iter().all(|id| !second.contains(id)));
    assert_eq!(events(&gateway).await, 4);
    gateway.finish().await;
}

#[tokio::test]
async fn the_keys_of_two_workspaces_never_meet() {
    let (gateway, token) = publisher("{*}").await;
    gateway.admin().create(&["workspace", "create", "other", "--name", "Other"]).await;
    let theirs = plant_token(gateway.db(), "other", "{events:write}").await;
    let ours = ids(&gateway.post(EventCall::raw(&token, TWO).key("k")).await);
    let theirs = gateway
        .post(EventCall::raw(&theirs, r#"{"type":"x","data":{}}"#).to("other").key("k"))
        .await;
    assert!(!ours.contains(&ids(&theirs)[0]));
    assert_eq!(theirs.json()["events"][0]["queued"], false, "nobody there wants it");
    assert_eq!(events(&gateway).await, 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_publication_whose_answer_was_lost_is_answered_when_it_comes_again() {
    let (gateway, token) = publisher("{*}").await;
    let call = Call::from(EventCall::raw(&token, TWO).key("k"));
    let mut connection = gateway.connect().await;
    connection.send(&call.bytes()).await;
    until("it is recorded", PATIENCE, async || events(&gateway).await == 2).await;
    gateway.ingress().kill9().await;
    drop(connection);
    gateway.ingress().start().await;

    let answer = gateway.post(call).await;

    let recorded = gateway.db().rows("select id from event order by id").await;
    let recorded = recorded.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap());
    let recorded: Vec<String> = recorded.map(event_id).collect();
    assert_eq!(ids(&answer), recorded);
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_publication_is_recorded_once_though_its_connection_breaks_before_the_answer() {
    let gateway = Gateway::builder()
        .without_target()
        .proxied()
        .ingress_env("HOOKYARD_RECORD_MS_MAX", "30000")
        .start()
        .await;
    let token = ready(&gateway, "{*}").await;
    // A first call, so that the token is remembered.
    ids(&gateway.post(EventCall::one(&token, "ping", &json!({}))).await);
    gateway.db().execute("begin; lock table dedupe in exclusive mode").await;
    let watcher = gateway.db_as("hookyard_admin");
    let broken = async {
        let waiting = async |many| watcher.count(WAITING).await >= many;
        until("the call is being recorded", PATIENCE, async || waiting(1).await).await;
        gateway.database_proxy().cut();
        until("it is recorded again", PATIENCE, async || waiting(2).await).await;
        gateway.db().execute("commit").await;
    };
    let call = gateway.post(EventCall::raw(&token, TWO));
    let (answer, ()) = tokio::join!(call, broken);

    assert_eq!(ids(&answer).len(), 2);
    assert_eq!(events(&gateway).await, 3);
    assert_eq!(gateway.db().count("select count(*) from job").await, 3);
    gateway.finish().await;
}

/// An event's id as it is answered.
fn event_id(id: uuid::Uuid) -> String {
    hookyard_domain::ids::EventId(id).to_string()
}

#[tokio::test]
async fn a_key_belongs_to_the_workspace_and_not_to_the_token() {
    let (gateway, token) = publisher("{*}").await;
    let other = plant_token(gateway.db(), WORKSPACE, "{events:write}").await;
    let first = gateway.post(EventCall::raw(&token, TWO).key("k")).await;
    let second = gateway.post(EventCall::raw(&other, TWO).key("k")).await;
    assert_eq!(ids(&first), ids(&second));
    gateway.finish().await;
}
