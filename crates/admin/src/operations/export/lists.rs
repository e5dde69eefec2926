//! The lists that can be exported, each read a page at a time. A connection is held while a page is read, not while
//! it is written: a slow reader keeps nobody else waiting.

use bytes::Bytes;
use futures_util::Stream;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{
    AuditId, ConfigObjectId, DeadLetterId, DeliveryId, EventId, SyncEventId, WorkspaceId,
};
use hookyard_store::Store;
use hookyard_store::audit::{self, AuditFilter, Entry};
use hookyard_store::config_object_list::{self, ConfigObject, ConfigObjectFilter};
use hookyard_store::dead_letters::{self, DeadLetter};
use hookyard_store::delivery_list::{self, Delivery, DeliveryFilter};
use hookyard_store::event_list::{self, Event, EventFilter};
use hookyard_store::paging::{PAGE_ITEMS_MAX, Page, PageRequest};
use hookyard_store::sync_event_list::{self, SyncEvent, SyncEventFilter};
use jiff::Timestamp;

use super::{Format, OperationError, export};

/// The pieces of an export.
pub type Piece = Result<Bytes, OperationError>;

/// What a change of the audit log must be to be exported; [`AuditFilter`], owned.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub workspace: Option<WorkspaceId>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    pub since: Option<Timestamp>,
}

impl Changes {
    /// The same, lent.
    pub fn filter(&self) -> AuditFilter<'_> {
        AuditFilter {
            workspace: self.workspace,
            actor: self.actor.as_deref(),
            action: self.action.as_deref(),
            subject: self.subject.as_deref(),
            since: self.since,
        }
    }
}

/// Sync events.
pub fn sync_events(
    store: Store,
    format: Format,
    filter: SyncEventFilter,
) -> impl Stream<Item = Piece> + Send {
    export::<SyncEvent, SyncEventId, _>(format, move |page| {
        let (store, filter) = (store.clone(), filter.clone());
        async move { Ok(sync_event_list::list(&store.conn().await?, &filter, page).await?) }
    })
}

/// Events.
pub fn events(
    store: Store,
    format: Format,
    filter: EventFilter,
) -> impl Stream<Item = Piece> + Send {
    export::<Event, EventId, _>(format, move |page| {
        let (store, filter) = (store.clone(), filter.clone());
        async move { Ok(event_list::list(&store.conn().await?, &filter, page).await?) }
    })
}

/// Deliveries in any of the states; of every state if there is none.
pub fn deliveries(
    store: Store,
    format: Format,
    filter: DeliveryFilter,
    states: Vec<DeliveryState>,
) -> impl Stream<Item = Piece> + Send {
    export::<Delivery, DeliveryId, _>(format, move |page| {
        let (store, filter, states) = (store.clone(), filter.clone(), states.clone());
        async move { in_states(&store, &filter, &states, page).await }
    })
}

/// One page of what is in any of the states: a page of each, merged.
async fn in_states(
    store: &Store,
    filter: &DeliveryFilter,
    states: &[DeliveryState],
    page: PageRequest<DeliveryId>,
) -> Result<Page<Delivery, DeliveryId>, OperationError> {
    let conn = store.conn().await?;
    if states.is_empty() {
        return Ok(delivery_list::list(&conn, filter, page).await?);
    }
    let mut items = Vec::new();
    let mut more = false;
    for state in states {
        let filter = DeliveryFilter { state: Some(*state), ..filter.clone() };
        let page = delivery_list::list(&conn, &filter, page).await?;
        more |= page.next_cursor.is_some();
        items.extend(page.items);
    }
    items.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    items.dedup_by_key(|delivery| delivery.id);
    more |= items.len() > usize::from(PAGE_ITEMS_MAX);
    items.truncate(PAGE_ITEMS_MAX.into());
    let next_cursor = items.last().map(|delivery| delivery.id).filter(|_| more);
    Ok(Page { items, next_cursor })
}

/// Dead letters; those that were settled only if asked for.
pub fn dead_letters(
    store: Store,
    format: Format,
    workspace: WorkspaceId,
    settled: bool,
) -> impl Stream<Item = Piece> + Send {
    export::<DeadLetter, DeadLetterId, _>(format, move |page| {
        let store = store.clone();
        async move {
            let conn = store.conn().await?;
            Ok(dead_letters::list(&conn, Some(workspace), settled, page).await?)
        }
    })
}

/// The audit log.
pub fn audit_log(
    store: Store,
    format: Format,
    changes: Changes,
) -> impl Stream<Item = Piece> + Send {
    export::<Entry, AuditId, _>(format, move |page| {
        let (store, changes) = (store.clone(), changes.clone());
        async move { Ok(audit::list(&store.conn().await?, changes.filter(), page).await?) }
    })
}

/// Config objects.
pub fn config_objects(
    store: Store,
    format: Format,
    filter: ConfigObjectFilter,
) -> impl Stream<Item = Piece> + Send {
    export::<ConfigObject, ConfigObjectId, _>(format, move |page| {
        let (store, filter) = (store.clone(), filter.clone());
        async move { Ok(config_object_list::list(&store.conn().await?, &filter, page).await?) }
    })
}
