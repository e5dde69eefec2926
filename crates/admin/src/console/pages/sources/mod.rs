//! Sources: where may calls come in, do they verify, which secret is in use, is a rotation unfinished?

mod changes;
mod forms;

use std::collections::HashMap;

use axum::extract::State;
use hookyard_domain::ids::SourceId;
use hookyard_store::paging::Page;
use hookyard_store::sources::{self, Source, Standing};
use jiff::SignedDuration;
use maud::{Markup, html};

use super::plain::Ask;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form::button;
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{code, counted, outside};
use crate::console::components::time::{ago, cell};
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

const COLUMNS: [Column; 5] = [
    Column::text("State"),
    Column::text("Source"),
    Column::text("Verification"),
    Column::text("Secret"),
    Column::number("Since, UTC"),
];
/// How long a window of failing signatures is.
const WINDOW: SignedDuration =
    SignedDuration::from_secs(hookyard_store::signature_failures::WINDOW_S.cast_signed());

/// The sources of a workspace, and what is done to them.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/sources", Need::Admin, show).and(changes::routes())
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = sources::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    let ids: Vec<SourceId> = page.items.iter().map(|it| it.id).collect();
    let standings = sources::standings(&conn, &ids).await?;
    drop(conn);
    let standings = standings.into_iter().map(|it| (it.source, it)).collect();
    answer::page(&app, &viewer, view(&viewer, &page, &standings, ask.is_later()))
}

fn view(
    viewer: &Viewer,
    page: &Page<Source, SourceId>,
    standings: &HashMap<SourceId, Standing>,
    is_later: bool,
) -> Markup {
    let path = viewer.place(Place::Sources);
    let add = viewer.path("sources/add");
    let older = page.next_cursor.map(|id| Query::new().with("after", id.to_string()).href(&path));
    let body = html! {
        (panel::head(&Head {
            title: html! { "Sources" },
            answer: sentence(page, standings),
            actions: Some(html! { a.btn.primary href=(add) { "Add a source" } }),
            ..Head::default()
        }))
        @if page.items.is_empty() {
            (empty(Icon::In, "No source of this workspace", &html! {
                p { "Calls of the GitHub App come in at the deployment's own source, which its operators keep. A workspace adds one of \
                     its own where another webhook, or Linear, is to call it." }
                div.actions { a.btn.primary href=(add) { "Add a source" } }
            }))
        } @else {
            section.panel aria-label="Sources" {
                (panel::table("as-cards", None, &COLUMNS, &html! {
                    @for source in &page.items { (row(viewer, source, standings.get(&source.id))) }
                }))
                (panel::list_foot(&html! { (counted(page.items.len() as u64, "source", "sources")) " on this page" },
                    is_later.then_some(path.as_str()), older.as_deref()))
            }
        }
    };
    frame::page(viewer, Place::Sources, "Sources", &[], &body)
}

fn sentence(page: &Page<Source, SourceId>, standings: &HashMap<SourceId, Standing>) -> Markup {
    let count = |is: &dyn Fn(&Source) -> bool| page.items.iter().filter(|it| is(it)).count();
    let standing = |it: &Source| standings.get(&it.id);
    let failing = count(&|it| standing(it).is_some_and(is_failing));
    let rotating = count(&|it| it.secrets > 1);
    let off = count(&|it| it.disabled_at.is_some());
    html! {
        @if page.items.is_empty() { "Where calls may come in: none of this workspace's own yet." }
        @else {
            b { (counted(page.items.len() as u64, "source", "sources")) }
            @if page.next_cursor.is_some() { " on this page" } ": "
            (failing) " with failing signatures, " (rotating) " with a rotation under way, " (off) " disabled."
        }
    }
}

/// Whether the last that was heard are signatures that fail.
fn is_failing(standing: &Standing) -> bool {
    let Some((window, _)) = standing.failing else { return false };
    let end = window.saturating_add(WINDOW).unwrap_or(window);
    standing.verified.is_none_or(|(_, at)| at < end)
}

fn row(viewer: &Viewer, source: &Source, standing: Option<&Standing>) -> Markup {
    let path = |rest: &str| viewer.path(&format!("sources/{}/{rest}", source.id));
    let is_off = source.disabled_at.is_some();
    html! {
        tr role="row" id=(source.id) {
            td.o1 role="cell" { (badge(if is_off { Status::DISABLED } else { Status::ACTIVE })) }
            td.wide.o3 role="cell" {
                span.strong { (outside(&source.slug)) } " " span.dim { (source.provider.as_str()) }
                span.sub { (code(&source.path())) }
                div.actions {
                    a.btn.quiet href=(path("rotate")) { "Rotate …" }
                    @if is_off { (button(&path("enable"), &viewer.csrf, "quiet", &html! { "Enable" })) }
                    @else { a.btn.quiet.danger href=(path("disable")) { "Disable …" } }
                }
            }
            td.o4 role="cell" { @if let Some(standing) = standing { (verification(viewer, standing)) } }
            td.o5 role="cell" { (secret(viewer, source, standing)) }
            td.num.o2 role="cell" { (cell(viewer.now, source.created_at)) }
        }
    }
}

fn verification(viewer: &Viewer, standing: &Standing) -> Markup {
    html! {
        @if is_failing(standing) {
            (badge(Status::FAILING))
            @if let Some((at, failures)) = standing.failing {
                span.sub.err { (counted(failures.unsigned_abs().into(), "call", "calls")) " or more with a bad signature, " (ago(viewer.now, at)) }
            }
        } @else if standing.verified.is_some() { (badge(Status::VALID)) }
        @else { span.dim { "no call yet" } }
        @if let Some((event, at)) = standing.verified {
            span.sub { a href=(viewer.path(&format!("events/{event}"))) { "last verified" } " " (ago(viewer.now, at)) }
        }
    }
}

fn secret(viewer: &Viewer, source: &Source, standing: Option<&Standing>) -> Markup {
    let until = standing.and_then(|it| it.rotates_until);
    html! {
        @match (source.secrets, until) {
            (0, _) => { span.sub.err { "none is valid: every call is refused" } }
            (1, None) => "one",
            (_, Some(until)) => {
                "a rotation is under way"
                span.sub { "the one before ends " (ago(viewer.now, until)) }
            },
            (many, None) => { (many) " valid" }
        }
        @if let Some(since) = standing.and_then(|it| it.secret_since) { span.sub { "newest from " (ago(viewer.now, since)) } }
    }
}
