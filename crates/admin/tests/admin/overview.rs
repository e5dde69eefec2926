//! The overview: numbers over time, what is not finished, and what needs somebody.

use hookyard_admin::operations::overview::{self, AttentionKind, Window};
use hookyard_domain::ids::WorkspaceId;
use hookyard_store::{Db as _, Store, StoreSettings};
use secrecy::SecretString;

use crate::yard::Yard;

async fn overview(yard: &Yard, window: Window) -> overview::Overview {
    let url = SecretString::from(yard.database.role_url("hookyard_admin"));
    let store = Store::new(&StoreSettings::new(url, "test")).unwrap();
    let row = yard.owner().await.row("select id from workspace where slug = 'acme'", &[]).await;
    overview::overview(&store, WorkspaceId(row.unwrap().get("id")), window).await.unwrap()
}

fn kinds(overview: &overview::Overview) -> Vec<AttentionKind> {
    overview.attention.iter().map(|it| it.kind).collect()
}

#[tokio::test]
async fn numbers_fall_into_the_buckets_of_the_window_and_into_the_totals() {
    let yard = Yard::new().await;
    yard.workspace();
    yard.execute(
        "insert into rollup (workspace_id, width, bucket, metric, count)
         select id, width, date_trunc(unit, now() - ago, 'UTC'), metric, n
           from workspace, (values ('arrived', 5), ('sync_failed', 1)) numbers (metric, n),
                (values ('m'::\"char\", 'minute'), ('h', 'hour')) widths (width, unit),
                (values (interval '0'), (interval '40 days')) times (ago)",
    )
    .await;
    for window in Window::ALL {
        let activity = overview(&yard, window).await.activity;
        assert_eq!(i64::try_from(activity.buckets.len()).unwrap(), window.buckets());
        assert_eq!((activity.totals.arrived, activity.totals.syncs_failed), (5, 1), "{window:?}");
        assert_eq!(activity.buckets.last().unwrap().numbers.arrived, 5, "{window:?}");
    }
}

#[tokio::test]
async fn the_most_serious_stands_first_and_an_item_leaves_with_its_cause() {
    let yard = Yard::new().await;
    yard.tracked();
    assert_eq!(kinds(&overview(&yard, Window::Hour).await), [AttentionKind::NoWorker]);
    yard.execute("insert into worker (id, name, version) values (gen_random_uuid(), 'w', '1')")
        .await;
    yard.execute(
        "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository, git_ref, failed)
         select uuid_v7(now()), workspace_id, id, 'push', 'partial', now(), repository, git_ref, 2
           from connector_target",
    )
    .await;
    yard.execute(
        "insert into connection (id, workspace_id, kind, name, status, sealed, last_error)
         select gen_random_uuid(), id, 'webhook', status, status, 'x', '410 Gone'
           from workspace, (values ('error'), ('disabled'), ('connected')) them (status)",
    )
    .await;
    let seen = overview(&yard, Window::Hour).await;
    let expected = [
        AttentionKind::ConnectionDisabled,
        AttentionKind::ConnectionFailing,
        AttentionKind::SyncPartial,
    ];
    assert_eq!(kinds(&seen), expected);
    assert_eq!(seen.attention[0].cause.as_deref(), Some("410 Gone"));
    assert_eq!(
        (seen.attention[2].name.as_str(), seen.attention[2].count),
        ("octo/skills @ main", 2)
    );
    yard.execute("update connection set status = 'connected'").await;
    yard.execute(
        "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository, git_ref)
         select uuid_v7(now() + interval '1 s'), workspace_id, id, 'push', 'completed', now(), repository, git_ref
           from connector_target",
    )
    .await;
    assert_eq!(kinds(&overview(&yard, Window::Hour).await), []);
}

#[tokio::test]
async fn what_is_not_finished_is_told_by_kind() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.id(&["connector", "target", "resync", &target]);
    let queues = overview(&yard, Window::Hour).await.queues;
    let ready: Vec<(&str, i64)> = queues.iter().map(|it| (it.kind.as_str(), it.ready)).collect();
    assert_eq!(ready, [("sync", 1), ("delivery", 0)]);
    assert!(queues[0].oldest_ms.is_some() && queues[1].oldest_ms.is_none());
}
