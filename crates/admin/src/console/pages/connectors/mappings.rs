//! Mappings: added, changed and removed, each with what it would do.

use axum::extract::State;
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_store::mappings::{self, Mapping};
use hookyard_store::targets::Target;
use jiff::Timestamp;
use maud::{Markup, html};

use super::lineage::{Lineage, target_path};
use super::mapping_form::{self, Filled, Frame, Understood};
use super::preview::{self, Previewed};
use super::{EDITOR, github};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::text::{code, counted};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Confirm, Confirmed, Errors, sentence};
use crate::console::visit::{Posted, Subject};
use crate::operations::OperationError;
use crate::operations::mappings::{self as operation, PreviewSelector, UpdateMapping};
use crate::routes::Routes;

/// The most mappings of a target that a preview can name.
const NAMED_MAX: i64 = 1_000;

/// The forms of mappings.
pub(super) fn routes() -> Routes {
    const ADD: &str = "/w/{slug}/connector-targets/{target}/mappings/add";
    const EDIT: &str = "/w/{slug}/connector-mappings/{mapping}/edit";
    const REMOVE: &str = "/w/{slug}/connector-mappings/{mapping}/remove";
    Routes::console()
        .page(ADD, EDITOR, ask_add)
        .action(ADD, EDITOR, add)
        .page(EDIT, EDITOR, ask_edit)
        .action(EDIT, EDITOR, edit)
        .page(REMOVE, EDITOR, ask_remove)
        .action(REMOVE, EDITOR, remove)
}

/// What the selector matches, and what a changed mapping lets go of. GitHub's trouble is told, not failed with.
async fn previewed(
    app: &App,
    target: TargetId,
    mapping: Option<MappingId>,
    wanted: &Understood,
) -> Result<Previewed, Failure> {
    let selector = wanted.selector.clone();
    let let_go = match mapping {
        Some(id) => Some(operation::let_go(&app.store, id, Some(selector.clone())).await?),
        None => None,
    };
    let github = match github(app) {
        Ok(github) => github,
        Err(why) => {
            let trouble = Some(why.to_owned());
            return Ok(Previewed { let_go, trouble, ..Previewed::default() });
        }
    };
    let asked = PreviewSelector { selector, mapping };
    match operation::preview(github, target, asked).await {
        Ok(preview) => {
            let conn = app.store.conn().await?;
            let mappings = mappings::in_order(&conn, target, NAMED_MAX).await?;
            Ok(Previewed { matched: Some(preview), let_go, mappings, trouble: None })
        }
        Err(error @ (OperationError::GitHub { .. } | OperationError::Conflict(_))) => {
            let trouble = Some(sentence(&error.to_string()));
            Ok(Previewed { let_go, trouble, ..Previewed::default() })
        }
        Err(error) => Err(error.into()),
    }
}

fn add_frame<'a>(viewer: &Viewer, lineage: &Lineage, target: &Target) -> Frame<'a> {
    Frame {
        crumb: html! { (lineage.crumb_below_target(viewer, target)) " / Add a mapping" },
        title: "Add a mapping",
        action: target_path(viewer, target.id, "/mappings/add"),
        back: target_path(viewer, target.id, ""),
        save: "Add the mapping",
    }
}

async fn ask_add(State(app): State<App>, viewer: Viewer, Subject(id): Subject<TargetId>) -> Answer {
    let (lineage, target) = Lineage::of_target(&app.store.conn().await?, id).await?;
    let frame = add_frame(&viewer, &lineage, &target);
    let (filled, errors) = (Filled::default(), Errors::default());
    let page = mapping_form::view(&viewer, &frame, &filled, &errors, &Previewed::default());
    answer::page(&app, &viewer, page)
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
    Posted(filled): Posted<Filled>,
) -> Answer {
    let (lineage, target) = Lineage::of_target(&app.store.conn().await?, id).await?;
    let frame = add_frame(&viewer, &lineage, &target);
    let errors = match filled.understood() {
        Ok(wanted) if filled.wants_preview() => {
            let previewed = previewed(&app, id, None, &wanted).await?;
            let none = Errors::default();
            let page = mapping_form::view(&viewer, &frame, &filled, &none, &previewed);
            return answer::page(&app, &viewer, page);
        }
        Ok(Understood { selector, object_type, reason }) => {
            let actor = asked.actor(reason);
            match operation::add(&app.store, &actor, id, &selector, object_type).await {
                Ok(changed) => return saved(&app, &viewer, id, "Added", changed.sync.is_some()),
                Err(error) => Errors::refused("selector", error)?,
            }
        }
        Err(errors) => errors,
    };
    let page = mapping_form::view(&viewer, &frame, &filled, &errors, &Previewed::default());
    answer::not_taken(&app, &viewer, page)
}

