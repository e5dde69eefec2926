//! Large bodies share a budget of memory; ordinary calls do not notice.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use hookyard_testkit::gateway::{Answer, Call, Gateway, PATIENCE, RawConnection};
use tokio::task::JoinSet;

use crate::support::{Traffic, assert_queued, assert_refused};

const MIB: usize = 1024 * 1024;
const UPLOADS: usize = 1_000;
const PIECE_BYTES: usize = 256 * 1024;
const UPLOAD_BYTES: usize = 25 * MIB;
/// Far more than the budget and the connections need, far less than the uploads would.
const MEMORY_MAX: u64 = 1024 * MIB as u64;

/// Sends a body, as much of it as is taken.
async fn upload(address: SocketAddr, head: Vec<u8>, piece: Bytes) -> Option<Answer> {
    let mut connection = RawConnection::open(address).await;
    connection.send(&head).await;
    for _ in 0..UPLOAD_BYTES / piece.len() {
        if !connection.send(&piece).await {
            break;
        }
    }
    connection.answer_within(4 * PATIENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_large_uploads_at_once_take_bounded_memory_and_keep_nobody_waiting() {
    let gateway = Gateway::start().await;
    let traffic = Traffic::start(&gateway);
    // Without a signature nothing is left to be done once a body is there.
    let call = Call::from(gateway.github_push()).without("x-hub-signature-256");
    let head = call.set("content-length", UPLOAD_BYTES.to_string()).head();
    let piece = Bytes::from(vec![b' '; PIECE_BYTES]);

    let mut uploads = JoinSet::new();
    for _ in 0..UPLOADS {
        uploads.spawn(upload(gateway.ingress().address(), head.clone(), piece.clone()));
    }
    let mut statuses: BTreeMap<Option<u16>, usize> = BTreeMap::new();
    while let Some(answer) = uploads.join_next().await {
        *statuses.entry(answer.unwrap().map(|it| it.status)).or_default() += 1;
    }

    assert!(traffic.stop().await > 0);
    // Turned away; or read to the end, and then not signed. An answer that comes while the caller still sends may be
    // lost to a reset.
    let expected = [None, Some(401), Some(503)];
    assert!(statuses.keys().all(|status| expected.contains(status)), "{statuses:?}");
    let peak = gateway.ingress().peak_rss_bytes();
    assert!(peak < MEMORY_MAX, "the ingress took {} MiB: {statuses:?}", peak / MIB as u64);
    gateway.finish().await;
}

#[tokio::test]
async fn a_full_budget_turns_away_large_bodies_and_no_others() {
    let gateway = Gateway::builder()
        .ingress_env("HOOKYARD_BODY_BUDGET_BYTES", &(2 * MIB).to_string())
        .start()
        .await;
    let large = Call::from(gateway.github_push()).body(vec![b' '; 2 * MIB]);
    let answer = gateway.raw(&large.bytes()).await;
    // The answer may be lost to the reset of a connection whose caller still sends.
    if let Some(answer) = answer {
        assert_refused(&answer, 503, "too many large bodies at once");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    assert_queued(&gateway.post(gateway.github_push()).await);
    gateway.finish().await;
}
