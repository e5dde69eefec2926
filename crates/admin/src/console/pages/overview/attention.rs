//! What needs somebody, each with its one action.

use maud::{Markup, html};

use crate::console::components::icons::{Icon, icon};
use crate::console::components::panel;
use crate::console::components::text::{counted, outside, outside_cut};
use crate::console::components::time::{ago, clock};
use crate::console::frame::{Place, Viewer};
use crate::operations::overview::{Attention, AttentionKind, Severity, Subject};

/// The longest cause that an item shows, in characters.
const CAUSE_CHARS_MAX: usize = 240;

/// What a plain member may not know stays out: names of repositories that nobody let them see.
pub(super) fn visible<'a>(viewer: &Viewer, items: &'a [Attention]) -> Vec<&'a Attention> {
    let of_instance =
        |item: &Attention| matches!(item.subject, Subject::Target(_) | Subject::SyncEvent(_));
    items.iter().filter(|item| viewer.is_admin || !of_instance(item)).collect()
}

/// The panel of all of it.
pub(super) fn attention(viewer: &Viewer, items: &[&Attention]) -> Markup {
    let body = html! { ul.todo { @for item in items { (attention_item(viewer, item)) } } };
    let note = html! { "Most serious first; an item leaves by itself when its cause is gone" };
    panel::titled("Needs attention", &note, &body, None)
}

fn attention_item(viewer: &Viewer, item: &Attention) -> Markup {
    let class = if item.severity == Severity::Notice { "warn" } else { "bad" };
    html! {
        li {
            span class=(class) { (icon(shape(item.kind))) }
            div {
                p { b { (outside(&item.name)) } " " (happened(item)) }
                p {
                    @if let Some(since) = item.since { "Since " (clock(since)) ", " (ago(viewer.now, since)) ". " }
                    @if let Some(cause) = &item.cause { (outside_cut(cause, CAUSE_CHARS_MAX)) }
                }
            }
            @if let Some((path, words)) = way(viewer, item) { a.btn href=(path) { (words) } }
        }
    }
}

const fn shape(kind: AttentionKind) -> Icon {
    match kind {
        AttentionKind::ConnectionDisabled => Icon::Paused,
        AttentionKind::SyncFailed | AttentionKind::NoWorker => Icon::Octagon,
        AttentionKind::SyncPartial => Icon::Half,
        AttentionKind::DeadLetters => Icon::OctagonFilled,
        AttentionKind::ConnectionFailing | AttentionKind::OauthClientFailing => Icon::Clock,
        AttentionKind::ConnectionActionNeeded
        | AttentionKind::TargetNeedsConfirmation
        | AttentionKind::TargetGone => Icon::Triangle,
    }
}

fn happened(item: &Attention) -> String {
    let count = u64::try_from(item.count).unwrap_or_default();
    let waiting = counted(count, "delivery waits", "deliveries wait");
    match item.kind {
        AttentionKind::NoWorker => "nothing is worked off: no worker was heard of".to_owned(),
        AttentionKind::ConnectionDisabled => format!("is disabled; {waiting} for it."),
        AttentionKind::ConnectionActionNeeded => {
            format!("must be connected anew: its credentials are taken no longer; {waiting}.")
        }
        AttentionKind::ConnectionFailing | AttentionKind::OauthClientFailing => {
            format!("does nothing but fail; {waiting}.")
        }
        AttentionKind::TargetNeedsConfirmation => {
            "waits for a decision: a sync would delete much.".to_owned()
        }
        AttentionKind::TargetGone => "is gone: its repository or branch cannot be read.".to_owned(),
        AttentionKind::SyncFailed => "could not be synced.".to_owned(),
        AttentionKind::SyncPartial => "is partial: files cannot be read.".to_owned(),
        AttentionKind::DeadLetters => format!(
            "hold {}.",
            counted(count, "thing that was given up", "things that were given up")
        ),
    }
}

/// Its one action.
fn way(viewer: &Viewer, item: &Attention) -> Option<(String, &'static str)> {
    match item.subject {
        Subject::System => viewer.is_admin.then(|| (viewer.place(Place::System), "System")),
        Subject::Connection(id) => {
            Some((viewer.path(&format!("integrations/{id}")), "See the connection"))
        }
        Subject::OauthClient(id) => {
            viewer.is_admin.then(|| (viewer.path(&format!("oauth-clients/{id}")), "See the client"))
        }
        Subject::Target(id) => {
            Some((viewer.path(&format!("connector-targets/{id}")), "See the target"))
        }
        Subject::SyncEvent(id) => Some((viewer.path(&format!("sync-events/{id}")), "See the sync")),
        Subject::DeadLetters => {
            viewer.is_admin.then(|| (viewer.place(Place::DeadLetters), "Dead letters"))
        }
    }
}
