//! What the connectors' pages ask: accounts, instances, targets, mappings, config objects; and those of integrations.

use anyhow::{Context as _, Result};
use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::ids::{AccountId, ConnectionId, InstanceId, TargetId};
use hookyard_store::config_object_list::{self, ConfigObjectFilter};
use hookyard_store::paging::PageRequest;
use hookyard_store::{accounts, connections, instances, mappings, subscriptions, targets};

use super::{Bench, fixed};

impl Bench {
    /// The lists of connectors and integrations, and what their pages show of one.
    pub(super) async fn connectors(&mut self) {
        let workspace = Some(self.workspace);
        let (account, instance, target) =
            (AccountId(fixed(2, 0)), InstanceId(fixed(3, 0)), TargetId(fixed(4, 7)));
        self.pages("accounts", async |conn, page| accounts::list(conn, workspace, page).await)
            .await;
        self.pages("instances", async |conn, page| instances::list(conn, workspace, page).await)
            .await;
        self.pages("targets", async |conn, page| targets::list(conn, workspace, page).await).await;
        self.pages("targets of an instance", async |conn, page| {
            targets::list_of_instance(conn, instance, page).await
        })
        .await;
        self.pages("mappings of a target", async |conn, page| {
            mappings::list(conn, Some(target), page).await
        })
        .await;
        self.pages("connections", async |conn, page| {
            connections::list(conn, workspace, page).await
        })
        .await;
        self.pages("subscriptions", async |conn, page| {
            subscriptions::list(conn, workspace, page).await
        })
        .await;
        self.pages("subscriptions of a connection", async |conn, page| {
            subscriptions::list_of_connection(conn, ConnectionId(fixed(5, 51)), page).await
        })
        .await;
        self.once("an account and what hangs on it", async |conn| {
            accounts::by_id(conn, account).await?;
            accounts::counts(conn, account).await.map(drop)
        })
        .await;
        self.once("an instance and what hangs on it", async |conn| {
            instances::by_id(conn, instance).await?;
            instances::counts(conn, instance).await.map(drop)
        })
        .await;
        self.once("a target", async |conn| targets::by_id(conn, target).await.map(drop)).await;
    }

    pub(super) async fn config_objects(&mut self) -> Result<()> {
        let all =
            ConfigObjectFilter { workspace: Some(self.workspace), ..ConfigObjectFilter::default() };
        let of = |kind| ConfigObjectFilter { object_type: Some(kind), ..all.clone() };
        let at = |path: &str| ConfigObjectFilter { path: Some(path.to_owned()), ..all.clone() };
        let target = ConfigObjectFilter { target: Some(TargetId(fixed(4, 7))), ..all.clone() };
        let instances = Some((0..2).map(|n| InstanceId(fixed(3, 51 * n))).collect());
        let gone = Some(ObjectStatus::Deleted);
        let filters = [
            ("all", all.clone()),
            ("of a common type", of(ObjectType::Skill)),
            ("of some type", of(ObjectType::Agent)),
            ("of an absent type", of(ObjectType::Hook)),
            ("that are gone", ConfigObjectFilter { status: gone, ..all.clone() }),
            ("of a target", target.clone()),
            (
                "of a target and some type",
                ConfigObjectFilter { object_type: Some(ObjectType::Agent), ..target.clone() },
            ),
            ("of a target that are gone", ConfigObjectFilter { status: gone, ..target }),
            ("of two instances", ConfigObjectFilter { instances, ..all.clone() }),
            ("at a path", at("skills/1/SKILL.md")),
            ("at an absent path", at("skills/none/SKILL.md")),
        ];
        for (what, filter) in filters {
            self.pages(&format!("config objects {what}"), async |conn, page| {
                config_object_list::list(conn, &filter, page).await
            })
            .await;
        }
        let found = config_object_list::list(&self.conn, &all, PageRequest::first()).await?;
        let object = found.items.first().context("a config object")?.id;
        self.once("a config object with its versions and content", async |conn| {
            config_object_list::by_id(conn, object).await?;
            config_object_list::versions(conn, object).await?;
            config_object_list::content(conn, object).await.map(drop)
        })
        .await;
        Ok(())
    }
}
