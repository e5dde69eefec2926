//! One account: its installation, its instances, and the way to end or resume it.

use axum::extract::State;
use hookyard_domain::ids::{AccountId, InstanceId};
use hookyard_domain::target::AccountStatus;
use hookyard_store::accounts::{self, Account, AccountCounts};
use hookyard_store::instances::{self, Instance};
use hookyard_store::paging::{Page, PageRequest};
use maud::{Markup, html};
use serde::Deserialize;

use super::lineage::{account_path, from_top, instance_path};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::facts;
use crate::console::components::form::button;
use crate::console::components::icons::Icon;
use crate::console::components::message::{empty, note};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Tone, badge, badge_big};
use crate::console::components::text::{counted, outside};
use crate::console::components::time::{cell, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::{InQuery, Subject};
use crate::operations::accounts as operation;
use crate::routes::Routes;

/// The instances of one page.
const ROWS: u16 = 50;

const COLUMNS: [Column; 3] =
    [Column::text("State"), Column::text("Instance"), Column::newest_first("Since, UTC")];

/// The page of one account.
pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/connector-accounts/{account}", Need::Member, show)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    after: Option<InstanceId>,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<AccountId>,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let account = operation::require(&conn, id).await?;
    let request = PageRequest::new(ROWS, ask.after).map_err(|_| Failure::no_page())?;
    let seen = asked.instances(&conn).await?;
    let page = match &seen {
        None => instances::list_of_account(&conn, id, request).await?,
        Some(seen) => {
            let workspace = asked.workspace().id;
            instances::list_within(&conn, workspace, Some(id), seen, request).await?
        }
    };
    // Whoever sees a part is not told how much there is.
    let counts = if seen.is_none() { Some(accounts::counts(&conn, id).await?) } else { None };
    drop(conn);
    let shown = Shown { account: &account, counts, page: &page, is_later: ask.after.is_some() };
    answer::page(&app, &viewer, view(&viewer, &shown))
}

struct Shown<'a> {
    account: &'a Account,
    counts: Option<AccountCounts>,
    page: &'a Page<Instance, InstanceId>,
    is_later: bool,
}

fn view(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let account = shown.account;
    let path = account_path(viewer, account.id, "");
    let older = shown.page.next_cursor.map(|id| Query::new().with("after", id.to_string()));
    let older = older.map(|query| query.href(&path));
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (from_top(viewer)) " / " span.id.mono { (account.id) } }),
            title: outside(&account.login),
            answer: html! { (badge_big(account.status)) " " (sentence(account.status)) },
            actions: viewer.is_admin.then(|| actions(viewer, account)),
        }))
        @if account.status == AccountStatus::Suspended {
            (note(Tone::Bad, &html! { b { "What to do. " } "Lift the suspension on GitHub, in the installation's settings; GitHub then tells Hookyard." }))
        }
        (facts::strip(&key_facts(viewer, account, shown.counts)))
        @if shown.page.items.is_empty() {
            (empty(Icon::In, "No instance here", &html! {
                p { "An instance is one configured use of the account: its branches, its files, and who may change them." }
                @if viewer.is_admin && account.status != AccountStatus::Disconnected {
                    div.actions { a.btn.primary href=(account_path(viewer, account.id, "/instances/add")) { "Add an instance" } }
                }
            }))
        } @else {
            section.panel aria-label="Instances" {
                header { h2 { "Instances" } p { "newest first" } }
                (panel::table("as-cards", None, &COLUMNS, &html! { @for it in &shown.page.items { (row(viewer, it)) } }))
                (panel::list_foot(&html! { (counted(shown.page.items.len() as u64, "instance", "instances")) " on this page" },
                    shown.is_later.then_some(path.as_str()), older.as_deref()))
            }
        }
        (facts::identity(
            &[("Account", account.id.to_string()), ("Installation", account.installation_id.to_string())],
            Some(&format!("hookyard-admin connector account show {}", account.id)),
        ))
    };
    frame::page(viewer, Place::Connectors, &account.login, &[], &body)
}

const fn sentence(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "The installation may be used.",
        AccountStatus::Suspended => {
            "GitHub suspended the installation: nothing is followed, and what was applied stays."
        }
        AccountStatus::Disconnected => {
            "Nothing of it is followed. Its records stay; reconnecting resumes, instance by instance."
        }
    }
}

fn actions(viewer: &Viewer, account: &Account) -> Markup {
    let path = |rest: &str| account_path(viewer, account.id, rest);
    html! {
        @if account.status == AccountStatus::Disconnected {
            (button(&path("/reconnect"), &viewer.csrf, "primary", &html! { "Reconnect" }))
        } @else {
            a.btn.primary href=(path("/instances/add")) { "Add an instance" }
            a.btn.danger href=(path("/disconnect")) { "Disconnect …" }
        }
    }
}

fn key_facts<'a>(
    viewer: &Viewer,
    account: &Account,
    counts: Option<AccountCounts>,
) -> Vec<facts::Fact<'a>> {
    let mut rows = vec![
        ("Installation", html! { (account.installation_id) small { (account.connector_type) } }),
        ("Added", fact(viewer.now, account.created_at)),
    ];
    if let Some(counts) = counts {
        rows.push(("Instances", html! { (counts.instances) small { "not archived" } }));
        rows.push(("Targets", html! { (counts.targets) }));
        rows.push(("Mappings", html! { (counts.mappings) }));
        rows.push(("Config objects", html! { (counts.objects) }));
    }
    rows
}

fn row(viewer: &Viewer, instance: &Instance) -> Markup {
    html! {
        tr role="row" id=(instance.id) {
            td.o1 role="cell" { (badge(instance.status)) }
            td.wide.o3 role="cell" {
                a.rowlink href=(instance_path(viewer, instance.id, "")) { (outside(&instance.name)) }
                span.sub.mono { (instance.id) }
            }
            td.num.o2 role="cell" { (cell(viewer.now, instance.created_at)) }
        }
    }
}
