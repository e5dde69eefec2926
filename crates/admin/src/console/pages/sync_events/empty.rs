//! A list without a row: what the filter says, what a wider one would show, or what would make a first row appear.

use hookyard_store::sync_event_list;
use jiff::Timestamp;
use maud::{Markup, html};

use super::ask::Ask;
use super::list::{List, said};
use crate::App;
use crate::access::Asked;
use crate::console::answer::Failure;
use crate::console::components::filters::SINCE;
use crate::console::components::icons::Icon;
use crate::console::components::message;
use crate::console::components::query::Query;
use crate::console::components::text::counted;
use crate::console::frame::{Place, Viewer};

/// Beyond this nothing is counted: enough to know that a wider filter helps.
const COUNT_MAX: usize = 100;

/// A wider filter, and what it shows.
#[derive(Debug)]
pub struct Relaxed {
    words: String,
    query: Query,
}

/// The nearest wider filters that show something: more time, or one filter less.
pub(super) async fn relaxed(
    app: &App,
    asked: &Asked,
    ask: &Ask,
    now: Timestamp,
) -> Result<Vec<Relaxed>, Failure> {
    let conn = app.store.conn().await?;
    let instances = asked.instances(&conn).await?;
    let mut found = Vec::new();
    let mut longer_found = false;
    for (wider, words, longer) in wider(&Ask { after: None, ..ask.clone() }) {
        // Of the spans of time only the shortest that shows something.
        if longer && longer_found {
            continue;
        }
        let filter = wider.filter(asked.workspace().id, instances.clone(), now)?;
        let (ids, more) = sync_event_list::first_ids(&conn, &filter, COUNT_MAX).await?;
        if ids.is_empty() {
            continue;
        }
        longer_found |= longer;
        let count = counted(ids.len() as u64, "sync event", "sync events");
        let count = if more { format!("more than {count}") } else { count };
        found.push(Relaxed { words: format!("{count} {words}"), query: wider.query() });
    }
    Ok(found)
}

/// Wider filters, the nearest first, and whether it is the time that is longer.
fn wider(ask: &Ask) -> Vec<(Ask, &'static str, bool)> {
    let mut wider = Vec::new();
    if ask.since.is_some() || ask.from.is_some() || ask.to.is_some() {
        let since = ask.since.as_deref();
        // Spans stand in rising order; the first is any time.
        let longer = SINCE.iter().skip(1).skip_while(|(span, _)| Some(*span) != since).skip(1);
        for (span, words) in longer {
            let words = match *span {
                "24h" => "in the last 24 hours",
                "7d" => "in the last 7 days",
                "30d" => "in the last 30 days",
                _ => *words,
            };
            let span = Some((*span).to_owned());
            wider.push((Ask { since: span, from: None, to: None, ..ask.clone() }, words, true));
        }
        wider.push((Ask { since: None, from: None, to: None, ..ask.clone() }, "at any time", true));
    }
    if ask.status.is_some() {
        wider.push((Ask { status: None, ..ask.clone() }, "of any status", false));
    }
    if ask.trigger.is_some() {
        wider.push((Ask { trigger: None, ..ask.clone() }, "with any trigger", false));
    }
    if ask.target.is_some() {
        wider.push((Ask { target: None, ..ask.clone() }, "of other targets", false));
    }
    if ask.q.is_some() {
        wider.push((Ask { q: None, ..ask.clone() }, "without the search", false));
    }
    wider
}

/// What stands in the place of the rows.
pub(super) fn view(viewer: &Viewer, list: &List<'_>, path: &str) -> Markup {
    if list.query.pairs().next().is_some() {
        return narrowed(list, path);
    }
    message::empty(
        Icon::In,
        "Nothing has arrived from GitHub",
        &html! {
            p { "A sync event is recorded when a push reaches a tracked branch, or when you resync a target." }
            ol.steps.col {
                li { "Install the GitHub App on an account" }
                li { "Track a branch and choose its files" }
                li { "Push a commit, or resync" }
            }
            div.actions { a.btn.primary href=(viewer.place(Place::Connectors)) { "Connectors" } }
            pre tabindex="0" aria-label="Command" { code { "hookyard-admin sync-events list --workspace " (viewer.workspace.slug) } }
        },
    )
}

fn narrowed(list: &List<'_>, path: &str) -> Markup {
    message::empty(
        Icon::In,
        "No sync event is like this",
        &html! {
            p { "Nothing matches all of: " bdi { (in_words(list)) } "." }
            @if !list.relaxed.is_empty() {
                ul.stack-s { @for relaxed in list.relaxed { li { a href=(relaxed.query.href(path)) { bdi { (relaxed.words) } } } } }
            }
            div.actions { a.btn href=(path) { "Clear all filters" } }
        },
    )
}

/// The filter in words.
fn in_words(list: &List<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(statuses) = list.query.get("status") {
        words.push(statuses.replace(',', " or "));
    }
    if let Some(id) = list.query.get("target") {
        let named = list.targets.iter().find(|(target, _)| target == id);
        words.push(format!("target {}", named.map_or(id, |(_, name)| name)));
    }
    if let Some(trigger) = list.query.get("trigger") {
        words.push(format!("trigger {trigger}"));
    }
    words.extend(said(list).into_iter().map(|(_, words)| words));
    if let Some(since) = list.query.get("since") {
        let known = SINCE.iter().find(|(span, _)| *span == since);
        words.push(
            known.map_or_else(|| format!("since {since}"), |(_, words)| words.to_lowercase()),
        );
    }
    if list.query.get("after").is_some() {
        words.push("older than where this page begins".to_owned());
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_times_come_in_rising_order_and_end_with_any() {
        let ask = Ask { since: Some("24h".to_owned()), ..Ask::default() };
        let words: Vec<&str> = wider(&ask).iter().map(|(_, words, _)| *words).collect();
        assert_eq!(words, ["in the last 7 days", "in the last 30 days", "at any time"]);
    }

    #[test]
    fn one_filter_less_leaves_the_others() {
        let ask =
            Ask { trigger: Some("push".to_owned()), q: Some("x".to_owned()), ..Ask::default() };
        let queries: Vec<String> =
            wider(&ask).iter().map(|(ask, ..)| ask.query().encoded()).collect();
        assert_eq!(queries, ["q=x", "trigger=push"]);
    }
}
