//! How the audit log is shown.

use hookyard_domain::ids::AuditId;
use hookyard_store::audit::Entry;
use hookyard_store::paging::Page;
use maud::{Markup, html};
use serde_json::Value;

use crate::console::components::filters::{self, SINCE};
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::payload::json;
use crate::console::components::query::Query;
use crate::console::components::text::{code, counted, outside, outside_cut};
use crate::console::components::time::cell;
use crate::console::components::timeline::details;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::exports;

/// The longest value of a change that is shown without being opened, in characters.
const VALUE_CHARS_MAX: usize = 80;
/// The most fields of a change that are shown without being opened.
const FIELDS_MAX: usize = 8;
/// The longest reason that a row shows, in characters.
const REASON_CHARS_MAX: usize = 240;

const COLUMNS: [Column; 4] = [
    Column::text("Who"),
    Column::text("What"),
    Column::text("Why"),
    Column::newest_first("When, UTC"),
];

/// The page.
pub(super) fn view(viewer: &Viewer, query: &Query, page: &Page<Entry, AuditId>) -> Markup {
    let path = viewer.place(Place::Audit);
    let said: Vec<(&'static str, String)> = ["actor", "action", "subject"]
        .into_iter()
        .filter_map(|name| Some((name, format!("{name} {}", query.get(name)?))))
        .collect();
    let body = html! {
        (panel::head(&Head {
            title: html! { "Audit log" },
            answer: html! { "Every change, by whom and why, newest first. Lines are only ever added." },
            ..Head::default()
        }))
        div.stack-s { (narrowing(&path, query)) (filters::chips(&path, query, &said)) }
        @if page.items.is_empty() { (nothing_listed(query, &path)) } @else { (rows(viewer, query, page, &path)) }
    };
    frame::page(viewer, Place::Audit, "Audit log", &[], &body)
}

/// Who and what are chosen by a click on a row; these are for who knows what they look for.
fn narrowing(path: &str, query: &Query) -> Markup {
    let field = |name: &'static str, label: &'static str, placeholder: &'static str| {
        html! {
            div.grow.field {
                label.vh for={ "f-" (name) } { (label) }
                input id={ "f-" (name) } name=(name) type="search" value=[query.get(name)]
                    placeholder=(placeholder) maxlength="200" spellcheck="false" autocomplete="off";
            }
        }
    };
    html! {
        form.filters action=(path) method="get" role="search" aria-label="Filters" {
            (field("subject", "Id of what was changed", "Id of what was changed"))
            (field("action", "Kind of change", "Kind, such as source.rotate"))
            (field("actor", "Who changed it", "Who, as a row shows it"))
            div.pick {
                label.vh for="f-since" { "Time" }
                select #f-since name="since" {
                    @for (value, words) in SINCE {
                        option value=(value) selected[query.get("since").unwrap_or("") == value] { (words) }
                    }
                }
            }
            button.btn { "Filter" }
        }
    }
}

fn rows(viewer: &Viewer, query: &Query, page: &Page<Entry, AuditId>, path: &str) -> Markup {
    let older = page.next_cursor.map(|id| query.with("after", id.to_string()).href(path));
    let newest = query.get("after").map(|_| query.without("after").href(path));
    let rows = html! { @for entry in &page.items { (row(viewer, query, entry, path)) } };
    let foot = html! {
        (counted(page.items.len() as u64, "change", "changes")) " on this page"
        (exports::links(viewer, "audit-log", query))
    };
    html! {
        section.panel aria-label="Audit log" {
            (panel::table("as-cards", None, &COLUMNS, &rows))
            (panel::list_foot(&foot, newest.as_deref(), older.as_deref()))
        }
    }
}

