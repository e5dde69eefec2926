//! What is done to a target: synchronised, allowed to delete, moved to another branch, switched off and on.

use axum::extract::State;
use hookyard_domain::ids::TargetId;
use hookyard_domain::target::TargetStatus;
use hookyard_store::bindings;
use hookyard_store::targets::Target;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::EDITOR;
use super::lineage::{Lineage, target_name, target_path};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form::{self, Field, button};
use crate::console::components::text::{branch, outside};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{
    Confirm, Confirmed, Errors, FormPage, Reason, because, reason_field,
};
use crate::console::visit::{Posted, Subject};
use crate::operations::targets::{self as operation, UpdateTarget};
use crate::routes::Routes;

/// What is done to a target.
pub(super) fn routes() -> Routes {
    const CONFIRM: &str = "/w/{slug}/connector-targets/{target}/confirm-deletions";
    const BRANCH: &str = "/w/{slug}/connector-targets/{target}/branch";
    Routes::console()
        .action("/w/{slug}/connector-targets/{target}/resync", EDITOR, resync)
        .page(CONFIRM, EDITOR, ask_deletions)
        .action(CONFIRM, EDITOR, allow_deletions)
        .page(BRANCH, EDITOR, ask_branch)
        .action(BRANCH, EDITOR, set_branch)
        .action("/w/{slug}/connector-targets/{target}/disable", EDITOR, disable)
        .action("/w/{slug}/connector-targets/{target}/enable", EDITOR, enable)
}

/// The buttons of the target's page. Where a resync would stop in the same way it is not the first.
pub(super) fn actions(viewer: &Viewer, target: &Target) -> Markup {
    let path = |rest: &str| target_path(viewer, target.id, rest);
    let class = if target.status == TargetStatus::NeedsConfirmation { "" } else { "primary" };
    html! {
        @if target.status == TargetStatus::Disabled {
            (button(&path("/enable"), &viewer.csrf, "primary", &html! { "Enable" }))
        } @else {
            (button(&path("/resync"), &viewer.csrf, class, &html! { "Resync" }))
            a.btn href=(path("/mappings/add")) { "Add a mapping" }
            a.btn href=(path("/branch")) { "Other branch" }
            (button(&path("/disable"), &viewer.csrf, "", &html! { "Disable" }))
        }
    }
}

async fn resync(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let queued = operation::resync(&app.store, &actor, id, false).await?;
    let to = viewer.path(&format!("sync-events/{}", queued.id));
    answer::done(&app, &to, "Queued: the target is compared with its branch as it is now.")
}

async fn ask_deletions(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
) -> Answer {
    let filled = Confirmed::default();
    let page = deletions_page(&app, &viewer, id, &filled, &Errors::default()).await?;
    answer::page(&app, &viewer, page)
}

async fn deletions_page(
    app: &App,
    viewer: &Viewer,
    id: TargetId,
    filled: &Confirmed,
    errors: &Errors,
) -> Result<Markup, Failure> {
    let conn = app.store.conn().await?;
    let (lineage, target) = Lineage::of_target(&conn, id).await?;
    let bound = bindings::count(&conn, id).await?;
    drop(conn);
    let confirm = Confirm {
        place: Place::Connectors,
        crumb: html! { (lineage.crumb_below_target(viewer, &target)) " / Allow deletions" },
        title: "Let one sync delete what it finds gone?",
        answer: html! {
            "A sync that would delete more than half of a target's config objects stops and changes nothing. This queues one \
             that does not stop. Nothing has been done yet."
        },
        goes: vec![("Config objects there now, of which any may go", bound.into())],
        effects: vec![html! {
            "The sync compares " (outside(&target_name(&target))) " as it is then. What it deletes leaves a tombstone; a file \
             that comes back is a new object. Later syncs stop again where they would delete as much."
        }],
        name: Some(&target.repository),
        action: target_path(viewer, id, "/confirm-deletions"),
        button: "Resync and allow deletions",
        back: target_path(viewer, id, ""),
        below: html! {},
    };
    Ok(confirm.ask_again(viewer, filled, errors))
}

