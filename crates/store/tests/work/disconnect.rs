//! Disconnecting an account while its syncs run.

use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{AccountId, ConfigObjectId};
use hookyard_domain::sync_event::Counts;
use hookyard_store::Db as _;
use hookyard_store::accounts::disconnect;
use hookyard_store::config_objects::{Changes, Content, Created};
use hookyard_store::jobs::Ended;
use hookyard_store::sync_events::{Applied, End, end};
use uuid::Uuid;

use crate::support::{PARSER, Yard, sha};

fn one_object() -> End {
    let content = Content {
        path: "one".to_owned(),
        blob_sha: sha('1'),
        title: "One".to_owned(),
        description: None,
        metadata: None,
    };
    let object = ConfigObjectId(Uuid::now_v7());
    let created = vec![Created { object, object_type: ObjectType::Skill, content }];
    let changes = Changes { created, parser_version: PARSER, ..Changes::default() };
    let counts = Counts { created: 1, ..Counts::default() };
    End::Applied(Box::new(Applied {
        sha: sha('a'),
        parser_version: PARSER,
        counts,
        changes,
        ..Applied::default()
    }))
}

#[tokio::test]
async fn a_running_sync_is_fenced_and_the_objects_go() {
    let mut yard = Yard::new().await;
    let first = yard.queue_push(&sha('a')).await;
    let (lease, work) = yard.start(first).await;
    let ended = end(&mut yard.worker().await, &lease, &work, &one_object(), 1).await.unwrap();
    assert_eq!(ended, Ended::Held);
    let second = yard.queue_push(&sha('b')).await;
    let (lease, work) = yard.start(second).await;
    let third = yard.queue_push(&sha('c')).await;

    let mut admin = yard.role("hookyard_admin").await;
    let account: Uuid = admin.row("select id from connector_account", &[]).await.unwrap().get("id");
    let tx = admin.begin().await.unwrap();
    let gone = disconnect(&tx, AccountId(account)).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!((gone.syncs_ended, gone.objects_deleted), (2, 1));

    let late = end(&mut yard.worker().await, &lease, &work, &one_object(), 1).await.unwrap();
    assert_eq!(late, Ended::Fenced);
    for sync in [second, third] {
        assert_eq!(yard.sync(sync).await, "ignored: disconnected");
    }
    assert_eq!(yard.count("select count(*) from config_object where status = 'active'").await, 0);
    assert_eq!(yard.count("select count(*) from tombstone").await, 1);
    assert_eq!(yard.count("select count(*) from job where kind = 'sync'").await, 0);
}
