//! What surrounds every page: the document, the rail, and who looks.

mod place;
mod theme;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

pub use self::place::Place;
pub use self::theme::Theme;
use super::assets::ASSETS;
use super::components::icons::{Icon, icon, mark, sheet};
use super::components::message;
use super::components::text::grouped;
use super::csrf::CsrfToken;

/// htmx without its own style element, without `eval`, without scripts in what it swaps: the policy of the pages
/// allows none of them.
const HTMX: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"historyCacheSize":0}"#;

/// Who looks at a page, and how.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The member's or operator's name.
    pub name: String,
    /// `owner`, `admin`, `member`, `operator`.
    pub role: String,
    /// Whether pages for admins are on the rail.
    pub is_admin: bool,
    pub workspace: WorkspaceName,
    pub csrf: CsrfToken,
    pub theme: Theme,
    /// Whether lists update themselves.
    pub live: bool,
    /// What the action did that led here.
    pub done: Option<String>,
    /// The address of this page: path and query.
    pub at: String,
    pub now: Timestamp,
}

/// The workspace that is looked at.
#[derive(Debug, Clone)]
pub struct WorkspaceName {
    pub slug: String,
    pub name: String,
    pub plan: String,
}

impl Viewer {
    /// The path of a page of this workspace: `path("sync-events")` is `/w/acme/sync-events`.
    pub fn path(&self, rest: &str) -> String {
        format!("/w/{}/{rest}", self.workspace.slug)
    }

    /// The path of a place of the rail.
    pub fn place(&self, place: Place) -> String {
        self.path(place.path())
    }
}

/// How many things need attention at a place of the rail. Only small numbers that cost nothing to learn.
pub type Tallies = [(Place, u64)];

/// A whole page of the console.
pub fn page(viewer: &Viewer, here: Place, title: &str, tallies: &Tallies, body: &Markup) -> Markup {
    let title = format!("{title} · {} · Hookyard", viewer.workspace.slug);
    let body = html! {
        a.skip href="#main" { "Skip to content" }
        (sheet())
        div.frame {
            (top_bar(viewer))
            (rail(viewer, here, tallies))
            main #main {
                div.stack {
                    @if let Some(words) = &viewer.done { (message::done(words)) }
                    (body)
                }
            }
        }
        (keys())
    };
    document(&title, viewer.theme, &body)
}

/// A page outside of any workspace: signing in, and what there is to say to who is not signed in.
pub fn door(title: &str, theme: Theme, body: &Markup) -> Markup {
    let body = html! {
        (sheet())
        div.door {
            main.panel {
                svg.hooks viewBox="0 0 408 44" aria-hidden="true" {
                    path d="M0 7h408M43 7v12a6 6 0 1 1-10 4M110 7v12a6 6 0 1 1-10 4M177 7v12a6 6 0 1 1-10 4M244 7v12a6 6 0 1 1-10 4M311 7v12a6 6 0 1 1-10 4M378 7v12a6 6 0 1 1-10 4" {}
                    path.caught d="M177 7v12a6 6 0 1 1-10 4" {}
                }
                p.brand { (mark()) "Hookyard" }
                (body)
            }
            footer { span { "hookyard-admin " (env!("CARGO_PKG_VERSION")) } }
        }
    };
    document(&format!("{title} · Hookyard"), theme, &body)
}

fn document(title: &str, theme: Theme, body: &Markup) -> Markup {
    let forced = (theme != Theme::System).then_some(theme.as_str());
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[forced] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (title) }
                link rel="icon" href=(ASSETS.icon.path) type="image/svg+xml";
                link rel="stylesheet" href=(ASSETS.css.path);
                script src=(ASSETS.htmx.path) defer {}
                script src=(ASSETS.htmx_sse.path) defer {}
                script src=(ASSETS.keys.path) defer {}
            }
            body { (body) }
        }
    }
}

fn top_bar(viewer: &Viewer) -> Markup {
    html! {
        header.topbar {
            a.brand href=(viewer.place(Place::Overview)) {
                (mark()) span { "Hookyard " small { (viewer.workspace.slug) } }
            }
            button.btn type="button" popovertarget="rail" { (icon(Icon::Menu)) "Menu" }
        }
    }
}

fn rail(viewer: &Viewer, here: Place, tallies: &Tallies) -> Markup {
    let workspace = &viewer.workspace;
    html! {
        div.rail #rail popover {
            a.brand href=(viewer.place(Place::Overview)) { (mark()) "Hookyard" }
            div.space {
                span { b { bdi { (workspace.name) } } small { (workspace.slug) " · " (workspace.plan) } }
            }
            form.jump role="search" action=(viewer.path("search")) {
                label.vh for="jump" { "Jump to an id, SHA, repository or path" }
                input #jump name="q" type="search" placeholder="Id, SHA, repo, path" maxlength="200" spellcheck="false";
                kbd { "/" }
            }
            nav.nav aria-label="Console" {
                @for (name, places) in Place::GROUPS {
                    @let shown: Vec<Place> = places.iter().copied()
                        .filter(|place| viewer.is_admin || !place.is_for_admins()).collect();
                    @if !shown.is_empty() {
                        div {
                            @if !name.is_empty() { h2 { (name) } }
                            ul { @for place in shown { li { (rail_link(viewer, place, here, tallies)) } } }
                        }
                    }
                }
            }
            div.rail-foot {
                div.row {
                    span { bdi { (viewer.name) } br; (viewer.role) }
                    form method="post" action="/sign-out" { (viewer.csrf.field()) button.as-link { "Sign out" } }
                }
                div.row {
                    form method="post" action="/theme" {
                        (viewer.csrf.field())
                        input type="hidden" name="next" value=(viewer.at);
                        input type="hidden" name="theme" value=(viewer.theme.next().as_str());
                        "Theme: " button.as-link { (viewer.theme.as_str()) }
                    }
                    button.as-link type="button" popovertarget="keys" { "Keys " kbd { "?" } }
                }
            }
        }
    }
}

