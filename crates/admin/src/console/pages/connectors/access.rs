//! Who may do what with an instance: granted and revoked.

use axum::extract::State;
use hookyard_domain::ids::{GrantId, InstanceId, MemberId, TeamId};
use hookyard_domain::role::InstanceRole;
use hookyard_store::grants::{self, Grantee};
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::{members, teams};
use maud::Markup;
use serde::Deserialize;

use super::access_page::{self, Shown};
use super::lineage::{Lineage, instance_path};
use super::{MANAGER, first};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer, Failure};
use crate::console::frame::Viewer;
use crate::console::pages::forms::{Errors, Reason, because};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::grants as operation;
use crate::routes::Routes;

/// The grants of one page.
const ROWS: u16 = 50;

/// The page of an instance's grants, and what is done to them.
pub(super) fn routes() -> Routes {
    const ACCESS: &str = "/w/{slug}/connector-instances/{instance}/access";
    const REVOKE: &str = "/w/{slug}/connector-instances/{instance}/access/{grant}/revoke";
    Routes::console()
        .page(ACCESS, MANAGER, show)
        .action(ACCESS, MANAGER, put)
        .action(REVOKE, MANAGER, revoke)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    after: Option<GrantId>,
}

/// What the form says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NewGrant {
    /// `everybody`, or the id of a member or a team.
    #[serde(default)]
    pub(super) to: String,
    /// In its place: the id of one that the choice does not offer.
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) role: String,
    pub(super) reason: Option<String>,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let form = NewGrant::default();
    let page = page(&app, &asked, &viewer, id, ask.after, &form, &Errors::default()).await?;
    answer::page(&app, &viewer, page)
}

#[expect(clippy::too_many_arguments, reason = "everything that the page depends on")]
async fn page(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    id: InstanceId,
    after: Option<GrantId>,
    form: &NewGrant,
    errors: &Errors,
) -> Result<Markup, Failure> {
    let conn = app.store.conn().await?;
    let workspace = asked.workspace().id;
    let lineage = Lineage::of(&conn, id).await?;
    let request = PageRequest::new(ROWS, after).map_err(|_| Failure::no_page())?;
    let grants = grants::of_instance(&conn, id, request).await?;
    let members = members::list(&conn, Some(workspace), first(PAGE_ITEMS_MAX)?).await?;
    let teams = teams::list(&conn, workspace, first(PAGE_ITEMS_MAX)?).await?;
    drop(conn);
    let shown = Shown {
        lineage: &lineage,
        grants: &grants,
        members: &members,
        teams: &teams,
        is_later: after.is_some(),
        form,
        errors,
    };
    Ok(access_page::view(viewer, &shown))
}

async fn put(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    Posted(form): Posted<NewGrant>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(form.reason.as_deref());
    let (field, given) = match form.id.trim() {
        "" => ("to", form.to.as_str()),
        id => ("id", id),
    };
    let grantee = grantee(given);
    if grantee.is_none() {
        errors.add(field, "This is no member and no team. Their ids begin with mem_ and team_.");
    }
    let role = form.role.parse::<InstanceRole>().ok();
    if role.is_none() {
        errors.add("role", "Choose viewer, editor or manager.");
    }
    if let (Some(grantee), Some(role), true) = (grantee, role, errors.is_empty()) {
        match operation::put(&app.store, &asked.actor(reason), id, grantee, role).await {
            Ok(grant) => {
                let who = grant.name.as_deref().unwrap_or("everybody").to_owned();
                let words = format!("Granted: {who} is {} of it now.", said(role));
                return answer::done(&app, &instance_path(&viewer, id, "/access"), &words);
            }
            // Of another workspace, which is as good as not there.
            Err(crate::operations::OperationError::NotFound { .. }) => {
                errors.add(field, "The workspace has no such member or team.");
            }
            Err(error) => errors = Errors::refused(field, error)?,
        }
    }
    let page = page(&app, &asked, &viewer, id, None, &form, &errors).await?;
    answer::not_taken(&app, &viewer, page)
}

fn grantee(text: &str) -> Option<Grantee> {
    if text == "everybody" {
        return Some(Grantee::OrgWide);
    }
    if let Ok(member) = text.parse::<MemberId>() {
        return Some(Grantee::Member(member));
    }
    text.parse::<TeamId>().ok().map(Grantee::Team)
}

/// A role as a sentence says it.
pub(super) const fn said(role: InstanceRole) -> &'static str {
    match role {
        InstanceRole::Viewer => "a viewer",
        InstanceRole::Editor => "an editor",
        InstanceRole::Manager => "a manager",
    }
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(instance): Subject<InstanceId>,
    Subject(id): Subject<GrantId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let grant = operation::require(&app.store.conn().await?, id).await?;
    if grant.connector_instance_id != instance {
        return Err(Failure::no_page());
    }
    operation::revoke(&app.store, &actor, id).await?;
    let words = "Revoked. What a team or everybody was granted stays theirs.";
    answer::done(&app, &instance_path(&viewer, instance, "/access"), words)
}
