//! The baseline: the statement of the ingress with the same bodies, and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hookyard_domain::event::Origin;
use hookyard_domain::github_event::{self, Disposition, Push};
use hookyard_domain::ids::{EventId, SourceId};
use hookyard_domain::provider::Provider;
use hookyard_sources::{github_envelope, github_payload, stored_headers};
use hookyard_store::ingest::{Arrival, Committer, Recorded, Wish};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use rand::RngExt as _;
use uuid::Uuid;

use super::calls::{Kind, Own, Template};
use super::cpu::Cpu;
use super::house::{HOOK_ID, House, INSTALLATION_ID};

/// As many connections as an ingress commits on unless set otherwise.
pub(super) const CONNECTIONS: usize = 2;
const READY_GRACE_MS: u32 = 60_000;
const REPLAY_WINDOW_S: i32 = 86_400;
const CONTENT_TYPE: &str = "application/json";

/// How fast the database was, and what it took.
pub(super) struct Alone {
    pub(super) rows_per_second: f64,
    /// Processor time a row.
    pub(super) cpu: Vec<(&'static str, f64)>,
}

/// Records batches of `batch_rows` for so long.
pub(super) async fn postgres_alone(
    house: &House,
    template: &Template,
    batch_rows: usize,
    duration: Duration,
) -> Result<Alone> {
    let source =
        house.owner.query_one("select id from source where provider = 'github'", &[]).await?;
    let arrivals = Arrivals::new(template, SourceId(source.get(0)))?;
    let cpu_before = Cpu::read(house, &[]);
    let begun = Instant::now();
    let until = begun + duration;
    let committing = || commit(house, &arrivals, batch_rows, until);
    let [first, second]: [_; CONNECTIONS] = [committing(), committing()];
    let (first, second) = tokio::try_join!(first, second)?;
    let rows = first + second;
    #[expect(clippy::cast_precision_loss, reason = "millions at most")]
    let rows_per_second = rows as f64 / begun.elapsed().as_secs_f64();
    Ok(Alone { rows_per_second, cpu: Cpu::read(house, &[]).per_call_since(&cpu_before, rows) })
}

async fn commit(
    house: &House,
    arrivals: &Arrivals<'_>,
    batch_rows: usize,
    until: Instant,
) -> Result<usize> {
    let settings = house.store_settings("hookyard_ingress");
    let (committer, traffic) = Committer::connect(&settings, host_ms).await?;
    let committing = async {
        let mut rows = 0;
        while Instant::now() < until {
            let batch: Vec<Arrival> = (0..batch_rows).map(|_| arrivals.next()).collect();
            let recorded = committer.record(&batch, READY_GRACE_MS).await?;
            let new =
                |it: &Recorded| matches!(it, Recorded::Accepted { .. } | Recorded::Ignored { .. });
            ensure!(recorded.iter().all(new), "the statement took some rows for known ones");
            rows += batch_rows;
        }
        Ok(rows)
    };
    tokio::select! {
        rows = committing => rows,
        () = traffic => anyhow::bail!("the connection of a committer ended"),
    }
}

/// Makes arrivals as the ingress makes them of the same calls.
struct Arrivals<'a> {
    template: &'a Template,
    source: SourceId,
    event_type: String,
    headers: String,
    wish: Wish,
}

impl<'a> Arrivals<'a> {
    fn new(template: &'a Template, source: SourceId) -> Result<Self> {
        let body = template.body(&Own::random());
        let payload = github_payload(Some(CONTENT_TYPE), &body)?;
        let envelope = github_envelope(&payload)?;
        let event = template.kind.event();
        let wish = match github_event::disposition(event, &envelope) {
            Disposition::Push(push) => Wish::Push(push),
            Disposition::Lifecycle { .. } => Wish::Route,
            Disposition::Ignored(reason) => {
                anyhow::bail!("the bench's own body is ignored: {}", reason.as_str())
            }
        };
        let event_type = match template.kind {
            Kind::TrackedPush | Kind::UntrackedPush => "github.push".to_owned(),
            Kind::Lifecycle => format!("github.{event}.added"),
        };
        Ok(Self { template, source, event_type, headers: headers(event, body.len())?, wish })
    }

    fn next(&self) -> Arrival {
        let own = Own::random();
        let mut rng = rand::rng();
        let wish = match &self.wish {
            Wish::Push(push) => Wish::Push(Push { after: own.sha.clone(), ..push.clone() }),
            Wish::Route | Wish::Ignore(_) => self.wish.clone(),
        };
        Arrival {
            event: EventId(Uuid::now_v7()),
            origin: Origin::Webhook,
            source: self.source,
            workspace: None,
            replay_window_s: REPLAY_WINDOW_S,
            event_type: self.event_type.clone(),
            delivery_id: Some(own.delivery.to_string()),
            hook_id: Some(HOOK_ID.to_string()),
            id_key: Some(rng.random()),
            part_of: None,
            body_hash: None,
            body_key: Some(rng.random()),
            headers: self.headers.clone(),
            content_type: Some(CONTENT_TYPE.to_owned()),
            body: self.template.body(&own),
            installation_id: Some(INSTALLATION_ID),
            wish,
        }
    }
}

/// The headers as they are stored; the delivery's id is one of many of the same length.
fn headers(event: &str, body_bytes: usize) -> Result<String> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "127.0.0.1".to_owned()),
        ("user-agent", "GitHub-Hookshot/044aadd".to_owned()),
        ("accept", "*/*".to_owned()),
        ("content-type", CONTENT_TYPE.to_owned()),
        ("content-length", body_bytes.to_string()),
        ("x-github-event", event.to_owned()),
        ("x-github-hook-id", HOOK_ID.to_string()),
        ("x-github-hook-installation-target-id", "1001".to_owned()),
        ("x-github-hook-installation-target-type", "integration".to_owned()),
        ("x-hub-signature-256", "0".repeat(71)),
        ("x-github-delivery", Uuid::nil().to_string()),
    ] {
        let value = HeaderValue::from_str(&value).context("a header of the bench")?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(stored_headers(Provider::GitHub, &headers).to_string())
}

#[expect(clippy::disallowed_methods, reason = "the bench plays the process, whose clock this is")]
fn host_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
