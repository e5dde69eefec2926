//! The lists of connectors and of sources, as those see them who see all and those who see some.

use hookyard_domain::ids::{AccountId, InstanceId, SourceId, TargetId};
use hookyard_store::paging::PageRequest;
use hookyard_store::{Conn, accounts, instances, sources, targets};

use super::{EXECUTIONS, fixed, plans, target, walk, workspace};

/// What the console shows of connectors, to who sees all and to who sees some.
pub(super) async fn lists(conn: &Conn) {
    let newest = accounts::list(conn, Some(workspace()), PageRequest::first()).await.unwrap();
    let accounts: Vec<AccountId> = newest.items.iter().map(|it| it.id).collect();
    for count in [0, 15, 90] {
        let granted = granted(conn, count).await;
        let seen = Some(&granted[..]);
        walk(&format!("targets of {count} instances"), async |page| {
            targets::list_within(conn, workspace(), seen, page).await
        })
        .await;
        for account in [None, Some(accounts[0])] {
            walk(&format!("{count} instances of {account:?}"), async |page| {
                instances::list_within(conn, workspace(), account, &granted, page).await
            })
            .await;
        }
        for _ in 0..EXECUTIONS {
            instances::newest_of_accounts(conn, &accounts, seen).await.unwrap();
            targets::newest_of_instances(conn, &granted).await.unwrap();
            targets::tally(conn, workspace(), seen).await.unwrap();
        }
        plans::check(&format!("the connectors of who sees {count} instances"));
    }
    let wanted = [target(), TargetId(fixed(8)), TargetId(fixed(9))];
    let some_sources: Vec<SourceId> = (0..50).map(|n| SourceId(fixed(n))).collect();
    for _ in 0..EXECUTIONS {
        instances::newest_of_accounts(conn, &accounts, None).await.unwrap();
        targets::tally(conn, workspace(), None).await.unwrap();
        assert_eq!(targets::heads(conn, &wanted).await.unwrap().len(), wanted.len());
        sources::standings(conn, &some_sources).await.unwrap();
    }
    plans::check("how connectors and sources stand");
}

/// The newest instances of the workspace.
pub(super) async fn granted(conn: &Conn, count: u16) -> Vec<InstanceId> {
    if count == 0 {
        return Vec::new();
    }
    let page = PageRequest::new(count, None).unwrap();
    let newest = instances::list(conn, Some(workspace()), page).await.unwrap();
    newest.items.iter().map(|it| it.id).collect()
}
