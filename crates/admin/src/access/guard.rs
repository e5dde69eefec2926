//! Stands before every handler.

use std::sync::Arc;

use axum::extract::{RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use hookyard_domain::role::InstanceRole;
use hookyard_domain::workspace::Slug;
use hookyard_store::access::{Noun, place_of};
use hookyard_store::workspaces::{self, Workspace};
use hookyard_store::{Conn, Db};

use super::asked::{Found, role_on};
use super::{Asked, Caller, Need, Parameter, Peer, Refusal, Standing, authenticate, same_origin};
use crate::{App, api, console};

/// Which kind of answer a route gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// JSON, to whoever shows a token.
    Api,
    /// Pages, to whoever has a session's cookie.
    Console,
}

/// A route as the guard sees it.
#[derive(Debug, Clone)]
pub struct Guarded {
    pub app: App,
    pub area: Area,
    pub need: Need,
}

/// Lets a request through to its handler, or refuses it.
pub async fn guard(
    State(route): State<Guarded>,
    parameters: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    match admit(&route, parameters, &head).await {
        Ok(asked) => {
            if let Some(asked) = asked {
                head.extensions.insert(asked);
            }
            next.run(Request::from_parts(head, body)).await
        }
        Err(refusal) => match route.area {
            Area::Api => api::refuse(refusal),
            Area::Console => console::refuse(refusal, &head),
        },
    }
}

async fn admit(
    route: &Guarded,
    parameters: Vec<(String, String)>,
    head: &Parts,
) -> Result<Option<Asked>, Refusal> {
    // Signing in, too: else another site signs a browser in as somebody else.
    if route.area == Area::Console && same_origin::is_cross_site(&head.method, &head.headers) {
        return Err(Refusal::CrossSite);
    }
    if route.need == Need::Anyone {
        return Ok(None);
    }
    let conn = route.app.store.conn().await?;
    let caller = authenticated(route, &conn, head).await?;
    let workspace = workspace_of(&conn, &caller, &parameters).await?;
    // The weakest of several: whoever manages one instance does nothing to another by way of its path.
    let mut on_instance: Option<Option<InstanceRole>> = None;
    for (name, value) in &parameters {
        let Some(Parameter::Id(noun, parse)) = Parameter::named(name) else { continue };
        let malformed = |why| Refusal::Malformed { parameter: name.clone(), why };
        let id = parse(value).map_err(|error| malformed(error.to_string()))?;
        let not_found = || Refusal::NotFound { what: what(noun), name: value.clone() };
        // Without a workspace in the path no id of one can be placed.
        let workspace = workspace.as_ref().ok_or_else(not_found)?;
        let place = place_of(&conn, noun, id, workspace.id).await?.ok_or_else(not_found)?;
        if let Some(instance) = place.instance {
            let role = role_on(&conn, &caller, instance).await?;
            on_instance = Some(on_instance.map_or(role, |before| before.min(role)));
        }
    }
    let on_instance = on_instance.flatten();
    let standing = Standing { caller: &caller.kind, on_instance };
    if !route.need.is_met_by(standing) {
        return Err(Refusal::Forbidden(route.need));
    }
    Ok(Some(Asked(Arc::new(Found { caller, workspace, on_instance, parameters }))))
}

async fn authenticated(route: &Guarded, conn: &Conn, head: &Parts) -> Result<Caller, Refusal> {
    match route.area {
        Area::Api => {
            let peer = head.extensions.get::<Peer>();
            let peer = *peer.expect("the listener tells where each request comes from");
            authenticate::by_token(&route.app, conn, &head.headers, peer).await
        }
        Area::Console => authenticate::by_cookie(&route.app, conn, &head.headers).await,
    }
}

/// The workspace of the path, if it names one: somebody else's is answered as one that does not exist.
async fn workspace_of(
    db: &impl Db,
    caller: &Caller,
    parameters: &[(String, String)],
) -> Result<Option<Workspace>, Refusal> {
    let Some((_, slug)) = parameters.iter().find(|(name, _)| name == "slug") else {
        return Ok(None);
    };
    let found = match slug.parse::<Slug>() {
        Ok(slug) => workspaces::by_slug(db, &slug).await?,
        Err(_) => None,
    };
    let theirs = found.filter(|it| caller.workspace().is_none_or(|own| own == it.id));
    match theirs {
        Some(workspace) => Ok(Some(workspace)),
        None => Err(Refusal::NotFound { what: "workspace", name: slug.clone() }),
    }
}

const fn what(noun: Noun) -> &'static str {
    match noun {
        Noun::Account => "connector account",
        Noun::ConfigObject => "config object",
        Noun::Connection => "connection",
        Noun::DeadLetter => "dead letter",
        Noun::Delivery => "delivery",
        Noun::Event => "event",
        Noun::Grant => "access grant",
        Noun::Instance => "connector instance",
        Noun::Mapping => "connector mapping",
        Noun::Member => "member",
        Noun::OauthClient => "OAuth client",
        Noun::Replay => "replay",
        Noun::Source => "source",
        Noun::Subscription => "subscription",
        Noun::SyncEvent => "sync event",
        Noun::Target => "connector target",
        Noun::Team => "team",
        Noun::Token => "token",
    }
}
