//! Connectors: which branches and files do we follow, is each at its head, and who may change that?

mod access;
mod access_page;
mod account;
mod account_changes;
mod instance;
mod instance_changes;
mod lineage;
mod mapping_form;
mod mappings;
mod new_plugins;
mod overview;
mod preview;
mod rows;
mod target;
mod target_add;
mod target_changes;

use hookyard_domain::role::InstanceRole;

use crate::App;
use crate::access::Need;
use crate::console::answer::Failure;
use crate::operations::github::GitHubAccess;
use crate::routes::Routes;

const VIEWER: Need = Need::Instance(InstanceRole::Viewer);
const EDITOR: Need = Need::Instance(InstanceRole::Editor);
const MANAGER: Need = Need::Instance(InstanceRole::Manager);

/// The connectors of a workspace, and what is done to them.
pub(in crate::console) fn routes() -> Routes {
    overview::routes()
        .and(account::routes())
        .and(account_changes::routes())
        .and(instance::routes())
        .and(instance_changes::routes())
        .and(new_plugins::routes())
        .and(access::routes())
        .and(target_add::routes())
        .and(target::routes())
        .and(target_changes::routes())
        .and(mappings::routes())
}

/// GitHub, if this process can ask it; else why not.
fn github(app: &App) -> Result<&GitHubAccess, &'static str> {
    app.github.as_ref().ok_or(
        "GitHub cannot be asked: the admin process runs without HOOKYARD_VAULT_KEYS, which open the App's key.",
    )
}

/// A page's request of up to this many rows.
fn first<I>(rows: u16) -> Result<hookyard_store::paging::PageRequest<I>, Failure> {
    hookyard_store::paging::PageRequest::new(rows, None).map_err(|_| Failure::no_page())
}
