//! How far an event's word goes: a workspace's own source speaks for that workspace only.

use std::collections::BTreeSet;

use hookyard_domain::ids::{EventId, TargetId, WorkspaceId};
use hookyard_domain::target::AccountStatus::{Active, Disconnected};
use hookyard_store::lifecycle::{
    Busy, Owner, Reach, Wanted, lock_targets, owners_of, set_accounts,
};
use hookyard_store::{Db as _, Tx};
use uuid::Uuid;

use crate::support::{INSTALLATION, REPOSITORY, Yard};

#[tokio::test]
async fn a_workspaces_own_source_reaches_no_other_workspace() {
    let yard = Yard::new().await;
    let mut conn = yard.worker().await;
    let tx = conn.begin().await.unwrap();

    let owners = owners_of(&tx, &BTreeSet::from([INSTALLATION, 77])).await.unwrap();
    assert_eq!(owners, [Owner { installation_id: INSTALLATION, workspace: yard.workspace }]);

    let stranger = Some(WorkspaceId(Uuid::now_v7()));
    let reach = Reach { installation_id: INSTALLATION, workspace: stranger };
    assert!(!reach.covers(&owners[0]));
    for repository_id in [None, Some(REPOSITORY)] {
        assert_eq!(targets(&tx, Wanted { reach, repository_id }).await, []);
    }
    let event = EventId(Uuid::now_v7());
    set_accounts(&tx, &reach, event, &[Active], Disconnected).await.unwrap();
    assert_eq!(account(&tx).await, "active");

    for workspace in [None, Some(yard.workspace)] {
        let reach = Reach { installation_id: INSTALLATION, workspace };
        assert!(reach.covers(&owners[0]));
        for repository_id in [None, Some(REPOSITORY)] {
            assert_eq!(targets(&tx, Wanted { reach, repository_id }).await, [yard.target]);
        }
        let elsewhere = Wanted { reach, repository_id: Some(REPOSITORY + 1) };
        assert_eq!(targets(&tx, elsewhere).await, []);
    }
    let own = Reach { installation_id: INSTALLATION, workspace: Some(yard.workspace) };
    set_accounts(&tx, &own, event, &[Active], Disconnected).await.unwrap();
    assert_eq!(account(&tx).await, "disconnected");
}

#[tokio::test]
async fn targets_that_somebody_else_holds_can_be_left_alone() {
    let yard = Yard::new().await;
    let reach = Reach { installation_id: INSTALLATION, workspace: None };
    let wanted = BTreeSet::from([Wanted { reach, repository_id: None }]);
    let (mut one, mut other) = (yard.worker().await, yard.worker().await);
    let holder = one.begin().await.unwrap();
    assert!(lock_targets(&holder, &wanted, Busy::GiveUp).await.unwrap().is_some());
    let late = other.begin().await.unwrap();
    assert!(lock_targets(&late, &wanted, Busy::GiveUp).await.unwrap().is_none());
    holder.commit().await.unwrap();
    assert!(lock_targets(&late, &wanted, Busy::GiveUp).await.unwrap().is_some());
}

async fn targets(tx: &Tx<'_>, wanted: Wanted) -> Vec<TargetId> {
    let locked = lock_targets(tx, &BTreeSet::from([wanted]), Busy::Wait).await.unwrap();
    locked.unwrap().iter().map(|target| target.id).collect()
}

async fn account(tx: &Tx<'_>) -> String {
    tx.row("select status from connector_account", &[]).await.unwrap().get("status")
}
