//! `sync-events retry` of many.

use crate::yard::Yard;

const FAILED: &str = "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository,
                                              git_ref)
     select uuid_v7(now() - interval '1 minute'), workspace_id, id, 'push', 'failed', now(), repository, git_ref
       from connector_target, generate_series(1, 2)";

#[tokio::test]
async fn a_retry_of_many_is_told_first_and_may_be_asked_for_twice() {
    let yard = Yard::new().await;
    yard.tracked();
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(FAILED).await;
    let retry = ["sync-events", "retry", "--workspace", "acme", "--status", "failed,partial"];
    let told = yard.run(&[&retry[..], &["--dry-run"]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stdout.contains("would queue 1 sync, 0 targets left out"), "{told:?}");
    assert_eq!(yard.number("select count(*) as n from job").await, 0);
    let started = yard.json(&[&retry[..], &["--reason", "it is back"]].concat());
    assert_eq!(started["syncEventIds"].as_array().unwrap().len(), 1, "{started}");
    let again = yard.json(&retry);
    assert_eq!(again["queued"], false, "{again}");
    assert_eq!(yard.number("select count(*) as n from job where kind = 'sync'").await, 1);
    let neither = yard.run(&["sync-events", "retry"]);
    assert_eq!(neither.code, 64, "{neither:?}");
}