async fn allow_deletions(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
    Posted(filled): Posted<Confirmed>,
) -> Answer {
    let target = operation::require(&app.store.conn().await?, id).await?;
    let errors = match filled.checked(Some(&target.repository)) {
        Ok(reason) => match operation::resync(&app.store, &asked.actor(reason), id, true).await {
            Ok(queued) => {
                let to = viewer.path(&format!("sync-events/{}", queued.id));
                return answer::done(&app, &to, "Queued: this sync deletes what it finds gone.");
            }
            Err(error) => Errors::refused("name", error)?,
        },
        Err(errors) => errors,
    };
    let page = deletions_page(&app, &viewer, id, &filled, &errors).await?;
    answer::not_taken(&app, &viewer, page)
}

#[derive(Debug, Deserialize)]
struct Moved {
    #[serde(default)]
    branch: String,
    /// When the page saw the target last.
    #[serde(default)]
    seen: String,
    reason: Option<String>,
}

async fn ask_branch(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
) -> Answer {
    let (lineage, target) = Lineage::of_target(&app.store.conn().await?, id).await?;
    let filled = Moved {
        branch: branch(&target.git_ref).to_owned(),
        seen: target.updated_at.to_string(),
        reason: None,
    };
    let page = branch_page(&viewer, &lineage, &target, &filled, &Errors::default());
    answer::page(&app, &viewer, page)
}

fn branch_page(
    viewer: &Viewer,
    lineage: &Lineage,
    target: &Target,
    filled: &Moved,
    errors: &Errors,
) -> Markup {
    let fields = html! {
        input type="hidden" name="seen" value=(filled.seen);
        (form::field(&Field {
            value: &filled.branch,
            placeholder: "main",
            hint: "Without refs/heads/.",
            error: errors.on("branch"),
            required: true,
            ..Field::new("branch", "Branch")
        }))
        (reason_field(filled.reason.as_deref(), errors))
    };
    FormPage {
            place: Place::Connectors,
            crumb: html! { (lineage.crumb_below_target(viewer, target)) " / Branch" },
            title: "Follow another branch",
            answer: html! {
                "The sync that follows changes the config objects of " (outside(&target.repository)) " to what that branch holds."
            },
            errors,
            action: target_path(viewer, target.id, "/branch"),
            fields,
            buttons: html! { button.btn.primary { "Follow it" } },
            back: target_path(viewer, target.id, ""),
            below: html! {},
    }
    .view(viewer)
}

async fn set_branch(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
    Posted(filled): Posted<Moved>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(filled.reason.as_deref());
    let seen = filled.seen.parse::<Timestamp>().ok();
    if errors.is_empty() {
        let to = UpdateTarget {
            branch: Some(filled.branch.trim().to_owned()),
            ..UpdateTarget::default()
        };
        match operation::update(&app.store, &asked.actor(reason), id, to, seen).await {
            Ok(changed) => {
                let words = match changed.sync {
                    Some(_) => "It follows that branch now; a sync is queued.",
                    None => "It is set to that branch; no sync was queued.",
                };
                return answer::done(&app, &target_path(&viewer, id, ""), words);
            }
            Err(error) => errors = Errors::refused("branch", error)?,
        }
    }
    let (lineage, target) = Lineage::of_target(&app.store.conn().await?, id).await?;
    let page = branch_page(&viewer, &lineage, &target, &filled, &errors);
    answer::not_taken(&app, &viewer, page)
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::set_disabled(&app.store, &asked.actor(because(form.reason.as_deref())?), id, true)
        .await?;
    let words = "Switched off: pushes change nothing. Its config objects stay.";
    answer::done(&app, &target_path(&viewer, id, ""), words)
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::set_disabled(&app.store, &asked.actor(because(form.reason.as_deref())?), id, false)
        .await?;
    let words =
        "Followed again. A sync is queued, unless its instance or account stands against it.";
    answer::done(&app, &target_path(&viewer, id, ""), words)
}
