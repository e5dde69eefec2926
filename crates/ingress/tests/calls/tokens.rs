//! Who may publish.

use hookyard_testkit::gateway::{
    Answer, Call, EventCall, Gateway, PATIENCE, WORKSPACE, plant_token, until,
};
use hookyard_testkit::proxy::Weather;
use serde_json::json;

use crate::publish::{ids, publisher, ready};
use crate::support::{assert_no_trace, assert_refused};

const CHALLENGE: &str = r#"Bearer realm="hookyard""#;

#[track_caller]
fn assert_challenged(answer: &Answer, error: &str, challenge: &str) {
    assert_refused(answer, 401, error);
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_published() {
    let (gateway, token) = publisher("{*}").await;
    let call = Call::from(EventCall::one(&token, "ping", &json!({})));
    let missing = gateway.post(call.clone().without("authorization")).await;
    assert_challenged(&missing, "no bearer token", CHALLENGE);
    let invalid = format!("{CHALLENGE}, error=\"invalid_token\"");
    let unknown = format!("Bearer {token}x");
    let basic = format!("Basic {token}");
    for value in [unknown.as_str(), &basic, &token, "Bearer", "Bearer hky_", "Bearer x", ""] {
        let answer = gateway.post(call.clone().set("authorization", value)).await;
        assert_challenged(&answer, "invalid token", &invalid);
    }
    let twice = call.with("authorization", format!("Bearer {token}"));
    assert_challenged(&gateway.post(twice).await, "invalid token", &invalid);
    assert_no_trace(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_token_without_the_scope_is_forbidden() {
    let (gateway, _) = publisher("{*}").await;
    let token = plant_token(gateway.db(), WORKSPACE, "{events:read}").await;
    let answer = gateway.post(EventCall::one(&token, "ping", &json!({}))).await;
    assert_refused(&answer, 403, "the token lacks the scope `events:write`");
    let challenge = r#"Bearer realm="hookyard", error="insufficient_scope", scope="events:write""#;
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    gateway.finish().await;
}

#[tokio::test]
async fn another_workspace_is_as_unknown_as_one_that_is_not() {
    let (gateway, token) = publisher("{*}").await;
    gateway.admin().create(&["workspace", "create", "other", "--name", "Other"]).await;
    for slug in ["other", "nobody"] {
        let answer = gateway.post(EventCall::one(&token, "ping", &json!({})).to(slug)).await;
        assert_refused(&answer, 404, "unknown workspace");
    }
    assert_no_trace(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_token_that_is_revoked_or_expired_stops_within_seconds() {
    let (gateway, _) = publisher("{*}").await;
    for end in ["revoked_at = now()", "expires_at = now()"] {
        let token = plant_token(gateway.db(), WORKSPACE, "{events:write}").await;
        let call = EventCall::one(&token, "ping", &json!({}));
        ids(&gateway.post(&call).await);
        gateway.db().execute(&format!("update token set {end}")).await;
        let stopped = async || gateway.post(&call).await.status == 401;
        until("the token is refused", PATIENCE, stopped).await;
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_not_believed_longer() {
    let (gateway, token) = publisher("{*}").await;
    gateway.db().execute("update token set expires_at = now() + interval '1 second'").await;
    let call = EventCall::one(&token, "ping", &json!({}));
    ids(&gateway.post(&call).await);
    let stopped = async || gateway.post(&call).await.status == 401;
    until("the token is refused", PATIENCE, stopped).await;
    gateway.finish().await;
}

#[tokio::test]
async fn without_the_database_applications_are_turned_away_and_told_to_come_again() {
    let gateway = Gateway::builder()
        .without_target()
        .proxied()
        .ingress_env("HOOKYARD_RECORD_MS_MAX", "2500")
        .start()
        .await;
    let token = ready(&gateway, "{*}").await;
    let call = EventCall::one(&token, "ping", &json!({})).key("k");
    gateway.database_proxy().set(Weather::Refuse);
    gateway.database_proxy().cut();
    let answer = gateway.post(&call).await;
    assert_refused(&answer, 503, "temporarily unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));

    gateway.database_proxy().set(Weather::Clear);
    gateway.ingress().ready().await;
    let taken = async || gateway.post(&call).await.is_success();
    until("the call is taken", PATIENCE, taken).await;
    gateway.finish().await;
}

#[tokio::test]
async fn no_token_and_no_data_are_logged() {
    let gateway =
        Gateway::builder().without_target().ingress_env("HOOKYARD_LOG", "trace").start().await;
    let token = ready(&gateway, "{*}").await;
    let data = json!({ "word": "xylophone-77" });
    ids(&gateway.post(EventCall::one(&token, "ping", &data)).await);
    let wrong = format!("{token}-wrong");
    assert_eq!(gateway.post(EventCall::one(&wrong, "ping", &data)).await.status, 401);
    assert!(gateway.ingress().stop().await.success());
    let log = gateway.ingress().log();
    assert!(log.contains("stopped") && !log.contains(&token) && !log.contains("xylophone-77"));
    gateway.finish().await;
}
