//! What is done to sources: added, given a new secret, switched off and on.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::ids::SourceId;
use hookyard_domain::provider::Provider;
use hookyard_domain::workspace::Slug;
use hookyard_store::sources::Source;
use hookyard_vault::KeyRing;
use maud::html;

use super::forms::{self, NewSource, Rotated};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::text::{code, outside};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Confirm, Errors, Reason, because, sentence};
use crate::console::visit::{Posted, Subject};
use crate::operations::OperationError;
use crate::operations::sources::{self as operation, CreateSource};
use crate::routes::Routes;

/// What is done to sources.
pub(super) fn routes() -> Routes {
    const ADD: &str = "/w/{slug}/sources/add";
    const ROTATE: &str = "/w/{slug}/sources/{source}/rotate";
    const DISABLE: &str = "/w/{slug}/sources/{source}/disable";
    Routes::console()
        .page(ADD, Need::Admin, ask_add)
        .action(ADD, Need::Admin, add)
        .page(ROTATE, Need::Admin, ask_rotate)
        .action(ROTATE, Need::Admin, rotate)
        .page(DISABLE, Need::Admin, ask_disable)
        .action(DISABLE, Need::Admin, disable)
        .action("/w/{slug}/sources/{source}/enable", Need::Admin, enable)
}

fn ring(app: &App) -> Result<&KeyRing, Failure> {
    app.source_ring.as_ref().ok_or_else(|| {
        let text = "The admin process runs without HOOKYARD_SOURCE_KEYS, and this needs them.";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Nothing was changed", text)
    })
}

async fn ask_add(State(app): State<App>, viewer: Viewer) -> Answer {
    let page = forms::add_page(&viewer, &NewSource::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(new): Posted<NewSource>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(new.reason.as_deref());
    let provider = new.provider.parse::<Provider>();
    if provider.is_err() {
        errors.add("provider", "There is no such provider.");
    }
    let slug = new.slug.trim().parse::<Slug>();
    if let Err(error) = &slug {
        errors.add("slug", sentence(&error.to_string()));
    }
    if let (Ok(provider), Ok(slug), true) = (provider, slug, errors.is_empty()) {
        let (secret, made) = forms::pasted_or_made(&new.secret);
        let create = CreateSource { provider, workspace: Some(asked.slug()), slug };
        let actor = asked.actor(reason);
        match operation::create(&app.store, &actor, ring(&app)?, create, &secret).await {
            Ok(done) => {
                let page = forms::done_page(&viewer, &done.source, "Source added", made.as_ref());
                return answer::page(&app, &viewer, page);
            }
            Err(error @ OperationError::Invalid(_)) => errors = Errors::refused("secret", error)?,
            Err(error) => errors = Errors::refused("slug", error)?,
        }
    }
    answer::not_taken(&app, &viewer, forms::add_page(&viewer, &new, &errors))
}

async fn source(app: &App, id: SourceId) -> Result<Source, Failure> {
    Ok(operation::require(&app.store.conn().await?, id).await?.source)
}

async fn ask_rotate(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<SourceId>,
) -> Answer {
    let source = source(&app, id).await?;
    let page = forms::rotate_page(&viewer, &source, &Rotated::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

async fn rotate(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SourceId>,
    Posted(filled): Posted<Rotated>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(filled.reason.as_deref());
    let keep = filled.keep.parse::<u64>().map(Duration::from_secs);
    if keep.is_err() {
        errors.add("keep", "Choose how long the secret before stays valid.");
    }
    if let (Ok(keep), true) = (keep, errors.is_empty()) {
        let (secret, made) = forms::pasted_or_made(&filled.secret);
        let (actor, ring) = (asked.actor(reason), ring(&app)?);
        let field = if keep > operation::KEEP_OLD_MAX { "keep" } else { "secret" };
        match operation::rotate(&app.store, &actor, ring, id, &secret, keep).await {
            Ok(done) => {
                let page = forms::done_page(&viewer, &done.source, "Secret rotated", made.as_ref());
                return answer::page(&app, &viewer, page);
            }
            Err(error) => errors = Errors::refused(field, error)?,
        }
    }
    let source = source(&app, id).await?;
    let page = forms::rotate_page(&viewer, &source, &filled, &errors);
    answer::not_taken(&app, &viewer, page)
}

async fn ask_disable(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<SourceId>,
) -> Answer {
    let source = source(&app, id).await?;
    let confirm = Confirm {
        place: Place::Sources,
        crumb: html! { (forms::from_list(&viewer)) " / " (outside(&source.slug)) " / Disable" },
        title: "Switch this source off?",
        answer: html! {
            "Its URL " (code(&source.path())) " then answers as if it were unknown, and its calls are not recorded. Nothing has been done yet."
        },
        goes: Vec::new(),
        effects: vec![
            html! { "Its secrets and what it brought stay. Enabling it again is one button; what was called meanwhile comes only if the provider sends it again." },
        ],
        name: None,
        action: viewer.path(&format!("sources/{id}/disable")),
        button: "Disable",
        back: viewer.place(Place::Sources),
        below: html! {},
    };
    answer::page(&app, &viewer, confirm.ask(&viewer))
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SourceId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::set_disabled(&app.store, &asked.actor(because(form.reason.as_deref())?), id, true)
        .await?;
    let words = "Disabled: its URL answers as if it were unknown.";
    answer::done(&app, &viewer.place(Place::Sources), words)
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SourceId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::set_disabled(&app.store, &asked.actor(because(form.reason.as_deref())?), id, false)
        .await?;
    answer::done(&app, &viewer.place(Place::Sources), "Enabled: its URL takes calls again.")
}
