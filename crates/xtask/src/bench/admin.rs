//! `bench admin`: what the admin's pages ask, one connection, among millions of rows.

mod connectors;
mod lists;

use std::time::Instant;

use anyhow::{Context as _, Result};
use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::audit::{self, AuditFilter};
use hookyard_store::dead_letters::{self, Subject};
use hookyard_store::delivery_list::{self, DeliveryFilter};
use hookyard_store::event_list::{self, EventFilter};
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::rollups::{self, Span};
use hookyard_store::sync_event_list::{self, SyncEvent, SyncEventFilter};
use hookyard_store::{
    Conn, StoreError, doctor, events, job_list, overview, sync_attempts, workers,
};
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
/// Of the table.
const COLUMNS: usize = 5;
/// How many pages deep a deep page is.
const DEEP_PAGES: usize = 100;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    sizes: Sizes,
    /// Keep the seeded database, for further runs with `--kept`
    #[arg(long)]
    pub(super) keep: bool,
    /// Read the database that a run before has kept, instead of seeding one
    #[arg(long, conflicts_with_all = ["events", "sync_events", "deliveries"])]
    pub(super) kept: bool,
}

/// Seeds, then reads every kind of page, the first one and a deep one.
pub(super) async fn measure(house: &House, args: &Args) -> Result<Vec<Table>> {
    if !args.kept {
        seed(house, args.sizes).await?;
    }
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
    bench.others().await;
    bench.connectors().await;
    bench.config_objects().await?;
    bench.details().await?;
    bench.overview().await?;
    Ok(vec![bench.table])
}

async fn seed(house: &House, sizes: Sizes) -> Result<()> {
    let [events, syncs, deliveries] =
        [sizes.events, sizes.sync_events, sizes.deliveries].map(|n| whole(f64::from(n)));
    say::step(&format!("Seeding {events} events, {syncs} sync events, {deliveries} deliveries"));
    seed::fill(&house.owner, sizes).await
}

struct Bench {
    conn: Conn,
    workspace: WorkspaceId,
    table: Table,
}

impl Bench {
    async fn details(&mut self) -> Result<()> {
        let sync = self.first_sync().await?;
        let (deliveries, events) = (DeliveryFilter::default(), EventFilter::default());
        let found = delivery_list::list(&self.conn, &deliveries, PageRequest::first()).await?;
        let delivery = found.items.first().context("a delivery")?.id;
        let found = event_list::list(&self.conn, &events, PageRequest::first()).await?;
        let event = found.items.first().context("an event")?.id;
        self.once("a sync event with its event, attempts, files", async |conn| {
            sync_event_list::by_id(conn, sync.id).await?;
            if let Some(event) = sync.event_id {
                event_list::detail(conn, event).await?;
            }
            audit::that_led_to(conn, &sync.id.to_string()).await?;
            sync_attempts::of(conn, sync.id).await?;
            sync_event_list::files(conn, sync.id, None, 100).await?;
            sync_event_list::files_failures_first(conn, sync.id, 100).await.map(drop)
        })
        .await;
        self.once("an event with its body and syncs", async |conn| {
            event_list::detail(conn, event).await?;
            event_list::body(conn, event).await?;
            events::syncs(conn, event).await?;
            job_list::of_subject(conn, Subject::Event(event)).await.map(drop)
        })
        .await;
        self.once("a delivery with its tries and event", async |conn| {
            delivery_list::detail(conn, delivery).await?;
            event_list::detail(conn, event).await?;
            let subject = delivery.to_string();
            let filter = AuditFilter { subject: Some(&subject), ..AuditFilter::default() };
            audit::list(conn, filter, PageRequest::first()).await?;
            audit::that_led_to(conn, &subject).await.map(drop)
        })
        .await;
        let letters =
            dead_letters::list(&self.conn, Some(self.workspace), true, PageRequest::first())
                .await?;
        let letter = letters.items.first().context("a dead letter")?.id;
        self.once("a dead letter", async |conn| dead_letters::by_id(conn, letter).await.map(drop))
            .await;
        Ok(())
    }

    async fn overview(&mut self) -> Result<()> {
        let workspace = self.workspace;
        let now = doctor::now(&self.conn).await?;
        for (what, hours, bucket_s) in
            [("hour", 1, 60), ("day", 24, 900), ("month", 24 * 30, 21_600)]
        {
            let since = now.saturating_sub(SignedDuration::from_hours(hours))?;
            self.once(&format!("overview of a {what}"), async |conn| {
                doctor::now(conn).await?;
                workers::running(conn).await?;
                rollups::counted(conn, workspace, Span { since, bucket_s }).await?;
                overview::queues(conn, workspace).await?;
                overview::amiss_connections(conn, workspace).await?;
                overview::amiss_clients(conn, workspace).await?;
                overview::amiss_targets(conn, workspace).await?;
                overview::unsettled_syncs(conn, workspace).await?;
                overview::open_letters(conn, workspace).await.map(drop)
            })
            .await;
        }
        self.once("counts of jobs", async |conn| job_list::counts(conn).await.map(drop)).await;
        self.once("what the doctor asks of the work", async |conn| {
            doctor::stuck_jobs(conn).await?;
            doctor::syncs_without_job(conn).await?;
            doctor::sources_without_secret(conn).await?;
            doctor::targets_to_confirm(conn).await?;
            doctor::open_dead_letters(conn).await?;
            doctor::rejected_lately(conn).await?;
            doctor::waiting_lanes(conn).await?;
            doctor::ill_connections(conn).await.map(drop)
        })
        .await;
        Ok(())
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
    ) {
        let read: Result<_> = async {
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
            Ok(vec![first, deep])
        }
        .await;
        self.tell(what, read);
    }

    async fn once(&mut self, what: &str, read: impl AsyncFn(&Conn) -> Result<(), StoreError>) {
        let read = self.time(read).await.map(|times| vec![times]);
        self.tell(what, read);
    }

    /// Adds a row. What cannot be read in time is a finding too, and the others are still to be read.
    fn tell(&mut self, what: &str, read: Result<Vec<Latencies>>) {
        let mut cells: Vec<String> = match read {
            Ok(times) => times
                .iter()
                .flat_map(|it| [it.quantile_ms(0.5), it.quantile_ms(0.99)])
                .map(|ms| format!("{ms:.1}"))
                .collect(),
            Err(error) => vec![format!("failed: {error:#}")],
        };
        say::detail(&format!("{what}: {}", cells.join(", ")));
        cells.resize(COLUMNS - 1, String::new());
        self.table.row(std::iter::once(what.to_owned()).chain(cells));
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
