//! Calls that are recorded together do not suffer together.

use std::collections::BTreeMap;

use hookyard_testkit::gateway::{Call, Gateway, PATIENCE, until};

use crate::dedupe::at_once;
use crate::support::{WAITING, events};

const CALLS: usize = 60;

#[tokio::test]
async fn a_row_that_the_database_refuses_fails_alone() {
    let gateway = Gateway::start().await;
    let db = gateway.db();
    db.execute(
        "alter table event add constraint poison check (provider_delivery_id not like 'poison%')",
    )
    .await;
    // Nothing can be recorded while this lock is held, and so calls gather into batches.
    db.execute("begin; lock table dedupe in exclusive mode").await;
    let calls: Vec<Call> = (0..CALLS)
        .map(|n| {
            let id = if n % 20 == 7 { format!("poison-{n}") } else { format!("good-{n}") };
            gateway.github_push().delivery(&id).sign()
        })
        .collect();

    let watcher = gateway.db_as("hookyard_admin");
    let release = async {
        let gathered = async || {
            let waiting = watcher.count(WAITING).await;
            let connections = gateway.ingress().metrics().await;
            waiting >= 2 && connections.contains(&format!("hookyard_ingress_connections {CALLS}"))
        };
        until("the calls have gathered", PATIENCE, gathered).await;
        db.execute("commit").await;
    };
    let (answers, ()) = tokio::join!(at_once(gateway.caller(), calls), release);

    let mut statuses = BTreeMap::new();
    for answer in &answers {
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(202, CALLS - 3), (400, 3)]), "{answers:?}");
    assert_eq!(events(&gateway).await, i64::try_from(CALLS).unwrap() - 3);
    // A refused call has left no key: corrected, it is taken.
    db.execute("alter table event drop constraint poison").await;
    assert_eq!(gateway.post(gateway.github_push().delivery("poison-7")).await.status, 202);
    gateway.finish().await;
}
