//! What is done to accounts: added, disconnected, reconnected, given an instance.

use axum::extract::State;
use hookyard_domain::ids::AccountId;
use hookyard_store::accounts::{self, Account, AccountCounts};
use maud::{Markup, html};
use serde::Deserialize;

use super::lineage::{account_path, from_account, from_top, instance_path};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form::{self, Field, Input};
use crate::console::components::text::{counted, outside};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{
    Confirm, Confirmed, Errors, FormPage, Reason, because, reason_field,
};
use crate::console::visit::{Posted, Subject};
use crate::operations::{OperationError, accounts as operation, instances};
use crate::routes::Routes;

/// What is done to accounts.
pub(super) fn routes() -> Routes {
    const ADD: &str = "/w/{slug}/connector-accounts/add";
    const DISCONNECT: &str = "/w/{slug}/connector-accounts/{account}/disconnect";
    const ADD_INSTANCE: &str = "/w/{slug}/connector-accounts/{account}/instances/add";
    Routes::console()
        .page(ADD, Need::Admin, ask_add)
        .action(ADD, Need::Admin, add)
        .page(DISCONNECT, Need::Admin, ask_disconnect)
        .action(DISCONNECT, Need::Admin, disconnect)
        .action("/w/{slug}/connector-accounts/{account}/reconnect", Need::Admin, reconnect)
        .page(ADD_INSTANCE, Need::Admin, ask_add_instance)
        .action(ADD_INSTANCE, Need::Admin, add_instance)
}

#[derive(Debug, Default, Deserialize)]
struct NewAccount {
    #[serde(default)]
    installation: String,
    #[serde(default)]
    login: String,
    reason: Option<String>,
}

