//! Where a thing stands: its account, its instance, and the way up.

use hookyard_domain::ids::{AccountId, InstanceId, TargetId};
use hookyard_store::Conn;
use hookyard_store::accounts::Account;
use hookyard_store::instances::Instance;
use hookyard_store::targets::Target;
use maud::{Markup, html};

use crate::console::answer::Failure;
use crate::console::components::text::{branch, outside};
use crate::console::frame::{Place, Viewer};
use crate::operations::{accounts, instances, targets};

/// The page of an account, or what is done to it.
pub(super) fn account_path(viewer: &Viewer, id: AccountId, rest: &str) -> String {
    viewer.path(&format!("connector-accounts/{id}{rest}"))
}

/// The page of an instance, or what is done to it.
pub(super) fn instance_path(viewer: &Viewer, id: InstanceId, rest: &str) -> String {
    viewer.path(&format!("connector-instances/{id}{rest}"))
}

/// The page of a target, or what is done to it.
pub(super) fn target_path(viewer: &Viewer, id: TargetId, rest: &str) -> String {
    viewer.path(&format!("connector-targets/{id}{rest}"))
}

/// A target as people call it.
pub(super) fn target_name(target: &Target) -> String {
    format!("{} @ {}", target.repository, branch(&target.git_ref))
}

/// The way up to the list.
pub(super) fn from_top(viewer: &Viewer) -> Markup {
    html! { a href=(viewer.place(Place::Connectors)) { "Connectors" } }
}

/// The way up from something of an account.
pub(super) fn from_account(viewer: &Viewer, account: &Account) -> Markup {
    html! {
        (from_top(viewer)) " / "
        a href=(account_path(viewer, account.id, "")) { (outside(&account.login)) }
    }
}

/// An instance and its account.
#[derive(Debug)]
pub(super) struct Lineage {
    pub(super) account: Account,
    pub(super) instance: Instance,
}

impl Lineage {
    /// Of an instance.
    pub(super) async fn of(conn: &Conn, id: InstanceId) -> Result<Self, Failure> {
        let instance = instances::require(conn, id).await?;
        let account = accounts::require(conn, instance.account_id).await?;
        Ok(Self { account, instance })
    }

    /// Of a target.
    pub(super) async fn of_target(conn: &Conn, id: TargetId) -> Result<(Self, Target), Failure> {
        let target = targets::require(conn, id).await?;
        Ok((Self::of(conn, target.instance_id).await?, target))
    }

    /// The way up from the instance's own page.
    pub(super) fn crumb(&self, viewer: &Viewer) -> Markup {
        from_account(viewer, &self.account)
    }

    /// The way up from something of the instance.
    pub(super) fn crumb_below(&self, viewer: &Viewer) -> Markup {
        html! {
            (self.crumb(viewer)) " / "
            a href=(instance_path(viewer, self.instance.id, "")) { (outside(&self.instance.name)) }
        }
    }

    /// The way up from something of the target.
    pub(super) fn crumb_below_target(&self, viewer: &Viewer, target: &Target) -> Markup {
        html! {
            (self.crumb_below(viewer)) " / "
            a href=(target_path(viewer, target.id, "")) { (outside(&target_name(target))) }
        }
    }
}
