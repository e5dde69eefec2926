//! A new secret, while calls keep coming.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hookyard_testkit::gateway::{Gateway, PATIENCE, until};

async fn rotate(gateway: &Gateway, secret: &str, keep_old_for: &str) {
    let source = gateway.seeds().github_source.as_str();
    let args = ["source", "rotate", source, "--secret-stdin", "--keep-old-for", keep_old_for];
    gateway.admin().json_with_input(&args, secret).await;
}

#[tokio::test]
async fn during_a_rotation_no_good_call_is_refused() {
    let gateway = Gateway::start().await;
    let done = Arc::new(AtomicBool::new(false));
    let calls = {
        let (done, caller, push) =
            (Arc::clone(&done), gateway.caller().clone(), gateway.github_push());
        tokio::task::spawn(async move {
            let mut answers = 0;
            while !done.load(Ordering::Relaxed) {
                let answer = caller.post(push.clone().delivery(&format!("old-{answers}"))).await;
                assert!(answer.is_success(), "{answer:?}");
                answers += 1;
            }
            answers
        })
    };

    rotate(&gateway, "the new secret", "24h").await;
    let taken =
        async || gateway.post(gateway.github_push().secret("the new secret")).await.is_success();
    until("the new secret is known", PATIENCE, taken).await;
    for _ in 0..20 {
        assert_eq!(gateway.post(gateway.github_push().secret("the new secret")).await.status, 202);
    }

    done.store(true, Ordering::Relaxed);
    assert!(calls.await.unwrap() > 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_secret_that_has_ended_is_refused_within_seconds() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.post(gateway.github_push()).await.status, 202);
    rotate(&gateway, "the new secret", "0s").await;
    let refused = async || gateway.post(gateway.github_push()).await.status == 401;
    until("the old secret is refused", PATIENCE, refused).await;
    assert_eq!(gateway.post(gateway.github_push().secret("the new secret")).await.status, 202);
    gateway.finish().await;
}

/// Whoever does not know the secret cannot make the ingress ask the database again and again.
#[tokio::test]
async fn forged_calls_do_not_reach_the_database() {
    let gateway = Gateway::start().await;
    gateway.db().execute("create extension if not exists pg_stat_statements").await;
    let forged = gateway.github_push().secret("not the secret");
    let asked = async || {
        let sql =
            "select calls from pg_stat_statements where query like '-- ingest::active_source%'
                      and dbid = (select oid from pg_database where datname = current_database())";
        gateway.db().try_count(sql).await.ok()
    };
    let Some(before) = asked().await else { return gateway.finish().await };
    let began = std::time::Instant::now();
    for _ in 0..200 {
        assert_eq!(gateway.post(&forged).await.status, 401);
    }
    let seconds = i64::try_from(began.elapsed().as_secs()).unwrap();
    assert!(asked().await.unwrap() - before <= seconds + 2);
    gateway.finish().await;
}
