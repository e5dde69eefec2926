//! Whether plugins that are new in a repository come by themselves.

use axum::extract::State;
use hookyard_domain::ids::InstanceId;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::EDITOR;
use super::lineage::{Lineage, instance_path};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer};
use crate::console::components::form::{self, Field, Input};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, reason_field};
use crate::console::visit::{Posted, Subject};
use crate::operations::instances as operation;
use crate::routes::Routes;

const CHOICES: [(&str, &str); 3] = [
    ("unset", "In targets that have plugins already"),
    ("on", "Always"),
    ("off", "Never: they are chosen by hand"),
];

/// The page that asks, and what its button does.
pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/connector-instances/{instance}/auto-import";
    Routes::console().page(PATH, EDITOR, ask).action(PATH, EDITOR, set)
}

#[derive(Debug, Deserialize)]
struct Filled {
    #[serde(default)]
    to: String,
    /// When the page saw the instance last.
    #[serde(default)]
    seen: String,
    reason: Option<String>,
}

impl Filled {
    fn chosen(&self) -> Result<Option<bool>, &'static str> {
        match &*self.to {
            "on" => Ok(Some(true)),
            "off" => Ok(Some(false)),
            "unset" => Ok(None),
            _ => Err("Choose one of the three."),
        }
    }
}

async fn ask(State(app): State<App>, viewer: Viewer, Subject(id): Subject<InstanceId>) -> Answer {
    let lineage = Lineage::of(&app.store.conn().await?, id).await?;
    let to = match lineage.instance.auto_import_new_plugins {
        Some(true) => "on",
        Some(false) => "off",
        None => "unset",
    };
    let seen = lineage.instance.updated_at.to_string();
    let filled = Filled { to: to.to_owned(), seen, reason: None };
    answer::page(&app, &viewer, page(&viewer, &lineage, &filled, &Errors::default()))
}

async fn set(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(filled): Posted<Filled>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(filled.reason.as_deref());
    let seen = filled.seen.parse::<Timestamp>().ok();
    match filled.chosen() {
        Err(why) => errors.add("to", why),
        Ok(to) if errors.is_empty() => {
            let actor = asked.actor(reason);
            match operation::set_auto_import(&app.store, &actor, id, to, seen).await {
                Ok(instance) => {
                    let words = operation::new_plugins(instance.auto_import_new_plugins);
                    let words = format!("New plugins {words}.");
                    return answer::done(&app, &instance_path(&viewer, id, ""), &words);
                }
                Err(error) => errors = Errors::refused("to", error)?,
            }
        }
        Ok(_) => {}
    }
    let lineage = Lineage::of(&app.store.conn().await?, id).await?;
    answer::not_taken(&app, &viewer, page(&viewer, &lineage, &filled, &errors))
}

fn page(viewer: &Viewer, lineage: &Lineage, filled: &Filled, errors: &Errors) -> Markup {
    let fields = html! {
        input type="hidden" name="seen" value=(filled.seen);
        (form::field(&Field {
            input: Input::Choice(&CHOICES),
            value: &filled.to,
            hint: "It takes effect with the next push, or by \"Sync now\".",
            error: errors.on("to"),
            required: true,
            ..Field::new("to", "Plugins that are new in a repository come by themselves")
        }))
        (reason_field(filled.reason.as_deref(), errors))
    };
    FormPage {
        place: Place::Connectors,
        crumb: html! { (lineage.crumb_below(viewer)) " / New plugins" },
        title: "New plugins",
        answer: html! {
            "A sync that finds a plugin which was never offered before makes its mappings and goes on with them. What \
             somebody saw and did not choose stays away."
        },
        errors,
        action: instance_path(viewer, lineage.instance.id, "/auto-import"),
        fields,
        buttons: html! { button.btn.primary { "Save" } },
        back: instance_path(viewer, lineage.instance.id, ""),
        below: html! {},
    }
    .view(viewer)
}
