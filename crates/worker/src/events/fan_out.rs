//! Who is owed an event: the subscriptions whose types and filter it fits, each by one delivery.
//!
//! Deliveries are made in the transaction that ends the event's job, under ids that follow from event and subscriber:
//! an event is fanned out wholly or not at all, and never twice.

use std::collections::HashMap;
use std::sync::Arc;

use hookyard_destinations::{Event, EventHead, Filter, Match, Workspace};
use hookyard_domain::ids::{DeliveryId, EventId};
use hookyard_store::fan_out::{self, Candidate};
use hookyard_store::{StoreError, Tx};
use metrics::counter;
use moka::sync::Cache;
use tracing::{debug, warn};
use uuid::Uuid;

use super::group::Action;
use super::read::payload;

/// Parsed filters that are kept.
const FILTERS_MAX: u64 = 10_000;

/// The filters of subscriptions, each parsed once. None: it does not parse, which saving it should have found out.
#[derive(Clone)]
pub(crate) struct Filters(Cache<String, Option<Arc<Filter>>>);

impl Default for Filters {
    fn default() -> Self {
        Self(Cache::new(FILTERS_MAX))
    }
}

/// How far an event got towards subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// Its type is subscribed to; its data passed no filter.
    Filtered,
    /// It is owed to somebody.
    Owed,
}

/// What came of fanning out.
#[derive(Debug, Default)]
pub(super) struct FannedOut {
    /// Events whose type somebody subscribed to.
    pub(super) reached: HashMap<EventId, Reached>,
    /// New deliveries that may be sent now.
    pub(super) ready: Vec<DeliveryId>,
}

/// Makes the deliveries of these events. Whom they concern must be on record already.
pub(super) async fn fan_out(
    tx: &Tx<'_>,
    actions: &[&Action],
    filters: &Filters,
) -> Result<FannedOut, StoreError> {
    let ids: Vec<EventId> = actions.iter().map(|it| it.event()).collect();
    let candidates = fan_out::candidates(tx, &ids).await?;
    if candidates.is_empty() {
        return Ok(FannedOut::default());
    }
    let mut bodies = Bodies { actions, read: HashMap::new() };
    let mut reached = HashMap::new();
    let mut chosen = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        if filters.pass(&candidate, &mut bodies) {
            reached.insert(candidate.event, Reached::Owed);
            chosen.push(candidate);
        } else {
            reached.entry(candidate.event).or_insert(Reached::Filtered);
        }
    }
    let ready = fan_out::deliver(tx, &chosen).await?;
    counter!("hookyard_worker_deliveries_owed_total").increment(chosen.len() as u64);
    Ok(FannedOut { reached, ready })
}

impl Filters {
    fn pass(&self, candidate: &Candidate, bodies: &mut Bodies<'_>) -> bool {
        let Some(text) = &candidate.filter else { return true };
        let parsed = self.0.get_with_by_ref(text, || Filter::parse(text).ok().map(Arc::new));
        let Some(filter) = parsed else {
            warn!(subscription.id = %candidate.subscriber, "a subscription has a filter that does not parse; it gets nothing");
            return false;
        };
        let Some(event) = bodies.event(candidate.event) else { return false };
        match filter.matches(event) {
            Match::Yes => true,
            Match::No => false,
            Match::Error(error) => {
                debug!(event.id = %candidate.event, subscription.id = %candidate.subscriber, "a filter cannot be evaluated: {error}");
                false
            }
        }
    }
}

/// The bodies of a group's events, parsed when a filter wants to see them.
struct Bodies<'a> {
    actions: &'a [&'a Action],
    read: HashMap<EventId, Option<Event>>,
}

impl Bodies<'_> {
    /// None when the body is not JSON: no filter fits it.
    fn event(&mut self, id: EventId) -> Option<&Event> {
        let actions = self.actions;
        self.read
            .entry(id)
            .or_insert_with(|| read(actions.iter().find(|action| action.event() == id)?))
            .as_ref()
    }
}

fn read(action: &Action) -> Option<Event> {
    let routable = &action.routable;
    let data =
        payload(&routable.event_type, routable.content_type.as_deref(), routable.body.as_deref()?)
            .ok()?;
    // Filters look at the data only.
    let nobody = Workspace {
        id: hookyard_domain::ids::WorkspaceId(Uuid::nil()),
        slug: String::new(),
        name: String::new(),
    };
    let head = EventHead {
        id: routable.id,
        event_type: routable.event_type.clone(),
        workspace: nobody,
        occurred_at: jiff::Timestamp::UNIX_EPOCH,
    };
    Event::new(head, &data).ok()
}
