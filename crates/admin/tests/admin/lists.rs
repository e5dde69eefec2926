//! Lists: pages, filters, and text that fits a terminal.

use serde_json::Value;

use crate::yard::{Yard, text};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect()
}

#[tokio::test]
async fn a_list_can_be_read_page_by_page_without_a_gap_or_a_repetition() {
    let yard = Yard::new().await;
    for slug in ["a", "b", "c", "d", "e"] {
        yard.id(&["workspace", "create", slug, "--name", slug]);
    }
    let all = ids(&yard.json(&["workspace", "list"]));
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|newer, older| newer > older), "newest first: {all:?}");
    let mut read = Vec::new();
    let mut page = yard.json(&["workspace", "list", "--limit", "2"]);
    loop {
        read.extend(ids(&page));
        let Some(cursor) = page["nextCursor"].as_str().map(str::to_owned) else { break };
        page = yard.json(&["workspace", "list", "--limit", "2", "--cursor", &cursor]);
    }
    assert_eq!(read, all);
}

#[tokio::test]
async fn events_are_found_by_each_filter() {
    let yard = Yard::new().await;
    yard.tracked();
    yard.execute(
        "with made as (
            insert into event (id, body_bytes, origin, type, outcome, provider_delivery_id, body)
            values (uuid_v7(now()), 2, 'webhook', 'github.push', null, 'd-1', '{}'),
                   (uuid_v7(now()), 2, 'webhook', 'github.ping', 'ignored', 'd-2', '{}'),
                   (uuid_v7(now()), 2, 'webhook', 'github.push', 'failed', 'd-3', '{}')
            returning id, provider_delivery_id)
         insert into event_workspace select workspace.id, made.id from workspace, made where provider_delivery_id = 'd-1'",
    )
    .await;
    let found = |filter: &[&str]| {
        let page = yard.json(&[&["events", "list"], filter].concat());
        let mut deliveries: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|item| text(item, "deliveryId")).collect();
        deliveries.sort();
        deliveries
    };
    assert_eq!(found(&[]), ["d-1", "d-2", "d-3"]);
    assert_eq!(found(&["--type", "github.push"]), ["d-1", "d-3"]);
    assert_eq!(found(&["--outcome", "ignored"]), ["d-2"]);
    assert_eq!(found(&["--delivery-id", "d-3"]), ["d-3"]);
    assert_eq!(found(&["--workspace", "acme"]), ["d-1"]);
    assert_eq!(found(&["--workspace", "acme", "--delivery-id", "d-3"]), Vec::<String>::new());
    assert_eq!(found(&["--since", "1h"]), ["d-1", "d-2", "d-3"]);
    assert_eq!(found(&["--since", "2100-01-01T00:00:00Z"]), Vec::<String>::new());
}

#[tokio::test]
async fn sync_events_are_found_by_delivery_commit_and_repository() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.execute(
        "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository, git_ref,
                                 delivery_id, event_type, announced_sha, applied_sha)
         select uuid_v7(now()), workspace_id, id, 'push', 'completed', now(), repository, git_ref, 'd-1', 'github.push',
                '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', 'ffb2c3d4e5f60718293a4b5c6d7e8f9012345678'
           from connector_target",
    )
    .await;
    let count =
        |filter: &[&str]| ids(&yard.json(&[&["sync-events", "list"], filter].concat())).len();
    for filter in [
        &["--q", "d-1"][..],
        &["--q", "0a1b2c3"],
        &["--q", "0A1B2C3D"],
        &["--q", "ffb2c3d4e5f60718293a4b5c6d7e8f9012345678"],
        &["--q", "octo/skills"],
        &[
            "--workspace",
            "acme",
            "--target",
            &target,
            "--status",
            "completed",
            "--event-type",
            "github.push",
        ],
        &["--event-type", "push", "--q", "octo/skills"],
    ] {
        assert_eq!(count(filter), 1, "{filter:?}");
    }
    for filter in
        [&["--q", "0a1b2c4"][..], &["--q", "octo/other"], &["--q", "d-1", "--status", "failed"]]
    {
        assert_eq!(count(filter), 0, "{filter:?}");
    }
}

#[tokio::test]
async fn a_person_sees_columns_and_what_to_do_when_there_is_nothing() {
    let yard = Yard::new().await;
    let empty = yard.run(&["workspace", "list"]);
    assert!(empty.stdout.contains("hookyard-admin workspace create"), "{empty:?}");
    yard.tracked();
    let listed = yard.run(&["connector", "target", "list"]);
    let mut lines = listed.stdout.lines();
    assert!(lines.next().unwrap().starts_with("ID"), "{listed:?}");
    let line = lines.next().unwrap();
    assert!(
        line.starts_with("tgt_") && line.contains("octo/skills") && line.contains("active"),
        "{listed:?}"
    );
}
