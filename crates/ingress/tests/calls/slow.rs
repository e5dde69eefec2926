//! Callers that take their time, or all connections.

use std::time::Duration;

use hookyard_testkit::gateway::{Call, Gateway, PATIENCE, RawConnection};
use tokio::task::JoinSet;

use crate::support::{Traffic, assert_refused, events};

/// Slow callers of each kind.
const CROWD: usize = 1_000;

#[tokio::test]
async fn headers_that_do_not_come_are_answered_408_and_silence_with_silence() {
    let gateway = Gateway::builder().ingress_env("HOOKYARD_HEADER_MS_MAX", "300").start().await;
    let head = Call::from(gateway.github_push()).head();
    let mut connection = gateway.connect().await;
    connection.send(&head[..head.len() / 2]).await;
    let answer = connection.answer().await.unwrap();
    assert_refused(&answer, 408, "headers too slow");
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(connection.is_closed().await);
    let mut silent = gateway.connect().await;
    assert!(silent.is_closed().await);
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408() {
    let gateway = Gateway::builder().ingress_env("HOOKYARD_BODY_MS_MAX", "300").start().await;
    let bytes = Call::from(gateway.github_push()).bytes();
    let mut connection = gateway.connect().await;
    connection.send(&bytes[..bytes.len() - 1]).await;
    let answer = connection.answer().await.unwrap();
    assert_refused(&answer, 408, "body too slow");
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(connection.is_closed().await);
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_408_long_before_its_time_is_over() {
    let gateway = Gateway::builder()
        .ingress_env("HOOKYARD_BODY_MS_MAX", "600000")
        .ingress_env("HOOKYARD_BODY_RATE_MIN", "1000000")
        .start()
        .await;
    let bytes = Call::from(gateway.github_push()).bytes();
    let mut connection = gateway.connect().await;
    connection.send(&bytes[..bytes.len() - 10]).await;
    assert_refused(&connection.answer().await.unwrap(), 408, "body too slow");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_heads_and_a_thousand_slow_bodies_keep_nobody_waiting() {
    let gateway = Gateway::builder().ingress_env("HOOKYARD_BODY_MS_MAX", "8000").start().await;
    let bytes = Call::from(gateway.github_push()).bytes();
    let head_end = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;

    let mut crowd = JoinSet::new();
    for n in 0..2 * CROWD {
        let (address, is_head) = (gateway.ingress().address(), n % 2 == 0);
        let begun = if is_head { bytes[..20].to_vec() } else { bytes[..head_end + 20].to_vec() };
        crowd.spawn(async move {
            let mut connection = RawConnection::open(address).await;
            connection.send(&begun).await;
            (is_head, connection.answer_within(2 * PATIENCE).await.map(|answer| answer.status))
        });
    }
    let traffic = Traffic::start(&gateway);
    while let Some(ended) = crowd.join_next().await {
        let (is_head, status) = ended.unwrap();
        assert_eq!(status, Some(408), "slow head: {is_head}");
    }
    assert!(traffic.stop().await > 0);
    gateway.finish().await;
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let gateway = Gateway::builder()
        .ingress_env("HOOKYARD_CONNECTIONS_MAX", "2")
        .ingress_env("HOOKYARD_HEADER_MS_MAX", "1000")
        .start()
        .await;
    let mut idle = [gateway.connect().await, gateway.connect().await];
    let answer = gateway.post(gateway.github_push()).await;
    assert_eq!(answer.status, 202);
    for connection in &mut idle {
        assert!(connection.answer_within(Duration::from_secs(30)).await.is_none());
    }
    gateway.finish().await;
}
