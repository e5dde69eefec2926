//! How far an event's word goes: a workspace's own source speaks for that workspace only.

use hookyard_domain::github_event::RepositoryName;
use hookyard_domain::ids::{EventId, WorkspaceId};
use hookyard_domain::target::AccountStatus::{Active, Disconnected};
use hookyard_store::lifecycle::{Reach, set_accounts, targets_of, workspaces_of};
use hookyard_store::{Db as _, Tx};
use uuid::Uuid;

use crate::support::{INSTALLATION, REPOSITORY, Yard};

#[tokio::test]
async fn a_workspaces_own_source_reaches_no_other_workspace() {
    let yard = Yard::new().await;
    let repository = RepositoryName { id: REPOSITORY, full_name: "octo-org/skills".to_owned() };
    let mut conn = yard.worker().await;
    let tx = conn.begin().await.unwrap();

    let stranger = Some(WorkspaceId(Uuid::now_v7()));
    let reach = Reach { installation_id: INSTALLATION, workspace: stranger };
    assert_eq!(workspaces_of(&tx, &reach).await.unwrap(), []);
    assert_eq!(targets_of(&tx, &reach, None).await.unwrap(), []);
    assert_eq!(targets_of(&tx, &reach, Some(&[repository])).await.unwrap(), []);
    let event = EventId(Uuid::now_v7());
    set_accounts(&tx, &reach, event, &[Active], Disconnected).await.unwrap();
    assert_eq!(account(&tx).await, "active");

    for workspace in [None, Some(yard.workspace)] {
        let reach = Reach { installation_id: INSTALLATION, workspace };
        assert_eq!(workspaces_of(&tx, &reach).await.unwrap(), [yard.workspace]);
        assert_eq!(targets_of(&tx, &reach, None).await.unwrap(), [yard.target]);
    }
    let own = Reach { installation_id: INSTALLATION, workspace: Some(yard.workspace) };
    set_accounts(&tx, &own, event, &[Active], Disconnected).await.unwrap();
    assert_eq!(account(&tx).await, "disconnected");
}

async fn account(tx: &Tx<'_>) -> String {
    tx.row("select status from connector_account", &[]).await.unwrap().get("status")
}
