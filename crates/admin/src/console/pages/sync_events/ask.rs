//! Which sync events a page shows: the address, understood.

use hookyard_domain::ids::{InstanceId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::Conn;
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::sync_event_list::{self, Search, SyncEvent, SyncEventFilter};
use jiff::Timestamp;
use serde::Deserialize;

use crate::App;
use crate::access::Asked;
use crate::api::Commas;
use crate::console::answer::Failure;
use crate::console::components::query::Query;
use crate::console::pages::since::begins_at;

/// The rows of one page: with style and scripts the page stays below 150 KB.
pub(super) const ROWS: u16 = 30;

/// The parameters of the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    pub(super) status: Option<Commas<SyncStatus>>,
    pub(super) target: Option<TargetId>,
    pub(super) trigger: Option<String>,
    pub(super) q: Option<String>,
    pub(super) since: Option<String>,
    /// Those queued then or later, and those queued before: a view that stays as it is.
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) after: Option<SyncEventId>,
    /// Of a stream: which list it is for, and the newest row on screen.
    pub(super) view: Option<String>,
    pub(super) newest: Option<SyncEventId>,
}

impl Ask {
    /// The address of the view, without what is of the stream only.
    pub(super) fn query(&self) -> Query {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let statuses = self.status.iter().flat_map(|statuses| &statuses.0);
        let statuses: Vec<&str> = statuses.map(|status| status.as_str()).collect();
        Query::new()
            .with("status", statuses.join(","))
            .with("target", self.target.map(|id| id.to_string()).unwrap_or_default())
            .with("trigger", text(&self.trigger))
            .with("q", text(&self.q))
            .with("since", text(&self.since))
            .with("from", self.from.map(|at| at.to_string()).unwrap_or_default())
            .with("to", self.to.map(|at| at.to_string()).unwrap_or_default())
            .with("after", self.after.map(|id| id.to_string()).unwrap_or_default())
    }

    /// How the text of `q` is understood.
    pub(super) fn read_as(&self) -> Option<&'static str> {
        self.q.as_deref().map(|text| match Search::parse(text) {
            Search::DeliveryOrCommit(_) => "SHA or delivery id",
            Search::Delivery(_) => "delivery id",
            Search::Repository(_) => "repository",
        })
    }

    /// When the time that is asked for begins, as of `now`.
    pub(super) fn begins_at(&self, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        Ok(begins_at(self.since.as_deref(), now)?.max(self.from))
    }

    /// The same view, frozen: its times are stamps.
    pub(super) fn at_moment(&self, now: Timestamp) -> Self {
        let from = self.begins_at(now).ok().flatten();
        let to = Some(self.to.unwrap_or(now));
        Self { since: None, from, to, view: None, newest: None, ..self.clone() }
    }

    /// What it selects, of all that lies in these connector instances.
    pub(super) fn filter(
        &self,
        workspace: WorkspaceId,
        instances: Option<Vec<InstanceId>>,
        now: Timestamp,
    ) -> Result<SyncEventFilter, Failure> {
        Ok(SyncEventFilter {
            workspace: Some(workspace),
            target: self.target,
            instances,
            statuses: self.statuses(),
            event_type: self.trigger.clone(),
            search: self.q.as_deref().map(Search::parse),
            since: self.begins_at(now)?,
            until: self.to,
        })
    }

    pub(super) fn statuses(&self) -> Vec<SyncStatus> {
        self.status.iter().flat_map(|statuses| &statuses.0).copied().collect()
    }
}

/// A page of what is asked for, as far as whoever asks may see it.
pub(super) async fn read(
    conn: &Conn,
    asked: &Asked,
    ask: &Ask,
    now: Timestamp,
) -> Result<Page<SyncEvent, SyncEventId>, Failure> {
    let filter = ask.filter(asked.workspace().id, asked.instances(conn).await?, now)?;
    let request = PageRequest::new(ROWS, ask.after).map_err(|_| Failure::no_page())?;
    Ok(sync_event_list::list(conn, &filter, request).await?)
}

/// The newest sync events, as far as whoever asks may see them.
pub(in crate::console) async fn latest(
    app: &App,
    asked: &Asked,
    now: Timestamp,
) -> Result<Vec<SyncEvent>, Failure> {
    let conn = app.store.conn().await?;
    Ok(read(&conn, asked, &Ask::default(), now).await?.items)
}
