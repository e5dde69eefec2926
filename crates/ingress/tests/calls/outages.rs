//! The database or the broker away, and back.

use hookyard_testkit::gateway::{Gateway, GatewayBuilder, PATIENCE, Worker, sample, until};
use hookyard_testkit::proxy::{Proxy, Weather};

use crate::support::{assert_queued, assert_refused, events};

/// Shorter than usual, so that the tests need not wait for a whole limit; long enough for a busy disk.
const RECORD_MS_MAX: &str = "2500";

fn proxied() -> GatewayBuilder {
    Gateway::builder().proxied().ingress_env("HOOKYARD_RECORD_MS_MAX", RECORD_MS_MAX)
}

fn away(proxy: &Proxy) {
    proxy.set(Weather::Refuse);
    proxy.cut();
}

#[tokio::test]
async fn without_the_database_calls_are_turned_away_until_it_is_back() {
    let gateway = proxied().start().await;
    assert_queued(&gateway.post(gateway.github_push()).await);
    away(gateway.database_proxy());

    let call = gateway.github_push();
    let answer = gateway.post(&call).await;
    assert_refused(&answer, 503, "temporarily unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    until("it says that it is not ready", PATIENCE, async || !gateway.ingress().is_ready().await)
        .await;

    gateway.database_proxy().set(Weather::Clear);
    gateway.ingress().ready().await;
    assert_eq!(events(&gateway).await, 1, "what was turned away is not recorded later");
    assert_queued(&gateway.post(&call).await);
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_database_that_hangs_is_a_database_that_is_away() {
    let gateway = proxied().start().await;
    assert_queued(&gateway.post(gateway.github_push()).await);
    gateway.database_proxy().set(Weather::Blackhole);
    let call = gateway.github_push();
    assert_refused(&gateway.post(&call).await, 503, "temporarily unavailable");

    gateway.database_proxy().cut();
    gateway.database_proxy().set(Weather::Clear);
    let taken = async || gateway.post(&call).await.is_success();
    until("calls are taken again", PATIENCE, taken).await;
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn an_ingress_starts_without_the_database_and_finds_it() {
    let gateway = proxied().start().await;
    assert!(gateway.ingress().stop().await.success());
    away(gateway.database_proxy());
    gateway.ingress().launch();
    let turned_away = async || {
        let answer = gateway.caller().try_post(gateway.github_push()).await;
        answer.is_ok_and(|answer| answer.status == 503)
    };
    until("it answers", PATIENCE, turned_away).await;
    assert!(!gateway.ingress().is_ready().await);

    gateway.database_proxy().set(Weather::Clear);
    gateway.ingress().ready().await;
    assert_queued(&gateway.post(gateway.github_push()).await);
    gateway.finish().await;
}

#[tokio::test]
async fn without_the_broker_calls_are_taken_and_the_work_is_done() {
    let gateway = proxied().repository(sample).worker(Worker::default()).start().await;
    gateway.idle().await;
    away(gateway.broker_proxy());

    let moved = gateway
        .push(|repo| {
            repo.write("skills/new/SKILL.md", "---\nname: n\n---\n");
        })
        .await;
    assert_eq!(moved.deliveries[0].status, Some(202));
    gateway.idle().await;
    let objects = gateway
        .db()
        .count("select count(*) from config_object where path = 'skills/new/SKILL.md'")
        .await;
    assert_eq!(objects, 1);

    gateway.broker_proxy().set(Weather::Clear);
    let moved = gateway
        .push(|repo| {
            repo.remove("skills/new/SKILL.md");
        })
        .await;
    assert_eq!(moved.deliveries[0].status, Some(202));
    gateway.idle().await;
    gateway.finish().await;
}

#[tokio::test]
async fn without_the_broker_new_jobs_are_due_at_once() {
    let gateway = proxied().start().await;
    away(gateway.broker_proxy());
    let due = async || {
        gateway.post(gateway.github_push()).await;
        gateway.db().count("select count(*) from job where due_at <= now()").await > 0
    };
    until("jobs are written due", PATIENCE, due).await;
    gateway.finish().await;
}
