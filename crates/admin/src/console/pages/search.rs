//! The box of the rail: what was pasted is recognised, and its page opened.

use hookyard_domain::ids::{
    AccountId, ConnectionId, DeliveryId, EventId, InstanceId, MappingId, OauthClientId,
    SubscriptionId, SyncEventId, TargetId,
};
use serde::Deserialize;

use crate::access::Need;
use crate::console::answer::{Answer, see_other};
use crate::console::components::query::Query;
use crate::console::frame::{Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The search of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/search", Need::Member, find)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    q: Option<String>,
}

async fn find(viewer: Viewer, InQuery(ask): InQuery<Ask>) -> Answer {
    let text = ask.q.unwrap_or_default();
    let text = text.trim();
    let page = page_of_id(text).map(|rest| viewer.path(&rest));
    let list = || Query::new().with("q", text).href(&viewer.place(Place::SyncEvents));
    Ok(see_other(&page.unwrap_or_else(list)))
}

/// The page of what has this id. The id is written anew: nothing of what was typed gets into the path.
fn page_of_id(text: &str) -> Option<String> {
    if let Ok(id) = text.parse::<SyncEventId>() {
        return Some(format!("sync-events/{id}"));
    }
    if let Ok(id) = text.parse::<DeliveryId>() {
        return Some(format!("deliveries/{id}"));
    }
    if let Ok(id) = text.parse::<TargetId>() {
        return Some(format!("connector-targets/{id}"));
    }
    if let Ok(id) = text.parse::<InstanceId>() {
        return Some(format!("connector-instances/{id}"));
    }
    if let Ok(id) = text.parse::<AccountId>() {
        return Some(format!("connector-accounts/{id}"));
    }
    if let Ok(id) = text.parse::<MappingId>() {
        return Some(format!("connector-mappings/{id}/edit"));
    }
    if let Ok(id) = text.parse::<ConnectionId>() {
        return Some(format!("integrations/{id}"));
    }
    if let Ok(id) = text.parse::<SubscriptionId>() {
        return Some(format!("subscriptions/{id}"));
    }
    if let Ok(id) = text.parse::<OauthClientId>() {
        return Some(format!("oauth-clients/{id}"));
    }
    text.parse::<EventId>().ok().map(|id| format!("events/{id}"))
}
