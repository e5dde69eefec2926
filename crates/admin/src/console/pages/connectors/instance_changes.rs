//! What is done to an instance as a whole.

use axum::extract::State;
use hookyard_domain::ids::InstanceId;
use hookyard_store::instances;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::EDITOR;
use super::lineage::{Lineage, instance_path};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer};
use crate::console::components::form::{self, Field};
use crate::console::components::text::counted;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{
    Confirm, Confirmed, Errors, FormPage, Reason, because, reason_field,
};
use crate::console::visit::{Posted, Subject};
use crate::operations::instances as operation;
use crate::routes::Routes;

/// What is done to an instance.
pub(super) fn routes() -> Routes {
    const RENAME: &str = "/w/{slug}/connector-instances/{instance}/rename";
    const REMOVE: &str = "/w/{slug}/connector-instances/{instance}/remove";
    Routes::console()
        .page(RENAME, EDITOR, ask_rename)
        .action(RENAME, EDITOR, rename)
        .action("/w/{slug}/connector-instances/{instance}/sync-now", EDITOR, sync_now)
        .action("/w/{slug}/connector-instances/{instance}/enable", EDITOR, enable)
        .action("/w/{slug}/connector-instances/{instance}/disable", EDITOR, disable)
        .action("/w/{slug}/connector-instances/{instance}/archive", EDITOR, archive)
        .page(REMOVE, EDITOR, ask_remove)
        .action(REMOVE, EDITOR, remove)
}

#[derive(Debug, Deserialize)]
struct Renamed {
    #[serde(default)]
    name: String,
    /// When the page saw it last.
    #[serde(default)]
    seen: String,
    reason: Option<String>,
}

async fn ask_rename(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
) -> Answer {
    let lineage = Lineage::of(&app.store.conn().await?, id).await?;
    let filled = Renamed {
        name: lineage.instance.name.clone(),
        seen: lineage.instance.updated_at.to_string(),
        reason: None,
    };
    answer::page(&app, &viewer, rename_page(&viewer, &lineage, &filled, &Errors::default()))
}

fn rename_page(viewer: &Viewer, lineage: &Lineage, filled: &Renamed, errors: &Errors) -> Markup {
    let fields = html! {
        input type="hidden" name="seen" value=(filled.seen);
        (form::field(&Field {
            value: &filled.name,
            error: errors.on("name"),
            required: true,
            ..Field::new("name", "Name")
        }))
        (reason_field(filled.reason.as_deref(), errors))
    };
    FormPage {
        place: Place::Connectors,
        crumb: html! { (lineage.crumb_below(viewer)) " / Rename" },
        title: "Rename an instance",
        answer: html! { "Only people read the name; nothing is synchronised for it." },
        errors,
        action: instance_path(viewer, lineage.instance.id, "/rename"),
        fields,
        buttons: html! { button.btn.primary { "Rename" } },
        back: instance_path(viewer, lineage.instance.id, ""),
        below: html! {},
    }
    .view(viewer)
}

async fn rename(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(filled): Posted<Renamed>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(filled.reason.as_deref());
    let seen = filled.seen.parse::<Timestamp>().ok();
    if errors.is_empty() {
        let actor = asked.actor(reason);
        match operation::rename(&app.store, &actor, id, &filled.name, seen).await {
            Ok(_) => return answer::done(&app, &instance_path(&viewer, id, ""), "Renamed."),
            Err(error) => errors = Errors::refused("name", error)?,
        }
    }
    let lineage = Lineage::of(&app.store.conn().await?, id).await?;
    answer::not_taken(&app, &viewer, rename_page(&viewer, &lineage, &filled, &errors))
}

async fn sync_now(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let queued = operation::sync_now(&app.store, &actor, id).await?;
    let words = if queued.queued {
        format!("Queued {}.", counted(queued.syncs_queued, "sync", "syncs"))
    } else {
        "Nothing was queued: no target of it can be synchronised.".to_owned()
    };
    answer::done(&app, &instance_path(&viewer, id, ""), &words)
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::enable(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let words = "Enabled. A sync of each target is queued: nobody knows what was pushed meanwhile.";
    answer::done(&app, &instance_path(&viewer, id, ""), words)
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::disable(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let words = "Disabled. It follows nothing any more; its config objects stay.";
    answer::done(&app, &instance_path(&viewer, id, ""), words)
}

async fn archive(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::archive(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    answer::done(&app, &instance_path(&viewer, id, ""), "Archived. Its config objects stay.")
}

async fn ask_remove(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
) -> Answer {
    let page = remove_page(&app, &viewer, id, &Confirmed::default(), &Errors::default()).await?;
    answer::page(&app, &viewer, page)
}

async fn remove_page(
    app: &App,
    viewer: &Viewer,
    id: InstanceId,
    filled: &Confirmed,
    errors: &Errors,
) -> Result<Markup, answer::Failure> {
    let conn = app.store.conn().await?;
    let lineage = Lineage::of(&conn, id).await?;
    let counts = instances::counts(&conn, id).await?;
    drop(conn);
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let objects = count(counts.imported_config_object_count);
    let title = format!("Remove {}?", lineage.instance.name);
    let confirm = Confirm {
        place: Place::Connectors,
        crumb: html! { (lineage.crumb_below(viewer)) " / Remove" },
        title: &title,
        answer: html! {
            "It is archived and " b { (counted(objects, "config object", "config objects")) }
            @if objects == 1 { " is" } @else { " are" } " deleted. Nothing has been done yet."
        },
        goes: vec![
            ("Targets let go", count(counts.target_count)),
            ("Config objects deleted", objects),
        ],
        effects: vec![html! {
            "Mappings, sync events and the tombstones of the objects stay. Enabling the instance imports everything again, \
             as new objects. To only stop following, disable it instead."
        }],
        name: Some(&lineage.instance.name),
        action: instance_path(viewer, id, "/remove"),
        button: "Remove",
        back: instance_path(viewer, id, ""),
        below: html! {},
    };
    Ok(confirm.ask_again(viewer, filled, errors))
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(filled): Posted<Confirmed>,
) -> Answer {
    let instance = operation::require(&app.store.conn().await?, id).await?;
    let errors = match filled.checked(Some(&instance.name)) {
        Ok(reason) => match operation::remove(&app.store, &asked.actor(reason), id).await {
            Ok(done) => {
                let gone = done.gone.objects_deleted;
                let gone = counted(gone, "config object was", "config objects were");
                let words = format!("Removed: it is archived, and {gone} deleted.");
                return answer::done(&app, &instance_path(&viewer, id, ""), &words);
            }
            Err(error) => Errors::refused("name", error)?,
        },
        Err(errors) => errors,
    };
    let page = remove_page(&app, &viewer, id, &filled, &errors).await?;
    answer::not_taken(&app, &viewer, page)
}
