//! A branch to be tracked: picked from what the installation may read, and looked up on GitHub before it is taken.

use axum::extract::State;
use hookyard_domain::ids::InstanceId;
use hookyard_domain::target::RepositoryFullName;
use maud::{Markup, html};
use serde::Deserialize;

use super::lineage::{Lineage, instance_path, target_path};
use super::{EDITOR, github};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form::{self, Field, Input};
use crate::console::components::message::note;
use crate::console::components::status::Tone;
use crate::console::components::text::outside;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, reason_field, sentence};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::accounts::{self, AccountRepository};
use crate::operations::targets::{self as operation, AddTarget};
use crate::operations::{OperationError, github::GitHubAccess};
use crate::routes::Routes;

/// The most repositories that the choice offers.
const OFFERED_MAX: usize = 200;

/// The form for a new target.
pub(super) fn routes() -> Routes {
    const ADD: &str = "/w/{slug}/connector-instances/{instance}/targets/add";
    Routes::console().page(ADD, EDITOR, ask).action(ADD, EDITOR, add)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Narrow {
    /// A part of the repositories' names.
    q: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct NewTarget {
    #[serde(default)]
    repository: String,
    #[serde(default)]
    branch: String,
    /// What the choice was narrowed to.
    #[serde(default)]
    q: String,
    reason: Option<String>,
}

/// The repositories that can be picked.
enum Offer {
    /// Only an admin is told which there are; others know the name.
    NotTold,
    /// GitHub did not tell, and why.
    Untold(String),
    Repositories {
        found: Vec<AccountRepository>,
        is_cut: bool,
    },
}

async fn ask(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    InQuery(narrow): InQuery<Narrow>,
) -> Answer {
    let new = NewTarget { q: narrow.q.unwrap_or_default(), ..NewTarget::default() };
    let page = page(&app, &asked, &viewer, id, &new, &Errors::default()).await?;
    answer::page(&app, &viewer, page)
}

async fn offer(app: &App, asked: &Asked, lineage: &Lineage, q: &str) -> Result<Offer, Failure> {
    if !asked.rank().administers() {
        return Ok(Offer::NotTold);
    }
    let github = match github(app) {
        Ok(github) => github,
        Err(why) => return Ok(Offer::Untold(why.to_owned())),
    };
    match accounts::repositories(github, lineage.account.id).await {
        Ok(all) => {
            let wanted = q.trim().to_lowercase();
            let mut found: Vec<AccountRepository> = all
                .into_iter()
                .filter(|it| it.full_name.to_lowercase().contains(&wanted))
                .take(OFFERED_MAX + 1)
                .collect();
            let is_cut = found.len() > OFFERED_MAX;
            found.truncate(OFFERED_MAX);
            Ok(Offer::Repositories { found, is_cut })
        }
        Err(error @ (OperationError::GitHub { .. } | OperationError::Conflict(_))) => {
            Ok(Offer::Untold(sentence(&error.to_string())))
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    id: InstanceId,
    new: &NewTarget,
    errors: &Errors,
) -> Result<Markup, Failure> {
    let lineage = Lineage::of(&app.store.conn().await?, id).await?;
    let offer = offer(app, asked, &lineage, &new.q).await?;
    Ok(view(viewer, &lineage, &offer, new, errors))
}

fn view(
    viewer: &Viewer,
    lineage: &Lineage,
    offer: &Offer,
    new: &NewTarget,
    errors: &Errors,
) -> Markup {
    let action = instance_path(viewer, lineage.instance.id, "/targets/add");
    let fields = html! {
        @if !new.q.is_empty() { input type="hidden" name="q" value=(new.q); }
        (repository_field(offer, new, errors))
        (form::field(&Field {
            value: &new.branch,
            placeholder: "main",
            hint: "Left empty: the repository's default branch. GitHub is asked whether it is there.",
            error: errors.on("branch"),
            ..Field::new("branch", "Branch")
        }))
        (reason_field(new.reason.as_deref(), errors))
    };
    FormPage {
            place: Place::Connectors,
            crumb: html! { (lineage.crumb_below(viewer)) " / Track a branch" },
            title: "Track a branch",
            answer: html! {
                "One branch of one repository that the installation of " (outside(&lineage.account.login))
                " may read. Nothing is brought in until a mapping chooses its files."
            },
            errors,
            action: action.clone(),
            fields,
            buttons: html! { button.btn.primary { "Track it" } },
            back: instance_path(viewer, lineage.instance.id, ""),
            below: narrowing(offer, new, &action),
    }
    .view(viewer)
}

fn repository_field(offer: &Offer, new: &NewTarget, errors: &Errors) -> Markup {
    let plain = Field {
        value: &new.repository,
        placeholder: "octo-org/skills",
        hint: "Owner and name, as GitHub has them.",
        error: errors.on("repository"),
        required: true,
        ..Field::new("repository", "Repository")
    };
    match offer {
        Offer::NotTold => form::field(&plain),
        Offer::Untold(why) => html! {
            (note(Tone::Warn, &html! { "GitHub did not tell which repositories there are. " bdi { (why) } }))
            (form::field(&plain))
        },
        Offer::Repositories { found, is_cut } => {
            let mut names: Vec<(String, String)> =
                found.iter().map(|it| (it.full_name.clone(), described(it))).collect();
            let is_offered = names.iter().any(|(name, _)| *name == new.repository);
            if !new.repository.is_empty() && !is_offered {
                names.insert(0, (new.repository.clone(), new.repository.clone()));
            }
            let names: Vec<(&str, &str)> =
                names.iter().map(|(name, words)| (name.as_str(), words.as_str())).collect();
            let hint = match (names.is_empty(), is_cut) {
                (true, _) => "The installation may read no repository of this name.",
                (false, true) => "The first 200 by name; narrow them below.",
                (false, false) => "What the installation may read.",
            };
            form::field(&Field { input: Input::Choice(&names), hint, ..plain })
        }
    }
}

fn described(repository: &AccountRepository) -> String {
    let mut words = format!("{} ({})", repository.full_name, repository.default_branch);
    if repository.archived {
        words.push_str(", archived");
    }
    words
}

/// The form that narrows the choice: a plain GET.
fn narrowing(offer: &Offer, new: &NewTarget, action: &str) -> Markup {
    html! {
        @if let Offer::Repositories { found, is_cut } = offer {
            @if *is_cut || !new.q.is_empty() || found.is_empty() {
                form.filters action=(action) method="get" role="search" aria-label="Repositories" {
                    div.grow.field {
                        label.vh for="q" { "A part of the name" }
                        input #q name="q" type="search" value=(new.q) placeholder="A part of the name" maxlength="100" spellcheck="false";
                    }
                    button.btn { "Narrow the choice" }
                }
            }
        }
    }
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(new): Posted<NewTarget>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(new.reason.as_deref());
    let repository = new.repository.trim().parse::<RepositoryFullName>();
    if let Err(error) = &repository {
        errors.add("repository", sentence(&error.to_string()));
    }
    if let (Ok(repository), true) = (repository, errors.is_empty()) {
        let actor = asked.actor(reason);
        match looked_up(&app, id, repository, new.branch.trim()).await? {
            Ok(target) => match operation::add(&app.store, &actor, target).await {
                Ok(target) => {
                    let to = target_path(&viewer, target.id, "");
                    let words = "Tracked. Now choose its files by a mapping.";
                    return answer::done(&app, &to, words);
                }
                Err(error) => errors = Errors::refused("branch", error)?,
            },
            Err(refused) => errors = refused,
        }
    }
    let page = page(&app, &asked, &viewer, id, &new, &errors).await?;
    answer::not_taken(&app, &viewer, page)
}

/// The target, if GitHub has the repository and the branch; else what is wrong with which field.
async fn looked_up(
    app: &App,
    instance: InstanceId,
    repository: RepositoryFullName,
    branch: &str,
) -> Result<Result<AddTarget, Errors>, Failure> {
    let github: &GitHubAccess = match github(app) {
        Ok(github) => github,
        Err(why) => return Ok(Err(Errors::of("repository", why))),
    };
    let account = Lineage::of(&app.store.conn().await?, instance).await?.account.id;
    let branch = Some(branch).filter(|it| !it.is_empty());
    match accounts::validate_target(github, account, &repository, branch).await {
        Ok(valid) => {
            let id = valid.repository.repository_id;
            // By its present name: an earlier one is answered with a redirect.
            let repository = valid.repository.full_name.parse().unwrap_or(repository);
            Ok(Ok(AddTarget { instance, repository, repository_id: id, branch: valid.branch }))
        }
        Err(error) => {
            let is_of_branch = matches!(
                error,
                OperationError::Invalid(_)
                    | OperationError::GitHub { code: "github_branch_not_found", .. }
            );
            let field = if is_of_branch { "branch" } else { "repository" };
            Errors::refused(field, error).map(Err)
        }
    }
}