async fn ask_add(State(app): State<App>, viewer: Viewer) -> Answer {
    let page = add_page(&viewer, &NewAccount::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

fn add_page(viewer: &Viewer, new: &NewAccount, errors: &Errors) -> Markup {
    let fields = html! {
        (form::field(&Field {
            input: Input::Number,
            value: &new.installation,
            placeholder: "12345678",
            hint: "The number at the end of the installation's address on GitHub.",
            error: errors.on("installation"),
            required: true,
            ..Field::new("installation", "Installation id")
        }))
        (form::field(&Field {
            value: &new.login,
            placeholder: "octo-org",
            hint: "The user or organization that installed the App.",
            error: errors.on("login"),
            required: true,
            ..Field::new("login", "GitHub name")
        }))
        (reason_field(new.reason.as_deref(), errors))
    };
    FormPage {
            place: Place::Connectors,
            crumb: html! { (from_top(viewer)) " / Add an account" },
            title: "Add an account",
            answer: html! { "An account is an installation of the deployment's GitHub App. A disconnected one comes back in this way, too." },
            errors,
            action: viewer.path("connector-accounts/add"),
            fields,
            buttons: html! { button.btn.primary { "Add" } },
            back: viewer.place(Place::Connectors),
            below: html! {},
    }
    .view(viewer)
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(new): Posted<NewAccount>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(new.reason.as_deref());
    let installation = new.installation.trim().parse::<i64>().ok().filter(|id| *id > 0);
    if installation.is_none() {
        errors.add("installation", "An installation id is a positive number.");
    }
    if let (Some(installation), true) = (installation, errors.is_empty()) {
        let (actor, slug) = (asked.actor(reason), asked.slug());
        let login = new.login.trim();
        match operation::add(&app.store, &actor, &slug, installation, login).await {
            Ok(account) => {
                let to = account_path(&viewer, account.id, "");
                return answer::done(&app, &to, "Added. Now add an instance of it.");
            }
            Err(error @ OperationError::Conflict(_)) => {
                errors = Errors::refused("installation", error)?;
            }
            Err(error) => errors = Errors::refused("login", error)?,
        }
    }
    answer::not_taken(&app, &viewer, add_page(&viewer, &new, &errors))
}

async fn ask_disconnect(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<AccountId>,
) -> Answer {
    let conn = app.store.conn().await?;
    let account = operation::require(&conn, id).await?;
    let counts = accounts::counts(&conn, id).await?;
    let page =
        disconnect_page(&viewer, &account, counts, &Confirmed::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

fn disconnect_page(
    viewer: &Viewer,
    account: &Account,
    counts: AccountCounts,
    filled: &Confirmed,
    errors: &Errors,
) -> Markup {
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let title = format!("Disconnect {}?", account.login);
    Confirm {
            place: Place::Connectors,
            crumb: html! { (from_account(viewer, account)) " / Disconnect" },
            title: &title,
            answer: html! {
                "Its instances are archived and " b { (counted(count(counts.objects), "config object", "config objects")) }
                @if counts.objects == 1 { " is" } @else { " are" } " deleted. Nothing has been done yet."
            },
            goes: vec![
                ("Instances archived", count(counts.instances)),
                ("Targets let go", count(counts.targets)),
                ("Config objects deleted", count(counts.objects)),
            ],
            effects: vec![html! {
                "Mappings, sync events and the tombstones of the objects stay. After reconnecting, each instance that you enable \
                 imports everything again. The installation on GitHub is not touched."
            }],
            name: Some(&account.login),
            action: account_path(viewer, account.id, "/disconnect"),
            button: "Disconnect",
            back: account_path(viewer, account.id, ""),
            below: html! {},
    }
    .ask_again(viewer, filled, errors)
}

async fn disconnect(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<AccountId>,
    Posted(filled): Posted<Confirmed>,
) -> Answer {
    let conn = app.store.conn().await?;
    let account = operation::require(&conn, id).await?;
    let errors = match filled.checked(Some(&account.login)) {
        Ok(reason) => {
            drop(conn);
            match operation::disconnect(&app.store, &asked.actor(reason), id).await {
                Ok(done) => {
                    let words = format!(
                        "Disconnected. {} and {}.",
                        counted(
                            done.gone.instances_archived,
                            "instance was archived",
                            "instances were archived"
                        ),
                        counted(
                            done.gone.objects_deleted,
                            "config object deleted",
                            "config objects deleted"
                        ),
                    );
                    return answer::done(&app, &account_path(&viewer, id, ""), &words);
                }
                Err(error) => Errors::refused("name", error)?,
            }
        }
        Err(errors) => {
            drop(conn);
            errors
        }
    };
    let counts = accounts::counts(&app.store.conn().await?, id).await?;
    let page = disconnect_page(&viewer, &account, counts, &filled, &errors);
    answer::not_taken(&app, &viewer, page)
}

async fn reconnect(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<AccountId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::reconnect(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let words = "Connected again. Its instances stay archived until you enable them, one by one.";
    answer::done(&app, &account_path(&viewer, id, ""), words)
}

#[derive(Debug, Default, Deserialize)]
struct NewInstance {
    #[serde(default)]
    name: String,
    reason: Option<String>,
}

async fn ask_add_instance(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<AccountId>,
) -> Answer {
    let account = operation::require(&app.store.conn().await?, id).await?;
    let page = add_instance_page(&viewer, &account, &NewInstance::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

fn add_instance_page(
    viewer: &Viewer,
    account: &Account,
    new: &NewInstance,
    errors: &Errors,
) -> Markup {
    let fields = html! {
        (form::field(&Field {
            value: &new.name,
            placeholder: "Skills of the platform team",
            hint: "For people. The name of an archived instance brings that one back, with its targets.",
            error: errors.on("name"),
            required: true,
            ..Field::new("name", "Name")
        }))
        (reason_field(new.reason.as_deref(), errors))
    };
    FormPage {
            place: Place::Connectors,
            crumb: html! { (from_account(viewer, account)) " / Add an instance" },
            title: "Add an instance",
            answer: html! { "One configured use of " (outside(&account.login)) ": its branches, its files, and who may change them." },
            errors,
            action: account_path(viewer, account.id, "/instances/add"),
            fields,
            buttons: html! { button.btn.primary { "Add" } },
            back: account_path(viewer, account.id, ""),
            below: html! {},
    }
    .view(viewer)
}

async fn add_instance(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<AccountId>,
    Posted(new): Posted<NewInstance>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(new.reason.as_deref());
    if errors.is_empty() {
        match instances::add(&app.store, &asked.actor(reason), id, &new.name).await {
            Ok(instance) => {
                let to = instance_path(&viewer, instance.id, "");
                return answer::done(&app, &to, "Added. Now track a branch.");
            }
            Err(error) => errors = Errors::refused("name", error)?,
        }
    }
    let account = operation::require(&app.store.conn().await?, id).await?;
    let page = add_instance_page(&viewer, &account, &new, &errors);
    answer::not_taken(&app, &viewer, page)
}