fn rail_link(viewer: &Viewer, place: Place, here: Place, tallies: &Tallies) -> Markup {
    let tally = tallies.iter().find(|(of, count)| *of == place && *count > 0);
    html! {
        a href=(viewer.place(place)) data-place=(place.path()) aria-current=[(place == here).then_some("page")] {
            (place.name())
            @if let Some((_, count)) = tally {
                span.tally { (icon(Icon::Triangle)) (grouped(*count)) span.vh { " need attention" } }
            }
        }
    }
}

fn keys() -> Markup {
    const KEYS: [(&str, &str); 13] = [
        ("/", "search"),
        ("g o", "overview"),
        ("g s", "sync events"),
        ("g e", "events"),
        ("g d", "deliveries"),
        ("g i", "integrations"),
        ("j k", "next, previous row"),
        ("Enter o", "open, in a new tab"),
        ("f", "filters"),
        ("l", "live on or off"),
        ("r", "retry"),
        ("y", "select the id"),
        ("[ ]", "newest, older"),
    ];
    html! {
        div.panel.keys-help #keys popover {
            h2 { "Keys" }
            dl.kv { @for (key, words) in KEYS { dt { kbd { (key) } } dd { (words) } } }
            label.check { input #keys-off type="checkbox"; " Turn these off in this browser" }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An admin of the workspace `acme`, at a fixed time.
    pub(crate) fn viewer() -> Viewer {
        Viewer {
            name: "mona".to_owned(),
            role: "admin".to_owned(),
            is_admin: true,
            workspace: WorkspaceName {
                slug: "acme".to_owned(),
                name: "Acme Robotics".to_owned(),
                plan: "professional".to_owned(),
            },
            csrf: CsrfToken::of_session(b"session"),
            theme: Theme::System,
            live: true,
            done: None,
            at: "/w/acme/sync-events".to_owned(),
            now: "2026-07-16T14:06:32Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_page_has_one_heading_one_main_and_says_where_it_is() {
        let shown = page(
            &viewer(),
            Place::SyncEvents,
            "Sync events",
            &[(Place::SyncEvents, 3)],
            &html! { h1 { "x" } },
        )
        .into_string();
        for (part, times) in [("<main", 1), ("<h1", 1), ("aria-current=\"page\"", 1), ("<nav", 1)] {
            assert_eq!(shown.matches(part).count(), times, "{part}");
        }
        assert!(shown.contains("3<span class=\"vh\"> need attention</span>"), "{shown}");
    }

    #[test]
    fn nothing_of_a_page_needs_a_looser_policy_or_another_host() {
        let shown = page(&viewer(), Place::Overview, "Overview", &[], &html! {}).into_string();
        for part in [" style=", "<style", " onclick", "hx-on", "http://", "https://", "javascript:"]
        {
            assert!(!shown.contains(part), "{part}");
        }
        assert_eq!(
            shown.matches("<script").count(),
            shown.matches("<script src=\"/assets/").count()
        );
    }

    #[test]
    fn a_plain_member_sees_no_pages_for_admins() {
        let member = Viewer { is_admin: false, ..viewer() };
        let shown = page(&member, Place::Overview, "Overview", &[], &html! {}).into_string();
        assert!(!shown.contains("/w/acme/audit-log"));
        assert!(shown.contains("/w/acme/sync-events"));
    }

    #[test]
    fn names_from_outside_stay_text() {
        let mut hostile = viewer();
        hostile.workspace.name = "<img src=x>".to_owned();
        hostile.name = "</title><script>".to_owned();
        hostile.done = Some("<i>".to_owned());
        let shown =
            page(&hostile, Place::Overview, "</title><script>x", &[], &html! {}).into_string();
        assert!(!shown.contains("<img") && !shown.contains("<script>") && !shown.contains("<i>"));
    }

    #[test]
    fn the_theme_is_written_where_it_was_chosen() {
        let dark = Viewer { theme: Theme::of("dark"), ..viewer() };
        let shown = page(&dark, Place::Overview, "Overview", &[], &html! {}).into_string();
        assert!(shown.contains("<html lang=\"en\" data-theme=\"dark\">"));
        assert_eq!(Theme::of("\"><script>"), Theme::System);
    }
}
