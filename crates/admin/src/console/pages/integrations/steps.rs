//! The wizard's pages: which kind, its credentials, and what came of it.

use hookyard_domain::connection::ConnectionKind;
use maud::{Markup, html};

use super::failed::{self, FailedTest};
use super::keys::shown_once;
use super::kinds::{self, KINDS, Kind};
use super::settings::limit_fields;
use super::wizard::{Shown, Wanted};
use crate::console::components::form::{self, Field, Input};
use crate::console::components::panel::{self, Head};
use crate::console::components::status::badge;
use crate::console::components::text::outside;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, reason_field};
use crate::operations::TestFailure;
use crate::operations::connections::Connected;

/// A step of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Kind,
    Credentials,
    WhatToSend,
}

/// Where in the wizard a page is.
pub(super) fn steps(at: Step, kind: Option<ConnectionKind>) -> Markup {
    let kind = kind.map(|kind| kinds::of(kind).title);
    let step = |step: Step, name: Markup| {
        let done = (step as u8) < (at as u8);
        html! { li class=[done.then_some("done")] aria-current=[(step == at).then_some("step")] { (name) } }
    };
    html! {
        ol.steps aria-label="Steps" {
            (step(Step::Kind, html! { "Kind" @if let Some(title) = kind { ": " (title) } }))
            (step(Step::Credentials, html! { "Credentials" }))
            (step(Step::WhatToSend, html! { "What to send" }))
        }
    }
}

/// The first step: which kind.
pub(super) fn kind_page(viewer: &Viewer, errors: &Errors) -> Markup {
    let offers = html! {
        div.offer {
            @for kind in KINDS {
                div {
                    span.tilei aria-hidden="true" { (kind.letters) }
                    div { b { (kind.title) } small { (kind.does) } }
                    button.btn name="kind" value=(kind.is) { (kind.title) }
                }
            }
        }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer)),
            title: html! { "Connect an integration" },
            answer: html! { "Which system is to be told what happens here? Nothing is saved until a test has passed." },
            ..Head::default()
        }))
        (steps(Step::Kind, None))
        (errors.summary(viewer))
        (panel::titled("Kind", &html! {}, &form::post(&viewer.path("integrations/connect"), &viewer.csrf, "", &offers), None))
    };
    frame::page(viewer, Place::Integrations, "Connect an integration", &[], &body)
}

fn crumb(viewer: &Viewer) -> Markup {
    html! { a href=(viewer.place(Place::Integrations)) { "Integrations" } " / Connect" }
}

/// The second step: the credentials of a kind.
pub(super) fn credentials_page(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let kind = shown.kind;
    let title = match shown.anew {
        Some(connection) => format!("Connect {} anew", connection.name),
        None => format!("Connect {}", kind.title),
    };
    let action = match shown.anew {
        Some(it) => viewer.path(&format!("integrations/{}/reconnect", it.id)),
        None => viewer.path(&format!("integrations/connect/{}", kind.is)),
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(match shown.anew {
                Some(it) => html! {
                    a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
                    a href=(viewer.path(&format!("integrations/{}", it.id))) { (outside(&it.name)) } " / Connect anew"
                },
                None => crumb(viewer),
            }),
            title: outside(&title),
            answer: html! { (kind.does) " Nothing is saved until the test has passed." },
            ..Head::default()
        }))
        @if shown.anew.is_none() { (steps(Step::Credentials, Some(kind.is))) }
        div.cols.tight {
            section.panel { div.pad.stack-s {
                @match &shown.failed {
                    Some(failed) => (failed::note(failed)),
                    None => (shown.errors.summary(viewer)),
                }
                (form::post(&action, &viewer.csrf, "form", &fields(viewer, shown)))
            } }
            aside.stack { (what_the_test_does(kind)) (terminal(viewer, kind, shown)) }
        }
    };
    frame::page(viewer, Place::Integrations, &title, &[], &body)
}

