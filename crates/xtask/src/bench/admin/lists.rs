//! The lists: each filter with a value that is common, rare or absent, and filters that narrow each other.

use anyhow::Result;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, InstanceId, SourceId, TargetId, WorkspaceId};
use hookyard_domain::job::{JobKind, JobState};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::audit::{self, AuditFilter};
use hookyard_store::delivery_list::{self, DeliveryFilter};
use hookyard_store::event_list::{self, EventFilter};
use hookyard_store::paging::PageRequest;
use hookyard_store::sync_event_list::{self, Search, SyncEventFilter};
use hookyard_store::{dead_letters, doctor, job_list};
use jiff::SignedDuration;
use uuid::Uuid;

use super::{Bench, fixed};

const ABSENT: &str = "github.absent";
/// One of the types that are a hundredth, and the one of five events.
const SOME: &str = "github.installation.created";
const RARE: &str = "github.rare";
const COMMON: &str = "github.push";

fn small() -> WorkspaceId {
    WorkspaceId(fixed(1, 7))
}

impl Bench {
    pub(super) async fn sync_events(&mut self) -> Result<()> {
        let one = self.first_sync().await?;
        let all = SyncEventFilter { workspace: Some(self.workspace), ..SyncEventFilter::default() };
        let of = |statuses: &[SyncStatus]| SyncEventFilter {
            statuses: statuses.to_vec(),
            ..all.clone()
        };
        let by = |text: &str| SyncEventFilter { search: Some(Search::parse(text)), ..all.clone() };
        let kind =
            |kind: &str| SyncEventFilter { event_type: Some(kind.to_owned()), ..all.clone() };
        let target = SyncEventFilter { target: Some(TargetId(fixed(4, 7))), ..all.clone() };
        let sha = one.announced_sha.clone().unwrap_or_default();
        let now = doctor::now(&self.conn).await?;
        let half_day_ago = now.saturating_sub(SignedDuration::from_hours(12))?;
        let instances = (0..2).map(|n| InstanceId(fixed(3, 51 * n))).collect();
        let failed = vec![SyncStatus::Failed];
        let filters = [
            ("all", all.clone()),
            ("completed", of(&[SyncStatus::Completed])),
            ("ignored", of(&[SyncStatus::Ignored])),
            ("failed or partial", of(&[SyncStatus::Failed, SyncStatus::Partial])),
            ("running or queued", of(&[SyncStatus::Queued, SyncStatus::Running])),
            ("of half a day ago", SyncEventFilter { until: Some(half_day_ago), ..all.clone() }),
            ("of half a day", SyncEventFilter { since: Some(half_day_ago), ..all.clone() }),
            ("of a target", target.clone()),
            ("of a target, failed", SyncEventFilter { statuses: failed.clone(), ..target.clone() }),
            (
                "of an absent target",
                SyncEventFilter { target: Some(TargetId(fixed(9, 9))), ..all.clone() },
            ),
            ("of two instances", SyncEventFilter { instances: Some(instances), ..all.clone() }),
            ("by pushes", kind("push")),
            ("by retries", kind("retry")),
            ("of a rare trigger", kind("connected")),
            ("of an absent trigger", kind("recheck")),
            ("of an absent event type", kind(ABSENT)),
            (
                "of a target and an absent trigger",
                SyncEventFilter { event_type: Some("recheck".to_owned()), ..target },
            ),
            ("failed, by retries", SyncEventFilter { statuses: failed, ..kind("retry") }),
            ("of a small workspace", SyncEventFilter { workspace: Some(small()), ..all.clone() }),
            (
                "of a small workspace, ignored retries",
                SyncEventFilter {
                    workspace: Some(small()),
                    statuses: vec![SyncStatus::Ignored],
                    ..kind("retry")
                },
            ),
            ("by SHA", by(sha.get(..7).unwrap_or("0000000"))),
            ("by whole SHA", by(&sha)),
            ("by an absent SHA", by("0badcafe0badcafe")),
            ("by delivery id", by(one.delivery_id.as_deref().unwrap_or("none"))),
            ("by an absent delivery id", by("none")),
            ("by repository", by(&one.repository)),
            ("by an absent repository", by("octo/absent")),
        ];
        for (what, filter) in filters {
            self.pages(&format!("sync events {what}"), async |conn, page| {
                sync_event_list::list(conn, &filter, page).await
            })
            .await;
        }
        Ok(())
    }

