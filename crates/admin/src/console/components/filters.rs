//! The form above a list that narrows it: a plain GET, so that the address is the view.

use maud::{Markup, html};

use super::icons::{Icon, icon};
use super::query::Query;

/// A choice of one value.
#[derive(Debug)]
pub struct Pick<'a> {
    /// The parameter.
    pub name: &'static str,
    /// Read out, not shown.
    pub label: &'static str,
    /// Value and words; the first is the one that the address leaves out, and its value is empty.
    pub options: Vec<(&'a str, &'a str)>,
}

/// The windows of time that a list offers; a list is not narrowed by the first.
pub const SINCE: [(&str, &str); 5] = [
    ("", "Any time"),
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
];

/// The filters of the list at `path`, set as `query` says. Parameters of `query` that no field shows are kept, but
/// for the cursor `after`: another view begins at its newest.
pub fn form(path: &str, query: &Query, placeholder: Option<&str>, picks: &[Pick<'_>]) -> Markup {
    let shown = |name: &str| {
        name == "after"
            || (name == "q" && placeholder.is_some())
            || picks.iter().any(|pick| pick.name == name)
    };
    html! {
        form.filters action=(path) method="get" role="search" aria-label="Filters" {
            @if let Some(placeholder) = placeholder {
                div.grow.field {
                    label.vh for="q" { "Search" }
                    input #q name="q" type="search" value=[query.get("q")] placeholder=(placeholder)
                        maxlength="200" spellcheck="false";
                }
            }
            div.pick {
                @for pick in picks {
                    label.vh for={ "f-" (pick.name) } { (pick.label) }
                    select id={ "f-" (pick.name) } name=(pick.name) {
                        @for (value, words) in &pick.options {
                            option value=(value) selected[query.get(pick.name).unwrap_or("") == *value] {
                                (words)
                            }
                        }
                    }
                }
            }
            @for (name, value) in query.pairs().filter(|(name, _)| !shown(name)) {
                input type="hidden" name=(name) value=(value);
            }
            button.btn { "Filter" }
        }
    }
}

/// What a list is narrowed by, each with the link that takes it away.
pub fn chips(path: &str, query: &Query, said: &[(&'static str, String)]) -> Markup {
    html! {
        @if !said.is_empty() {
            div.chips {
                span { "Narrowed by" }
                @for (name, words) in said {
                    span.chip {
                        bdi { (words) }
                        a href=(query.without("after").without(name).href(path)) aria-label={ "Remove " (words) } {
                            (icon(Icon::Cross))
                        }
                    }
                }
                a href=(path) { "Clear all" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_keeps_what_it_does_not_show_and_starts_at_the_newest() {
        let query =
            Query::new().with("status", "failed").with("since", "7d").with("after", "sync_x");
        let pick = Pick { name: "since", label: "Time", options: SINCE.to_vec() };
        let shown = form("/w/acme/sync-events", &query, Some("SHA"), &[pick]).into_string();
        assert!(shown.contains(r#"<input type="hidden" name="status" value="failed">"#), "{shown}");
        assert!(shown.contains(r#"<option value="7d" selected>Last 7 days</option>"#), "{shown}");
        assert!(!shown.contains("sync_x"));
    }

    #[test]
    fn a_chip_takes_only_its_own_filter_away() {
        let query = Query::new().with("status", "failed").with("q", "<b>");
        let shown = chips("/l", &query, &[("q", "search: <b>".to_owned())]).into_string();
        assert!(shown.contains("href=\"/l?status=failed\""), "{shown}");
        assert!(shown.contains("search: &lt;b&gt;"), "{shown}");
    }
}
