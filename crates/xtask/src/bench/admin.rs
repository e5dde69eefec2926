//! `bench admin`: what the admin's pages ask, one connection, among millions of rows.

use std::time::Instant;

use anyhow::{Context as _, Result};
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{InstanceId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::delivery_list::{self, DeliveryFilter};
use hookyard_store::event_list::{self, EventFilter};
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::rollups::{self, Span};
use hookyard_store::sync_event_list::{self, Search, SyncEvent, SyncEventFilter};
use hookyard_store::{Conn, StoreError, dead_letters, doctor, overview, sync_attempts};
use jiff::SignedDuration;
use uuid::Uuid;

use super::house::House;
use super::latency::{Latencies, micros};
use super::numbers::whole;
use super::report::Table;
use crate::say;
use crate::seed::{self, Sizes};

/// How often each page is read.
const READS: usize = 200;
/// How many pages deep a deep page is.
const DEEP_PAGES: usize = 100;

/// Seeds, then reads every kind of page, the first one and a deep one.
pub(super) async fn measure(house: &House, sizes: Sizes) -> Result<Vec<Table>> {
    let [events, syncs, deliveries] =
        [sizes.events, sizes.sync_events, sizes.deliveries].map(|n| whole(f64::from(n)));
    say::step(&format!("Seeding {events} events, {syncs} sync events, {deliveries} deliveries"));
    seed::fill(&house.owner, sizes).await?;
    say::step("Reading");
    let conn = house.store("hookyard_admin")?.conn().await?;
    let row = house.owner.query_one("select id from workspace where slug = 'busy'", &[]).await?;
    let mut bench = Bench {
        table: Table::new(&[
            "what is read",
            "first page, p50 ms",
            "p99 ms",
            "deep page, p50 ms",
            "p99 ms",
        ]),
        workspace: WorkspaceId(row.get("id")),
        conn,
    };
    bench.sync_events().await?;
    bench.events().await?;
    bench.deliveries().await?;
    bench.details().await?;
    bench.overview().await?;
    Ok(vec![bench.table])
}

struct Bench {
    conn: Conn,
    workspace: WorkspaceId,
    table: Table,
}

impl Bench {
    async fn sync_events(&mut self) -> Result<()> {
        let one = self.first_sync().await?;
        let all = SyncEventFilter { workspace: Some(self.workspace), ..SyncEventFilter::default() };
        let of = |statuses: &[SyncStatus]| SyncEventFilter {
            statuses: statuses.to_vec(),
            ..all.clone()
        };
        let by = |text: &str| SyncEventFilter { search: Some(Search::parse(text)), ..all.clone() };
        let sha = one.announced_sha.clone().unwrap_or_default();
        let now = doctor::now(&self.conn).await?;
        let since = now.saturating_sub(SignedDuration::from_hours(12))?;
        let instances = (0..2).map(|n| InstanceId(fixed(3, 51 * n))).collect();
        let filters = [
            ("sync events", all.clone()),
            ("sync events, failed or partial", of(&[SyncStatus::Failed, SyncStatus::Partial])),
            ("sync events, running or queued", of(&[SyncStatus::Queued, SyncStatus::Running])),
            ("sync events, completed", of(&[SyncStatus::Completed])),
            (
                "sync events of half a day ago",
                SyncEventFilter { until: Some(since), ..all.clone() },
            ),
            (
                "sync events of a target",
                SyncEventFilter { target: Some(TargetId(fixed(4, 7))), ..all.clone() },
            ),
            (
                "sync events of two instances",
                SyncEventFilter { instances: Some(instances), ..all.clone() },
            ),
            ("sync events by SHA", by(sha.get(..7).unwrap_or("0000000"))),
            ("sync events by delivery id", by(one.delivery_id.as_deref().unwrap_or("none"))),
            ("sync events by repository", by(&one.repository)),
        ];
        for (what, filter) in filters {
            self.pages(what, async |conn, page| sync_event_list::list(conn, &filter, page).await)
                .await?;
        }
        Ok(())
    }

    async fn events(&mut self) -> Result<()> {
        let all = EventFilter { workspace: Some(self.workspace), ..EventFilter::default() };
        let now = doctor::now(&self.conn).await?;
        let one = self.first_sync().await?;
        let filters = [
            ("events", all.clone()),
            (
                "events of a type",
                EventFilter {
                    event_type: Some("github.installation.created".to_owned()),
                    ..all.clone()
                },
            ),
            (
                "events that failed",
                EventFilter { outcome: Some(EventOutcome::Failed), ..all.clone() },
            ),
            (
                "events of the last hour",
                EventFilter {
                    since: Some(now.saturating_sub(SignedDuration::from_hours(1))?),
                    ..all.clone()
                },
            ),
            ("events by delivery id", EventFilter { delivery_id: one.delivery_id, ..all.clone() }),
        ];
        for (what, filter) in filters {
            self.pages(what, async |conn, page| event_list::list(conn, &filter, page).await)
                .await?;
        }
        Ok(())
    }

    async fn deliveries(&mut self) -> Result<()> {
        let all = DeliveryFilter { workspace: Some(self.workspace), ..DeliveryFilter::default() };
        let of = |state| DeliveryFilter { state: Some(state), ..all.clone() };
        let filters = [
            ("deliveries", all.clone()),
            ("deliveries, dead", of(DeliveryState::Dead)),
            ("deliveries, retrying", of(DeliveryState::Failed)),
            ("deliveries, delivered", of(DeliveryState::Delivered)),
            (
                "deliveries to a connection",
                DeliveryFilter { receiver: Some(fixed(5, 51)), ..all.clone() },
            ),
            (
                "deliveries of a type",
                DeliveryFilter { event_type: Some("sync.completed".to_owned()), ..all.clone() },
            ),
        ];
        for (what, filter) in filters {
            self.pages(what, async |conn, page| delivery_list::list(conn, &filter, page).await)
                .await?;
        }
        let workspace = Some(self.workspace);
        for (what, settled) in [("dead letters", false), ("dead letters, settled too", true)] {
            self.pages(what, async |conn, page| {
                dead_letters::list(conn, workspace, settled, page).await
            })
            .await?;
        }
        Ok(())
    }

    async fn details(&mut self) -> Result<()> {
        let sync = self.first_sync().await?;
        let (deliveries, events) = (DeliveryFilter::default(), EventFilter::default());
        let found = delivery_list::list(&self.conn, &deliveries, PageRequest::first()).await?;
        let delivery = found.items.first().context("a delivery")?.id;
        let found = event_list::list(&self.conn, &events, PageRequest::first()).await?;
        let event = found.items.first().context("an event")?.id;
        self.once("a sync event with its attempts and files", async |conn| {
            sync_event_list::by_id(conn, sync.id).await?;
            sync_attempts::of(conn, sync.id).await?;
            sync_event_list::files_failures_first(conn, sync.id, 100).await.map(drop)
        })
        .await?;
        self.once("an event", async |conn| event_list::detail(conn, event).await.map(drop)).await?;
        self.once("a delivery", async |conn| delivery_list::detail(conn, delivery).await.map(drop))
            .await
    }

    async fn overview(&mut self) -> Result<()> {
        let workspace = self.workspace;
        let now = doctor::now(&self.conn).await?;
        let since = now.saturating_sub(SignedDuration::from_hours(24))?;
        self.once("overview of a day", async |conn| {
            rollups::counted(conn, workspace, Span { since, bucket_s: 900 }).await?;
            overview::queues(conn, workspace).await?;
            overview::amiss_connections(conn, workspace).await?;
            overview::amiss_clients(conn, workspace).await?;
            overview::amiss_targets(conn, workspace).await?;
            overview::unsettled_syncs(conn, workspace).await?;
            overview::open_letters(conn, workspace).await.map(drop)
        })
        .await
    }

    async fn first_sync(&self) -> Result<SyncEvent> {
        let filter = SyncEventFilter {
            workspace: Some(self.workspace),
            statuses: vec![SyncStatus::Partial],
            ..SyncEventFilter::default()
        };
        let page = sync_event_list::list(&self.conn, &filter, PageRequest::first()).await?;
        page.items.into_iter().next().context("a partial sync event")
    }

    async fn pages<T, I: Copy>(
        &mut self,
        what: &str,
        list: impl AsyncFn(&Conn, PageRequest<I>) -> Result<Page<T, I>, StoreError>,
    ) -> Result<()> {
        let first =
            self.time(async |conn| list(conn, PageRequest::first()).await.map(drop)).await?;
        let mut cursor = None;
        for _ in 0..DEEP_PAGES {
            let page = list(&self.conn, PageRequest::new(100, cursor)?).await?;
            let Some(next) = page.next_cursor else { break };
            cursor = Some(next);
        }
        let request = PageRequest::new(50, cursor)?;
        let deep = self.time(async |conn| list(conn, request).await.map(drop)).await?;
        let cells = [&first, &deep].map(|it| [it.quantile_ms(0.5), it.quantile_ms(0.99)]).concat();
        let cells = cells.into_iter().map(|ms| format!("{ms:.1}"));
        self.table.row(std::iter::once(what.to_owned()).chain(cells));
        Ok(())
    }

    async fn once(
        &mut self,
        what: &str,
        read: impl AsyncFn(&Conn) -> Result<(), StoreError>,
    ) -> Result<()> {
        let times = self.time(read).await?;
        let cells = [0.5, 0.99].map(|share| format!("{:.1}", times.quantile_ms(share)));
        let empty = [String::new(), String::new()];
        self.table.row(std::iter::once(what.to_owned()).chain(cells).chain(empty));
        Ok(())
    }

    async fn time(&self, read: impl AsyncFn(&Conn) -> Result<(), StoreError>) -> Result<Latencies> {
        let mut samples = Vec::with_capacity(READS);
        for _ in 0..READS {
            let begun = Instant::now();
            read(&self.conn).await?;
            samples.push(micros(begun.elapsed()));
        }
        Ok(Latencies::of(samples))
    }
}

/// `fixed` of the seed.
fn fixed(kind: u16, n: u64) -> Uuid {
    let text = format!("00000000-0000-4000-{:04}-{n:012}", 8000 + kind);
    text.parse().expect("digits in the form of a UUID")
}