    pub(super) async fn events(&mut self) -> Result<()> {
        let all = EventFilter { workspace: Some(self.workspace), ..EventFilter::default() };
        let now = doctor::now(&self.conn).await?;
        let one = self.first_sync().await?;
        let of = |kind: &str| EventFilter { event_type: Some(kind.to_owned()), ..all.clone() };
        let ended = |outcome| EventFilter { outcome: Some(outcome), ..all.clone() };
        let from = |n| EventFilter { source: Some(SourceId(fixed(7, n))), ..all.clone() };
        let failed = Some(EventOutcome::Failed);
        let filters = [
            ("all", all.clone()),
            ("of a common type", of(COMMON)),
            ("of some type", of(SOME)),
            ("of a rare type", of(RARE)),
            ("of an absent type", of(ABSENT)),
            ("ignored", ended(EventOutcome::Ignored)),
            ("that failed", ended(EventOutcome::Failed)),
            ("of an absent outcome", ended(EventOutcome::Replay)),
            ("of a source", from(0)),
            ("of an absent source", from(1)),
            (
                "of the last hour",
                EventFilter {
                    since: Some(now.saturating_sub(SignedDuration::from_hours(1))?),
                    ..all.clone()
                },
            ),
            ("by delivery id", EventFilter { delivery_id: one.delivery_id, ..all.clone() }),
            (
                "by an absent delivery id",
                EventFilter { delivery_id: Some("none".to_owned()), ..all.clone() },
            ),
            ("of some type that failed", EventFilter { outcome: failed, ..of(SOME) }),
            (
                "of a source and a rare type",
                EventFilter { event_type: Some(RARE.to_owned()), ..from(0) },
            ),
            ("of a source that failed", EventFilter { outcome: failed, ..from(0) }),
            (
                "of a source, ignored",
                EventFilter { outcome: Some(EventOutcome::Ignored), ..from(0) },
            ),
            ("of a small workspace", EventFilter { workspace: Some(small()), ..all.clone() }),
            (
                "of a small workspace and a common type",
                EventFilter { workspace: Some(small()), ..of(COMMON) },
            ),
            (
                "of a small workspace and some type",
                EventFilter { workspace: Some(small()), ..of("sync.completed") },
            ),
        ];
        for (what, filter) in filters {
            self.pages(&format!("events {what}"), async |conn, page| {
                event_list::list(conn, &filter, page).await
            })
            .await;
        }
        Ok(())
    }

    pub(super) async fn deliveries(&mut self) -> Result<()> {
        let all = DeliveryFilter { workspace: Some(self.workspace), ..DeliveryFilter::default() };
        let of = |state| DeliveryFilter { state: Some(state), ..all.clone() };
        let kind = |kind: &str| DeliveryFilter { event_type: Some(kind.to_owned()), ..all.clone() };
        let to = DeliveryFilter { receiver: Some(fixed(5, 51)), ..all.clone() };
        let found =
            event_list::list(&self.conn, &EventFilter::default(), PageRequest::first()).await?;
        let event = found.items.last().map_or(EventId(Uuid::nil()), |event| event.id);
        let dead = Some(DeliveryState::Dead);
        let filters = [
            ("all", all.clone()),
            ("pending", of(DeliveryState::Pending)),
            ("delivering", of(DeliveryState::Delivering)),
            ("delivered", of(DeliveryState::Delivered)),
            ("retrying", of(DeliveryState::Failed)),
            ("dead", of(DeliveryState::Dead)),
            ("cancelled", of(DeliveryState::Cancelled)),
            ("to a connection", to.clone()),
            (
                "to an absent connection",
                DeliveryFilter { receiver: Some(fixed(9, 9)), ..all.clone() },
            ),
            ("of an event", DeliveryFilter { event: Some(event), ..all.clone() }),
            (
                "of an absent event",
                DeliveryFilter { event: Some(EventId(fixed(9, 9))), ..all.clone() },
            ),
            ("of a common type", kind(COMMON)),
            ("of some type", kind(SOME)),
            ("of a rare type", kind(RARE)),
            ("of an absent type", kind(ABSENT)),
            (
                "to a connection, of some type",
                DeliveryFilter { event_type: Some(SOME.to_owned()), ..to.clone() },
            ),
            (
                "to a connection, of an absent type",
                DeliveryFilter { event_type: Some(ABSENT.to_owned()), ..to.clone() },
            ),
            ("to a connection, dead", DeliveryFilter { state: dead, ..to.clone() }),
            (
                "to a connection, pending",
                DeliveryFilter { state: Some(DeliveryState::Pending), ..to },
            ),
            ("dead, of some type", DeliveryFilter { state: dead, ..kind(SOME) }),
            (
                "delivered, of a rare type",
                DeliveryFilter { state: Some(DeliveryState::Delivered), ..kind(RARE) },
            ),
            ("of a small workspace", DeliveryFilter { workspace: Some(small()), ..all.clone() }),
            (
                "of a small workspace, pending",
                DeliveryFilter { workspace: Some(small()), ..of(DeliveryState::Pending) },
            ),
            (
                "of a small workspace and some type",
                DeliveryFilter { workspace: Some(small()), ..kind(SOME) },
            ),
        ];
        for (what, filter) in filters {
            self.pages(&format!("deliveries {what}"), async |conn, page| {
                delivery_list::list(conn, &filter, page).await
            })
            .await;
        }
        Ok(())
    }

    /// Dead letters, the audit log, jobs.
    pub(super) async fn others(&mut self) {
        for (of, workspace) in
            [("", Some(self.workspace)), (" of a small workspace", Some(small()))]
        {
            for (what, settled) in [("dead letters", false), ("dead letters, settled too,", true)] {
                self.pages(&format!("{what}{of}"), async |conn, page| {
                    dead_letters::list(conn, workspace, settled, page).await
                })
                .await;
            }
        }
        let workspace = Some(self.workspace);
        for (what, subject) in
            [("", None), (" of a subject", Some("dlv_5")), (" of an absent subject", Some("none"))]
        {
            let filter = AuditFilter { workspace, subject, ..AuditFilter::default() };
            self.pages(&format!("audit log{what}"), async |conn, page| {
                audit::list(conn, filter, page).await
            })
            .await;
        }
        for (kind, state) in [
            (JobKind::Delivery, JobState::Parked),
            (JobKind::Delivery, JobState::Scheduled),
            (JobKind::Sync, JobState::Ready),
            (JobKind::Sync, JobState::Scheduled),
            (JobKind::Sync, JobState::Parked),
        ] {
            self.pages(&format!("{state} {kind} jobs"), async |conn, page| {
                job_list::list(conn, kind, state, page).await
            })
            .await;
        }
    }
}
