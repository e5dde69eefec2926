//! What is on record of a sync event, read for its story.

use hookyard_domain::ids::SyncEventId;
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_store::delivery_list::{self, DeliveryFilter};
use hookyard_store::paging::PageRequest;
use hookyard_store::sync_attempts::{self, SyncAttempt};
use hookyard_store::sync_event_list::{self, SyncEvent, SyncFile};
use hookyard_store::{Conn, Store, audit, doctor, event_list};
use jiff::Timestamp;

use super::{Raised, SyncStory};
use crate::operations::OperationError;
use crate::operations::story::{Asked, ReceivedEvent};

/// All that is read for a story.
pub(super) struct Records {
    pub(super) sync_event: SyncEvent,
    pub(super) event: Option<ReceivedEvent>,
    pub(super) asked: Option<(Timestamp, Asked)>,
    pub(super) attempts: Vec<SyncAttempt>,
    pub(super) files: Vec<SyncFile>,
    pub(super) more_files: bool,
    pub(super) raised: Option<Raised>,
    pub(super) now: Timestamp,
}

/// The story of a sync event, with up to `files_max` of its files.
pub async fn sync_event(
    store: &Store,
    id: SyncEventId,
    files_max: u16,
) -> Result<SyncStory, OperationError> {
    let conn = store.conn().await?;
    let sync_event = sync_event_list::by_id(&conn, id).await?;
    let sync_event = sync_event.ok_or_else(|| OperationError::not_found("sync event", &id))?;
    let event = match sync_event.event_id {
        Some(event) => event_list::detail(&conn, event).await?.map(ReceivedEvent::from),
        None => None,
    };
    let entry = match sync_event.trigger {
        SyncTrigger::ManualResync | SyncTrigger::Retry => {
            audit::that_led_to(&conn, &id.to_string()).await?
        }
        SyncTrigger::Push
        | SyncTrigger::Connected
        | SyncTrigger::Recheck
        | SyncTrigger::Repository
        | SyncTrigger::InstallationRepositories => None,
    };
    let mut files =
        sync_event_list::files_failures_first(&conn, id, files_max.saturating_add(1)).await?;
    let more_files = files.len() > usize::from(files_max);
    files.truncate(files_max.into());
    let records = Records {
        event,
        asked: entry.map(|entry| (entry.at, Asked::from(entry))),
        attempts: sync_attempts::of(&conn, id).await?,
        files,
        more_files,
        raised: raised(&conn, &sync_event).await?,
        now: doctor::now(&conn).await?,
        sync_event,
    };
    Ok(records.told())
}

async fn raised(conn: &Conn, sync_event: &SyncEvent) -> Result<Option<Raised>, OperationError> {
    let Some(id) = sync_event.told_event_id else { return Ok(None) };
    let Some(detail) = event_list::detail(conn, id).await? else { return Ok(None) };
    let filter = DeliveryFilter {
        workspace: Some(sync_event.workspace_id),
        event: Some(id),
        ..DeliveryFilter::default()
    };
    let page = delivery_list::list(conn, &filter, PageRequest::first()).await?;
    Ok(Some(Raised {
        id,
        event_type: detail.event.event_type,
        received_at: detail.event.received_at,
        deliveries: page.items,
        more_deliveries: page.next_cursor.is_some(),
    }))
}
