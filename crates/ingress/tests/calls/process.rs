//! The process itself: its settings, and its end.

use std::collections::HashSet;
use std::time::Duration;

use hookyard_testkit::gateway::{Gateway, PATIENCE, until};
use tokio::task::JoinSet;

use crate::support::{assert_queued, events};

const EXIT_USAGE: i32 = 64;
const CALLERS: usize = 16;

#[tokio::test]
async fn it_refuses_to_hold_the_vaults_keys() {
    let gateway = Gateway::builder().without_sources().without_target().start().await;
    let keys = "vault-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let attempt = gateway.ingress().attempt(&[("HOOKYARD_VAULT_KEYS", keys)]).await;
    assert_eq!(attempt.code, Some(EXIT_USAGE), "{}", attempt.said);
    assert!(attempt.said.contains("HOOKYARD_VAULT_KEYS"), "{}", attempt.said);
    assert!(!attempt.said.contains(keys), "{}", attempt.said);
    gateway.finish().await;
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_a_secret_one_not_shown() {
    let gateway = Gateway::builder().without_sources().without_target().start().await;
    gateway.ingress().stop().await;
    for (name, value) in [
        ("HOOKYARD_SOURCE_KEYS", "hunter2hunter2"),
        ("HOOKYARD_DATABASE_URL", "hunter2hunter2"),
        ("HOOKYARD_AMQP_URL", "hunter2hunter2"),
        ("HOOKYARD_LISTEN", "nowhere"),
        ("HOOKYARD_COMMITTERS", "0"),
        ("HOOKYARD_BODY_MS_MAX", "soon"),
    ] {
        let attempt = gateway.ingress().attempt(&[(name, value)]).await;
        assert_eq!(attempt.code, Some(EXIT_USAGE), "{name}: {}", attempt.said);
        assert!(attempt.said.contains(name), "{name}: {}", attempt.said);
        assert!(!attempt.said.contains("hunter2"), "{name}: {}", attempt.said);
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_answer_and_no_event() {
    let gateway = Gateway::start().await;
    let mut callers = JoinSet::new();
    for caller_number in 0..CALLERS {
        let (caller, push) = (gateway.caller().afresh(), gateway.github_push());
        callers.spawn(async move {
            let mut answered = Vec::new();
            for n in 0.. {
                let id = format!("{caller_number}-{n}");
                let push = push.clone().edit(|push| push["compare"] = id.as_str().into());
                match caller.try_post(push.delivery(&id)).await {
                    Ok(answer) if answer.is_success() => answered.push(id),
                    Ok(answer) => panic!("{answer:?}"),
                    Err(_) => break, // Nobody listens any more.
                }
            }
            answered
        });
    }
    let under_load = async || events(&gateway).await >= 200;
    until("there is load", PATIENCE, under_load).await;

    assert!(gateway.ingress().stop().await.success());

    let answered: HashSet<String> = callers.join_all().await.into_iter().flatten().collect();
    let recorded = gateway.db().rows("select provider_delivery_id as id from event").await;
    let recorded: HashSet<String> =
        recorded.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(answered.len() >= 200);
    assert!(answered.is_subset(&recorded), "{:?}", answered.difference(&recorded));
    gateway.finish().await;
}

#[tokio::test]
async fn a_call_under_way_is_answered_before_the_end() {
    let gateway = Gateway::start().await;
    let call = gateway.github_push().sign();
    let bytes = call.bytes();
    let mut connection = gateway.connect().await;
    connection.send(&bytes[..bytes.len() - 5]).await;
    let begun =
        async || gateway.ingress().metrics().await.contains("hookyard_ingress_connections 1");
    until("the call has begun", PATIENCE, begun).await;

    let rest = async {
        let stopping = async || gateway.ingress().log().contains("no new connections");
        until("it is stopping", PATIENCE, stopping).await;
        connection.send(&bytes[bytes.len() - 5..]).await;
        connection.answer_within(Duration::from_secs(30)).await
    };
    let (status, answer) = tokio::join!(gateway.ingress().stop(), rest);

    assert!(status.success());
    assert_queued(&answer.unwrap());
    assert_eq!(events(&gateway).await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_kept_connection_is_answered_once_more_after_the_stop_and_then_ended() {
    let gateway = Gateway::builder().ingress_env("HOOKYARD_FAREWELL_MS", "5000").start().await;
    let push = |id: &str| gateway.github_push().delivery(id).sign().bytes();
    let (mut kept, mut idle) = (gateway.connect().await, gateway.connect().await);
    for connection in [&mut kept, &mut idle] {
        connection.send(&push("before")).await;
        assert_eq!(connection.answer().await.unwrap().header("connection"), None);
    }

    let calls = async {
        let stopping = async || gateway.ingress().log().contains("end with their next answer");
        until("it is stopping", PATIENCE, stopping).await;
        assert!(!gateway.ingress().is_ready().await);
        kept.send(&push("kept")).await;
        let mut new = gateway.connect().await;
        new.send(&push("new")).await;
        for connection in [&mut kept, &mut new] {
            let answer = connection.answer().await.unwrap();
            assert!(answer.is_success(), "{answer:?}");
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(connection.is_closed().await);
        }
        assert!(idle.is_closed().await);
    };
    let (status, ()) = tokio::join!(gateway.ingress().stop(), calls);

    assert!(status.success());
    assert_eq!(events(&gateway).await, 3);
    gateway.finish().await;
}

#[tokio::test]
async fn it_starts_again_on_the_same_port_after_a_kill() {
    let gateway = Gateway::start().await;
    assert_queued(&gateway.post(gateway.github_push()).await);
    gateway.ingress().kill9().await;
    assert!(gateway.caller().try_post(gateway.github_push()).await.is_err());
    gateway.ingress().start().await;
    assert_queued(&gateway.post(gateway.github_push()).await);
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}