fn fields(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let Shown { kind, wanted, errors, .. } = shown;
    let (docs_words, docs) = kind.docs;
    let back = match shown.anew {
        Some(it) => viewer.path(&format!("integrations/{}", it.id)),
        None => viewer.path("integrations/connect"),
    };
    html! {
        @if shown.anew.is_none() {
            (form::field(&Field {
                value: &wanted.name, error: errors.on("name"), required: true,
                hint: "Shown in lists and in the audit log; it tells connections of one kind apart.",
                ..Field::new("name", "Name")
            }))
        }
        (form::field(&Field {
            input: Input::Secret, placeholder: kind.url.placeholder, hint: kind.url.hint,
            error: errors.on("url"), required: true, ..Field::new("url", kind.url.label)
        }))
        p.small { a href=(docs) rel="noreferrer" { (docs_words) span.vh { " (leaves Hookyard)" } } }
        (form::field(&Field {
            value: &wanted.user, error: errors.on("user"),
            hint: "Who connects it, in your own words. OAuth clients with this user's grant are told.",
            ..Field::new("user", "User")
        }))
        (limit_fields(&wanted.concurrency, &wanted.rate, errors))
        (reason_field(wanted.reason.as_deref(), errors))
        div.actions {
            button.btn.primary { "Test and connect" }
            a.btn.quiet href=(back) { "Back" }
        }
    }
}

fn what_the_test_does(kind: &Kind) -> Markup {
    let body = html! {
        div.pad { ol.stack-s.small {
            @for (index, step) in kind.test.iter().enumerate() { li { (index + 1) ". " (step) } }
            li { (kind.test.len() + 1) ". Saves the sealed URL and writes a line of the audit log. If the test fails, neither." }
        } }
    };
    panel::titled("What the test does", &html! {}, &body, None)
}

fn terminal(viewer: &Viewer, kind: &Kind, shown: &Shown<'_>) -> Markup {
    let name = quoted(shown.anew.map_or(shown.wanted.name.as_str(), |it| it.name.as_str()));
    let command = format!(
        "hookyard-admin connection connect \\\n  --workspace {} --kind {} \\\n  --name {name} \\\n  --secret-stdin",
        viewer.workspace.slug, kind.is
    );
    let body = html! {
        div.pad.stack-s {
            pre.id tabindex="0" aria-label="Command" { code { (command) } }
            p.small.dim { "It reads the URL from standard input." }
        }
    };
    panel::titled("Same thing, terminal", &html! {}, &body, None)
}

/// A word of a shell, whatever it holds.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What was made, with its key. It answers a post, so that no reload shows the key again.
pub(super) fn connected_page(viewer: &Viewer, made: &Connected, is_new: bool) -> Markup {
    let connection = &made.connection;
    let page = viewer.path(&format!("integrations/{}", connection.id));
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! {
                a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
                a href=(page) { (outside(&connection.name)) }
            }),
            title: outside(&made.message),
            answer: html! { (badge(connection.status)) " The receiver took the test." },
            ..Head::default()
        }))
        @if is_new { (steps(Step::WhatToSend, Some(connection.kind))) }
        @if let Some(secret) = &made.signing_secret { (shown_once(secret)) }
        div.actions {
            @if is_new {
                a.btn.primary href={ (page) "/what-to-send" } { "Go on: what to send" }
            } @else {
                a.btn.primary href=(page) { "To the connection" }
            }
        }
        @if is_new { p.small.dim { "It is subscribed to everything already; the next step narrows that down." } }
    };
    frame::page(viewer, Place::Integrations, &made.message, &[], &body)
}

/// The test that failed before anything was saved.
pub(super) fn failed_of(kind: ConnectionKind, failure: &TestFailure) -> FailedTest<'_> {
    FailedTest {
        kind,
        to: &failure.host,
        class: Some(failure.class),
        error: &failure.error,
        response_status: failure.response_status,
        excerpt: failure.response_excerpt.as_deref(),
        means: "Nothing was saved, and nothing will be sent there.",
    }
}

impl Wanted {
    /// What the form begins with.
    pub(super) fn blank() -> Self {
        Self { name: hookyard_domain::connection::NAME_DEFAULT.to_owned(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_the_command() {
        for (name, word) in
            [("default", "default"), ("Team 7", "'Team 7'"), ("a'; rm", r"'a'\''; rm'"), ("", "''")]
        {
            assert_eq!(quoted(name), word);
        }
    }
}
