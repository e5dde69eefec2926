//! All connectors on one page: accounts, the instances below them, and where each target stands.

use axum::extract::State;
use hookyard_domain::ids::AccountId;
use hookyard_domain::target::TargetStatus;
use hookyard_store::accounts::{self, Account};
use hookyard_store::instances::{self, Instance};
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::targets::{self, TALLY_MAX, Target};
use maud::{Markup, html};
use serde::Deserialize;

use super::lineage::{account_path, instance_path};
use super::rows::{self, Heads};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{counted, grouped, outside};
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The accounts of one page.
const ACCOUNTS: u16 = 10;
/// The targets that a page shows of all its accounts together: with more it would be too long to load and to read.
const TARGETS_MAX: usize = 60;
/// The targets that it shows of one instance.
const OF_INSTANCE_MAX: usize = targets::OF_EACH_INSTANCE_MAX - 1;
/// The instances that it shows of one account.
const OF_ACCOUNT_MAX: usize = instances::OF_EACH_ACCOUNT_MAX - 1;

/// The page of the rail.
pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/connectors", Need::Member, show)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    after: Option<AccountId>,
}

/// What the page shows.
#[derive(Debug)]
struct Tree {
    accounts: Page<Account, AccountId>,
    instances: Vec<Instance>,
    targets: Vec<Target>,
    heads: Heads,
    tally: Vec<(TargetStatus, i64)>,
    sees_all: bool,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let workspace = asked.workspace().id;
    let seen = asked.instances(&conn).await?;
    let request = PageRequest::new(ACCOUNTS, ask.after).map_err(|_| Failure::no_page())?;
    let accounts = accounts::list(&conn, Some(workspace), request).await?;
    let ids: Vec<AccountId> = accounts.items.iter().map(|it| it.id).collect();
    let instances = instances::newest_of_accounts(&conn, &ids, seen.as_deref()).await?;
    let shown: Vec<_> = instances.iter().map(|it| it.id).collect();
    let targets = targets::newest_of_instances(&conn, &shown).await?;
    let tree = Tree {
        heads: rows::heads(&conn, &targets).await?,
        tally: targets::tally(&conn, workspace, seen.as_deref()).await?,
        sees_all: seen.is_none(),
        accounts,
        instances,
        targets,
    };
    drop(conn);
    answer::page(&app, &viewer, view(&viewer, &tree, ask.after.is_some()))
}

fn view(viewer: &Viewer, tree: &Tree, is_later: bool) -> Markup {
    let path = viewer.place(Place::Connectors);
    let add = viewer.path("connector-accounts/add");
    let older = tree.accounts.next_cursor.map(|id| Query::new().with("after", id.to_string()));
    let older = older.map(|query| query.href(&path));
    let mut room = TARGETS_MAX;
    let body = html! {
        (panel::head(&Head {
            title: html! { "Connectors" },
            answer: sentence(tree),
            actions: viewer.is_admin.then(|| html! { a.btn.primary href=(add) { "Add an account" } }),
            ..Head::default()
        }))
        @if tree.accounts.items.is_empty() {
            (empty(Icon::In, "No GitHub account is connected", &html! {
                p { "An account is an installation of the deployment's GitHub App. Below it you choose branches and files." }
                ol.steps.col {
                    li { "Install the GitHub App on an account" }
                    li { "Add the account, and an instance of it" }
                    li { "Track a branch and choose its files" }
                }
                @if viewer.is_admin { div.actions { a.btn.primary href=(add) { "Add an account" } } }
                @else { p { "An owner or an admin of the workspace can do that." } }
            }))
        }
        @for account in &tree.accounts.items { (account_panel(viewer, tree, account, &mut room)) }
        @if is_later || older.is_some() {
            section.panel {
                (panel::list_foot(&html! { (counted(tree.accounts.items.len() as u64, "account", "accounts")) " on this page" },
                    is_later.then_some(path.as_str()), older.as_deref()))
            }
        }
    };
    frame::page(viewer, Place::Connectors, "Connectors", &[], &body)
}

/// How many targets stand where, and how many of those shown are behind.
fn sentence(tree: &Tree) -> Markup {
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let all: i64 = tree.tally.iter().map(|(_, count)| count).sum();
    let behind =
        tree.targets.iter().filter(|it| rows::is_behind(it, tree.heads.get(&it.id))).count();
    let mut parts: Vec<(TargetStatus, i64)> = tree.tally.clone();
    parts.sort_by_key(|(status, count)| (*status != TargetStatus::Active, -count));
    html! {
        @if all == 0 && tree.sees_all { "Nothing is followed yet." }
        @else if all == 0 { "No target lies in an instance that you were granted." }
        @else {
            @if all > TALLY_MAX { "More than " b { (grouped(count(TALLY_MAX))) " targets" } }
            @else { b { (counted(count(all), "target", "targets")) } }
            ": "
            @for (index, (status, of)) in parts.iter().enumerate() {
                @if index > 0 { ", " }
                (grouped(count(*of))) " " (Status::from(*status).word.to_lowercase())
            }
            "."
            @if behind > 0 { " Of those on this page " (behind) @if behind == 1 { " is" } @else { " are" } " behind what was announced." }
        }
    }
}

fn account_panel(viewer: &Viewer, tree: &Tree, account: &Account, room: &mut usize) -> Markup {
    let all: Vec<&Instance> =
        tree.instances.iter().filter(|it| it.account_id == account.id).collect();
    let page = account_path(viewer, account.id, "");
    html! {
        section.panel id=(account.id) aria-label=(account.login) {
            header {
                h2 { a.rowlink href=(page) { (outside(&account.login)) } " " (badge(account.status)) }
                p { "Installation " (account.installation_id) " · " (account.connector_type) }
            }
            @if all.is_empty() {
                div.pad.stack-s {
                    @if tree.sees_all { p { "No instance yet: an instance is one configured use of the account." } }
                    @else { p { "You were granted none of its instances." } }
                    @if viewer.is_admin {
                        div.actions { a.btn href=(account_path(viewer, account.id, "/instances/add")) { "Add an instance" } }
                    }
                }
            }
            @for instance in all.iter().take(OF_ACCOUNT_MAX) { (instance_part(viewer, tree, instance, room)) }
            @if all.len() > OF_ACCOUNT_MAX {
                footer { a href=(page) { "All instances of this account" } }
            }
        }
    }
}

fn instance_part(viewer: &Viewer, tree: &Tree, instance: &Instance, room: &mut usize) -> Markup {
    let all: Vec<&Target> =
        tree.targets.iter().filter(|it| it.instance_id == instance.id).collect();
    let shown = all.len().min(OF_INSTANCE_MAX).min(*room);
    *room -= shown;
    let page = instance_path(viewer, instance.id, "");
    html! {
        header id=(instance.id) {
            h3 { a.rowlink href=(page) { (outside(&instance.name)) } " " (badge(instance.status)) }
            @if all.is_empty() { p { "follows no branch yet" } }
            @else if shown < all.len() { p { a href=(page) { "all its targets" } } }
        }
        @if shown > 0 { (rows::table(viewer, &all[..shown], &tree.heads)) }
    }
}