fn row(viewer: &Viewer, query: &Query, entry: &Entry, path: &str) -> Markup {
    let narrowed =
        |name: &'static str, value: &str| query.without("after").with(name, value).href(path);
    html! {
        tr role="row" id=(entry.id) {
            td.wide.o1 role="cell" {
                a href=(narrowed("actor", &entry.actor)) title="Only what they changed" { (who(&entry.actor)) }
            }
            td.wide.o3 role="cell" {
                a href=(narrowed("action", &entry.action)) title="Only changes of this kind" { (code(&entry.action)) }
                a.sub.mono href=(narrowed("subject", &entry.subject)) title="Only changes of this" {
                    (outside(&entry.subject))
                }
                (difference(entry.before.as_ref(), entry.after.as_ref()))
            }
            td.wide.o4 role="cell" {
                @if let Some(reason) = &entry.reason { (outside_cut(reason, REASON_CHARS_MAX)) }
            }
            td.num.o2 role="cell" { (cell(viewer.now, entry.at)) }
        }
    }
}

/// A member by name, with the id below it; everybody else as the log has it.
fn who(actor: &str) -> Markup {
    let member = actor.strip_prefix("member:").and_then(|rest| rest.split_once(' '));
    html! {
        @match member {
            Some((id, name)) => { (outside(name)) span.sub.mono { (outside(id)) } },
            None => (outside(actor)),
        }
    }
}

/// What was, and what is: field by field, and the whole of it to be opened.
fn difference(before: Option<&Value>, after: Option<&Value>) -> Markup {
    let none = serde_json::Map::new();
    let was = before.and_then(Value::as_object).unwrap_or(&none);
    let is = after.and_then(Value::as_object).unwrap_or(&none);
    let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
    names.sort();
    names.dedup();
    html! {
        @for name in names.iter().take(FIELDS_MAX) {
            span.sub {
                (outside(name)) ": "
                @match (was.get(*name), is.get(*name)) {
                    (Some(was), Some(is)) => { (short(was)) " → " (short(is)) },
                    (Some(was), None) => { "was " (short(was)) },
                    (None, Some(is)) => (short(is)),
                    (None, None) => {},
                }
            }
        }
        @for (name, value) in [("Before", before), ("After", after)] {
            @if let Some(value) = value { (details(name, false, &json(value))) }
        }
    }
}

fn short(value: &Value) -> Markup {
    match value {
        Value::Null => html! { "nothing" },
        Value::String(text) => outside_cut(text, VALUE_CHARS_MAX),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            outside_cut(&other.to_string(), VALUE_CHARS_MAX)
        }
    }
}

fn nothing_listed(query: &Query, path: &str) -> Markup {
    if query.pairs().next().is_none() {
        return empty(
            Icon::In,
            "Nothing was changed yet",
            &html! { p { "A line is written with every change, in the transaction that makes it." } },
        );
    }
    let wider = query.without("after").without("since");
    empty(
        Icon::In,
        "No change is like this",
        &html! {
            p { "Nothing in the log matches all of the filters." }
            div.actions {
                @if query.get("since").is_some() { a.btn href=(wider.href(path)) { "Look at any time" } }
                a.btn href=(path) { "Clear all filters" }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::console::frame::tests::viewer;

    #[test]
    fn names_and_reasons_of_others_stay_text() {
        let hostile = "\"><script>alert(1)</script>";
        let entry = Entry {
            id: "aud_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
            at: viewer().now,
            workspace: None,
            actor: format!("member:mem_1 {hostile}"),
            action: "member.add".to_owned(),
            subject: hostile.to_owned(),
            reason: Some(hostile.to_owned()),
            before: Some(json!({ hostile: hostile })),
            after: Some(json!({ hostile: [hostile] })),
        };
        let query = Query::new().with("actor", hostile);
        let page = Page { items: vec![entry], next_cursor: None };
        let shown = view(&viewer(), &query, &page).into_string();
        assert!(!shown.contains("<script>alert"), "{shown}");
    }

    #[test]
    fn a_change_is_told_field_by_field() {
        let shown = difference(
            Some(&json!({ "role": "member", "name": "ada" })),
            Some(&json!({ "role": "admin" })),
        )
        .into_string();
        let text = shown.replace("<bdi>", "").replace("</bdi>", "");
        assert!(text.contains("role: member → admin"), "{text}");
        assert!(text.contains("name: was ada"), "{text}");
    }
}