fn saved(app: &App, viewer: &Viewer, target: TargetId, what: &str, is_queued: bool) -> Answer {
    let words = if is_queued {
        format!("{what}. A sync is queued.")
    } else {
        format!("{what}. No sync was queued: the target is not synchronised at present.")
    };
    answer::done(app, &target_path(viewer, target, ""), &words)
}

fn edit_frame<'a>(viewer: &Viewer, lineage: &Lineage, target: &Target, id: MappingId) -> Frame<'a> {
    Frame {
        crumb: html! { (lineage.crumb_below_target(viewer, target)) " / " span.id.mono { (id) } },
        title: "Edit a mapping",
        action: viewer.path(&format!("connector-mappings/{id}/edit")),
        back: target_path(viewer, target.id, ""),
        save: "Save the mapping",
    }
}

async fn of_mapping(app: &App, id: MappingId) -> Result<(Mapping, Lineage, Target), Failure> {
    let conn = app.store.conn().await?;
    let mapping = operation::require(&conn, id).await?;
    let (lineage, target) = Lineage::of_target(&conn, mapping.target_id).await?;
    Ok((mapping, lineage, target))
}

async fn ask_edit(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<MappingId>,
) -> Answer {
    let (mapping, lineage, target) = of_mapping(&app, id).await?;
    let frame = edit_frame(&viewer, &lineage, &target, id);
    let filled = Filled {
        selector: mapping.selector,
        object_type: mapping.object_type.to_string(),
        seen: mapping.updated_at.to_string(),
        ..Filled::default()
    };
    let none = Errors::default();
    let page = mapping_form::view(&viewer, &frame, &filled, &none, &Previewed::default());
    answer::page(&app, &viewer, page)
}

async fn edit(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<MappingId>,
    Posted(filled): Posted<Filled>,
) -> Answer {
    let (_, lineage, target) = of_mapping(&app, id).await?;
    let frame = edit_frame(&viewer, &lineage, &target, id);
    let errors = match filled.understood() {
        Ok(wanted) if filled.wants_preview() => {
            let previewed = previewed(&app, target.id, Some(id), &wanted).await?;
            let none = Errors::default();
            let page = mapping_form::view(&viewer, &frame, &filled, &none, &previewed);
            return answer::page(&app, &viewer, page);
        }
        Ok(Understood { selector, object_type, reason }) => {
            let to = UpdateMapping { selector: Some(selector), object_type: Some(object_type) };
            let seen = filled.seen.parse::<Timestamp>().ok();
            match operation::update(&app.store, &asked.actor(reason), id, to, seen).await {
                Ok(changed) => {
                    return saved(&app, &viewer, target.id, "Saved", changed.sync.is_some());
                }
                Err(error) => Errors::refused("selector", error)?,
            }
        }
        Err(errors) => errors,
    };
    let page = mapping_form::view(&viewer, &frame, &filled, &errors, &Previewed::default());
    answer::not_taken(&app, &viewer, page)
}

async fn ask_remove(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<MappingId>,
) -> Answer {
    let page = remove_page(&app, &viewer, id, &Confirmed::default(), &Errors::default()).await?;
    answer::page(&app, &viewer, page)
}

async fn remove_page(
    app: &App,
    viewer: &Viewer,
    id: MappingId,
    filled: &Confirmed,
    errors: &Errors,
) -> Result<Markup, Failure> {
    let (mapping, lineage, target) = of_mapping(app, id).await?;
    let gone = operation::let_go(&app.store, id, None).await?;
    let confirm = Confirm {
        place: Place::Connectors,
        crumb: html! { (lineage.crumb_below_target(viewer, &target)) " / Remove a mapping" },
        title: "Remove this mapping?",
        answer: html! {
            (code(&mapping.selector)) " is matched no more. The sync that follows deletes "
            b { (counted(gone.count as u64, "config object", "config objects")) } ". Nothing has been done yet."
        },
        goes: vec![("Config objects deleted", gone.count as u64)],
        effects: vec![
            html! { "If that is more than half of the target's, the sync stops and asks. What other mappings match stays." },
        ],
        name: None,
        action: viewer.path(&format!("connector-mappings/{id}/remove")),
        button: "Remove the mapping",
        back: target_path(viewer, target.id, ""),
        below: preview::let_go(&gone),
    };
    Ok(confirm.ask_again(viewer, filled, errors))
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<MappingId>,
    Posted(filled): Posted<Confirmed>,
) -> Answer {
    // Nothing is to be name: the name is whatever the form has.
    let errors = match filled.checked(None) {
        Ok(reason) => {
            let changed = operation::remove(&app.store, &asked.actor(reason), id).await?;
            let target = changed.mapping.target_id;
            return saved(&app, &viewer, target, "Removed", changed.sync.is_some());
        }
        Err(errors) => errors,
    };
    let page = remove_page(&app, &viewer, id, &filled, &errors).await?;
    answer::not_taken(&app, &viewer, page)
}
