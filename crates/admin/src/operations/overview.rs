//! What an admin sees first: how much happened, what is not finished, and what needs somebody.
//!
//! Numbers over time come from rollups, a quarter of a minute old at most; nothing is counted beyond a limit.

mod attention;

use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::tally::Metric;
use hookyard_store::overview::{self as stands, QueueDepth};
use hookyard_store::rollups::{self, Counted, Span};
use hookyard_store::workers::{self, Worker};
use hookyard_store::{Store, doctor};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::OperationError;

pub use attention::{Attention, AttentionKind, Severity, Subject};

/// How far back an overview looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// The last hour, by the minute.
    Hour,
    /// The last 24 hours, by the quarter of an hour.
    #[default]
    Day,
    /// The last seven days, by two hours.
    Week,
    /// The last thirty days, by six hours.
    Month,
}

impl Window {
    /// Every window, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As it stands in a URL: `1h`, `24h`, `7d`, `30d`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// How long a bucket is, in seconds.
    pub const fn bucket_s(self) -> i32 {
        match self {
            Self::Hour => 60,
            Self::Day => 15 * 60,
            Self::Week => 2 * 3600,
            Self::Month => 6 * 3600,
        }
    }

    /// How many buckets there are, the last one under way.
    pub const fn buckets(self) -> i64 {
        match self {
            Self::Hour => 60,
            Self::Day => 96,
            Self::Week => 84,
            Self::Month => 120,
        }
    }
}

impl std::str::FromStr for Window {
    type Err = String;

    fn from_str(value: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == value);
        known.ok_or_else(|| format!("{value:?} is no window; there are 1h, 24h, 7d and 30d"))
    }
}

/// How much happened, what is not finished, and what needs somebody.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When this was read, by the database's clock.
    pub as_of: Timestamp,
    /// Most serious first; empty when nothing needs anybody.
    pub attention: Vec<Attention>,
    pub activity: Activity,
    pub queues: Vec<QueueDepth>,
    /// Of the whole deployment; the last heard of first.
    pub workers: Vec<Worker>,
}

/// How often what happened, over time.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    pub bucket_s: i32,
    /// Oldest first, without a gap; the last one is under way.
    pub buckets: Vec<Bucket>,
    pub totals: Numbers,
}

/// What happened in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    pub since: Timestamp,
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    pub arrived: i64,
    pub syncs_completed: i64,
    pub syncs_partial: i64,
    pub syncs_failed: i64,
    pub syncs_ignored: i64,
    pub delivered: i64,
    /// Tries that failed in passing.
    pub deliveries_failed: i64,
    pub deliveries_dead: i64,
    pub deliveries_cancelled: i64,
}

impl Numbers {
    /// Syncs that ended, the ignored ones included.
    pub const fn syncs(&self) -> i64 {
        self.syncs_completed + self.syncs_partial + self.syncs_failed + self.syncs_ignored
    }

    fn of(&mut self, metric: Metric) -> &mut i64 {
        match metric {
            Metric::Arrived => &mut self.arrived,
            Metric::SyncCompleted => &mut self.syncs_completed,
            Metric::SyncPartial => &mut self.syncs_partial,
            Metric::SyncFailed => &mut self.syncs_failed,
            Metric::SyncIgnored => &mut self.syncs_ignored,
            Metric::DeliveryDelivered => &mut self.delivered,
            Metric::DeliveryFailed => &mut self.deliveries_failed,
            Metric::DeliveryDead => &mut self.deliveries_dead,
            Metric::DeliveryCancelled => &mut self.deliveries_cancelled,
        }
    }
}

/// The overview of a workspace.
pub async fn overview(
    store: &Store,
    workspace: WorkspaceId,
    window: Window,
) -> Result<Overview, OperationError> {
    let conn = store.conn().await?;
    let as_of = doctor::now(&conn).await?;
    let workers = workers::running(&conn).await?;
    Ok(Overview {
        as_of,
        attention: attention::of(&conn, workspace, &workers, as_of).await?,
        activity: activity_until(&conn, workspace, window, as_of).await?,
        queues: stands::queues(&conn, workspace).await?,
        workers,
    })
}

/// How often what happened in a workspace: for the histogram and the counted tabs of a list.
pub async fn activity(
    store: &Store,
    workspace: WorkspaceId,
    window: Window,
) -> Result<Activity, OperationError> {
    let conn = store.conn().await?;
    let now = doctor::now(&conn).await?;
    activity_until(&conn, workspace, window, now).await
}

async fn activity_until(
    conn: &hookyard_store::Conn,
    workspace: WorkspaceId,
    window: Window,
    now: Timestamp,
) -> Result<Activity, OperationError> {
    let bucket_s = window.bucket_s();
    let last = now.as_second() - now.as_second().rem_euclid(i64::from(bucket_s));
    let step = SignedDuration::from_secs(i64::from(bucket_s));
    let mut since = Timestamp::from_second(last - (window.buckets() - 1) * i64::from(bucket_s))
        .expect("thirty days before now is a time");
    let counted = rollups::counted(conn, workspace, Span { since, bucket_s }).await?;
    let mut buckets = Vec::with_capacity(usize::try_from(window.buckets()).unwrap_or_default());
    for _ in 0..window.buckets() {
        buckets.push(Bucket { since, numbers: Numbers::default() });
        since = since.saturating_add(step).expect("now is a time");
    }
    Ok(filled(bucket_s, buckets, &counted))
}

fn filled(bucket_s: i32, mut buckets: Vec<Bucket>, counted: &[Counted]) -> Activity {
    let mut totals = Numbers::default();
    for it in counted {
        if let Ok(at) = buckets.binary_search_by_key(&it.bucket, |bucket| bucket.since) {
            *buckets[at].numbers.of(it.metric) += it.count;
            *totals.of(it.metric) += it.count;
        }
    }
    Activity { bucket_s, buckets, totals }
}
