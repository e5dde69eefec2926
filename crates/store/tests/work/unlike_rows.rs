//! Rows of one batch that are alike share what is looked up for them, and with no other.

use hookyard_domain::github_event::Push;
use hookyard_domain::ids::WorkspaceId;
use hookyard_store::ingest::{Arrival, Recorded, Wish};
use uuid::Uuid;

use crate::support::{GRACE_MS, Yard, sha};

const OWNERS: &str = "select count(*) from event_workspace
                        join event on event.id = event_workspace.event_id and event.outcome = 'ignored'";

/// The push, changed.
fn with(arrival: &Arrival, change: impl FnOnce(&mut Arrival, &mut Push)) -> Arrival {
    let mut changed = arrival.clone();
    let Wish::Push(mut push) = changed.wish.clone() else { panic!("no push") };
    change(&mut changed, &mut push);
    Arrival { wish: Wish::Push(push), ..changed }
}

fn untracked() -> Recorded {
    Recorded::Ignored { reason: "not_tracked".to_owned() }
}

#[tokio::test]
async fn a_push_is_tracked_by_its_own_branch_repository_installation_and_workspace() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let known = yard.push(&sha('a'));
    committer.record(std::slice::from_ref(&known), GRACE_MS).await.unwrap();
    let own = yard.workspace;
    let batch = [
        // Recorded before; what is looked up for it, as the first of its like, holds for the next one.
        known,
        yard.push(&sha('b')),
        with(&yard.push(&sha('c')), |_, push| push.git_ref = "refs/heads/other".to_owned()),
        with(&yard.push(&sha('c')), |_, push| push.repository_id += 1),
        with(&yard.push(&sha('c')), |it, _| it.installation_id = Some(77)),
        with(&yard.push(&sha('c')), |it, _| it.workspace = Some(WorkspaceId(Uuid::now_v7()))),
        with(&yard.push(&sha('d')), |it, _| it.workspace = Some(own)),
    ];
    let recorded = committer.record(&batch, GRACE_MS).await.unwrap();
    assert_eq!(recorded[0], Recorded::Duplicate);
    let syncs = |n: usize| {
        let Recorded::Accepted { routed: false, syncs } = &recorded[n] else {
            panic!("the push {n} was {:?}", recorded[n]);
        };
        syncs.len()
    };
    assert_eq!(
        (syncs(1), syncs(6)),
        (0, 1),
        "of one batch's pushes to a target the last is queued"
    );
    assert!((2..6).all(|n| recorded[n] == untracked()), "{recorded:?}");
    // Whom it concerns: the installation's workspace twice, nobody, and the workspace whose source took it.
    assert_eq!(yard.count(OWNERS).await, 3);
}

#[tokio::test]
async fn a_subscriber_gets_the_types_it_wants_and_of_its_workspace_only() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    yard.subscribe(&["github.issues.*"], "active").await;
    let ignored = |event_type: &str| {
        let delivery = Uuid::new_v4().to_string();
        let arrival = yard.arrival(event_type, &delivery, delivery.clone());
        Arrival { wish: Wish::Ignore("not_handled"), ..arrival }
    };
    let batch = [
        ignored("github.issues.opened"),
        ignored("github.star.created"),
        Arrival { installation_id: Some(77), ..ignored("github.issues.opened") },
        Arrival { installation_id: None, ..ignored("github.issues.opened") },
        Arrival {
            installation_id: None,
            workspace: Some(yard.workspace),
            ..ignored("github.issues.opened")
        },
        ignored("github.issues.closed"),
        ignored("github.issues.opened"),
    ];
    let recorded = committer.record(&batch, GRACE_MS).await.unwrap();
    let wanted: Vec<usize> = (0..batch.len())
        .filter(|n| matches!(recorded[*n], Recorded::Accepted { routed: true, .. }))
        .collect();
    assert_eq!(wanted, [0, 4, 5, 6]);
    assert_eq!(yard.count("select count(*) from job where kind = 'event'").await, 4);
    assert_eq!(yard.count(OWNERS).await, 1, "the star concerns the installation's workspace");
}
