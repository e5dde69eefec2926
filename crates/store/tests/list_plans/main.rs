//! Every list stays fast when the tables are long: each is run on 50,000 rows, with every combination of its filters,
//! on the first page and on a deep one, often enough that the server may choose a generic plan.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod bounded;
mod connectors;
mod plans;

use std::fmt::Debug;

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{
    AccountId, ConnectionId, InstanceId, OauthClientId, SourceId, SyncEventId, TargetId,
    WorkspaceId,
};
use hookyard_domain::job::{JobKind, JobState};
use hookyard_domain::sync_event::{FileOutcome, SyncStatus};
use hookyard_store::audit::{self, AuditFilter};
use hookyard_store::delivery_jobs::Lane;
use hookyard_store::delivery_list::{self, DeliveryFilter};
use hookyard_store::event_list::{self, EventFilter};
use hookyard_store::paging::{PAGE_ITEMS_MAX, Page, PageRequest};
use hookyard_store::rollups::{self, Span};
use hookyard_store::sync_event_list::{self, Search, SyncEventFilter};
use hookyard_store::{
    Conn, StoreError, accounts, connections, dead_letters, deliveries, doctor, instances, job_list,
    mappings, members, oauth_clients, oauth_grants, overview, rejected_messages, replays, sources,
    subscriptions, sync_events, targets, tokens, workspaces,
};
use hookyard_testkit::database::TestDatabase;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// From its sixth execution on, a prepared statement may get a generic plan.
const EXECUTIONS: usize = 7;
/// How many pages deep a deep page is, where there are as many.
const DEEP_PAGES: usize = 20;

#[tokio::test]
async fn every_list_query_uses_an_index() {
    let database = TestDatabase::create().await;
    execute(&database, include_str!("rows.sql")).await;
    let store = plans::explained_store(&database).await;
    let mut conn = store.conn().await.unwrap();
    set_up_lists(&conn).await;
    connectors::lists(&conn).await;
    work_lists(&conn).await;
    bounded::causes_of_dead_letters(&mut conn).await;
    sync_event_lists(&conn).await;
    retried_sync_events(&conn).await;
    event_lists(&conn).await;
    outbound_lists(&conn).await;
    delivery_lists(&conn).await;
    bounded::replays_of_deliveries(&conn).await;
    bounded::config_object_lists(&conn).await;
    stands(&conn).await;
}

/// What the overview, its charts and the doctor read: nothing is counted through.
async fn stands(conn: &Conn) {
    let workspace = workspace();
    let span = Span { since: last_hour(), bucket_s: 900 };
    for _ in 0..EXECUTIONS {
        rollups::counted(conn, workspace, span).await.unwrap();
        overview::queues(conn, workspace).await.unwrap();
        overview::amiss_connections(conn, workspace).await.unwrap();
        overview::amiss_clients(conn, workspace).await.unwrap();
        overview::amiss_targets(conn, workspace).await.unwrap();
        overview::unsettled_syncs(conn, workspace).await.unwrap();
        overview::open_letters(conn, workspace).await.unwrap();
    }
    plans::check("the overview");
    for _ in 0..EXECUTIONS {
        doctor::stuck_jobs(conn).await.unwrap();
        doctor::syncs_without_job(conn).await.unwrap();
        doctor::sources_without_secret(conn).await.unwrap();
        doctor::targets_to_confirm(conn).await.unwrap();
        doctor::open_dead_letters(conn).await.unwrap();
        doctor::rejected_lately(conn).await.unwrap();
        doctor::waiting_lanes(conn).await.unwrap();
        doctor::ill_connections(conn).await.unwrap();
    }
    plans::check_counted("the doctor");
}

async fn set_up_lists(conn: &Conn) {
    walk("workspaces", async |page| workspaces::list(conn, page).await).await;
    walk("mappings", async |page| mappings::list(conn, None, page).await).await;
    walk("mappings of a target", async |page| mappings::list(conn, Some(target()), page).await)
        .await;
    let (account, instance) = (AccountId(fixed(7)), InstanceId(fixed(7)));
    walk("instances of an account", async |page| {
        instances::list_of_account(conn, account, page).await
    })
    .await;
    walk("targets of an instance", async |page| {
        targets::list_of_instance(conn, instance, page).await
    })
    .await;
    for workspace in [None, Some(workspace())] {
        let of = format!("of {workspace:?}");
        walk(&format!("sources {of}"), async |page| sources::list(conn, workspace, page).await)
            .await;
        walk(&format!("accounts {of}"), async |page| accounts::list(conn, workspace, page).await)
            .await;
        walk(&format!("instances {of}"), async |page| instances::list(conn, workspace, page).await)
            .await;
        walk(&format!("targets {of}"), async |page| targets::list(conn, workspace, page).await)
            .await;
        let values =
            [("member:7", "source.rotate", "subject7"), ("nobody", "source.absent", "nothing")];
        for (bits, (actor, action, subject)) in
            (0..16).flat_map(|bits| values.map(|them| (bits, them)))
        {
            let filter = AuditFilter {
                workspace,
                actor: given(bits, 0, actor),
                action: given(bits, 1, action),
                subject: given(bits, 2, subject),
                since: given(bits, 3, last_hour()),
            };
            walk(&format!("audit {filter:?}"), async |page| audit::list(conn, filter, page).await)
                .await;
        }
    }
}

async fn work_lists(conn: &Conn) {
    for _ in 0..EXECUTIONS {
        job_list::counts(conn).await.unwrap();
    }
    plans::check("the counts of jobs");
    for kind in JobKind::ALL {
        for state in JobState::ALL {
            walk(&format!("{state} {kind} jobs"), async |page| {
                job_list::list(conn, *kind, *state, page).await
            })
            .await;
        }
    }
    walk("rejected messages", async |page| rejected_messages::list(conn, page).await).await;
    for workspace in [None, Some(workspace())] {
        for settled in [false, true] {
            let what = format!("dead letters of {workspace:?}, settled too: {settled}");
            walk(&what, async |page| dead_letters::list(conn, workspace, settled, page).await)
                .await;
        }
    }
}

async fn sync_event_lists(conn: &Conn) {
    let searches = ["delivery-77", "c9f0f895", "0badcafe0", "octo/r7", "octo/absent"]
        .map(|text| Some(Search::parse(text)));
    let sets = [
        vec![],
        vec![SyncStatus::Failed],
        vec![SyncStatus::Partial, SyncStatus::Failed],
        vec![SyncStatus::Queued, SyncStatus::Running],
        vec![SyncStatus::Failed, SyncStatus::Ignored],
    ];
    // The kind of most, of some, and of none.
    let kinds = [None, Some("github.push"), Some("retry"), Some("recheck"), Some("github.absent")];
    for (bits, statuses) in (0..8_u32).flat_map(|bits| sets.clone().map(|them| (bits, them))) {
        let filter = SyncEventFilter {
            workspace: given(bits, 0, workspace()),
            target: given(bits, 1, target()),
            statuses,
            since: given(bits, 2, last_hour()),
            ..SyncEventFilter::default()
        };
        let searched = searches.clone().map(|search| SyncEventFilter { search, ..filter.clone() });
        let of_kind = kinds
            .map(|kind| SyncEventFilter { event_type: kind.map(str::to_owned), ..filter.clone() });
        for filter in searched.into_iter().chain(of_kind) {
            walk(&format!("{filter:?}"), async |page| {
                sync_event_list::list(conn, &filter, page).await
            })
            .await;
        }
    }
    let seen = SyncEventFilter {
        workspace: Some(workspace()),
        instances: Some(
            instances::list(conn, Some(workspace()), PageRequest::first())
                .await
                .unwrap()
                .items
                .iter()
                .map(|it| it.id)
                .take(15)
                .collect(),
        ),
        ..SyncEventFilter::default()
    };
    walk("those that a member may see", async |page| {
        sync_event_list::list(conn, &seen, page).await
    })
    .await;
    let first = sync_event_list::list(conn, &SyncEventFilter::default(), PageRequest::first())
        .await
        .unwrap();
    let newest: SyncEventId = first.items[0].id;
    for after in [None, Some(("skills/3", FileOutcome::Created))] {
        for _ in 0..EXECUTIONS {
            assert_eq!(sync_event_list::files(conn, newest, after, 100).await.unwrap().len(), 100);
        }
    }
    for _ in 0..EXECUTIONS {
        let files = sync_event_list::files_failures_first(conn, newest, 100).await.unwrap();
        let failed = files.iter().take_while(|it| it.outcome == FileOutcome::Failed).count();
        assert_eq!((failed, files.len()), (50, 100));
    }
    plans::check("files of a sync event");
}

async fn retried_sync_events(conn: &Conn) {
    let bad = SyncEventFilter {
        workspace: Some(workspace()),
        statuses: vec![SyncStatus::Failed, SyncStatus::Partial],
        ..SyncEventFilter::default()
    };
    for _ in 0..EXECUTIONS {
        let (ids, _) = sync_event_list::first_ids(conn, &bad, 1_000).await.unwrap();
        assert!(!sync_events::retry_targets(conn, &ids).await.unwrap().is_empty());
    }
    plans::check("targets of sync events that are retried");
}

async fn event_lists(conn: &Conn) {
    let last_hour = last_hour();
    let values = [
        ("github.push", EventOutcome::Ignored, 6),
        ("github.installation.created", EventOutcome::Failed, 6),
        ("github.rare", EventOutcome::Replay, 6),
        ("github.absent", EventOutcome::Replay, 999_999),
    ];
    for (bits, (event_type, outcome, source)) in
        (0..64_u32).flat_map(|bits| values.map(|them| (bits, them)))
    {
        let filter = EventFilter {
            workspace: given(bits, 0, workspace()),
            source: given(bits, 1, SourceId(fixed(source))),
            event_type: given(bits, 2, event_type.to_owned()),
            outcome: given(bits, 3, outcome),
            delivery_id: given(bits, 4, "delivery-100".to_owned()),
            since: given(bits, 5, last_hour),
        };
        walk(&format!("{filter:?}"), async |page| event_list::list(conn, &filter, page).await)
            .await;
    }
}

async fn outbound_lists(conn: &Conn) {
    let connection = ConnectionId(fixed(7));
    walk("subscriptions of a connection", async |page| {
        subscriptions::list_of_connection(conn, connection, page).await
    })
    .await;
    let lane = Lane { workspace: workspace(), receiver: connection.0 };
    let client = OauthClientId(fixed(7));
    for _ in 0..EXECUTIONS {
        deliveries::waiting(conn, lane).await.unwrap();
        oauth_grants::of_client(conn, client, "m").await.unwrap();
    }
    plans::check("what waits for a connection, and who grants to a client");
    for workspace in [None, Some(workspace())] {
        let of = format!("of {workspace:?}");
        walk(&format!("connections {of}"), async |page| {
            connections::list(conn, workspace, page).await
        })
        .await;
        walk(&format!("subscriptions {of}"), async |page| {
            subscriptions::list(conn, workspace, page).await
        })
        .await;
        walk(&format!("clients {of}"), async |page| {
            oauth_clients::list(conn, workspace, page).await
        })
        .await;
        walk(&format!("tokens {of}"), async |page| tokens::list(conn, workspace, page).await).await;
        walk(&format!("members {of}"), async |page| members::list(conn, workspace, page).await)
            .await;
        walk(&format!("replays {of}"), async |page| replays::list(conn, workspace, page).await)
            .await;
    }
}

async fn delivery_lists(conn: &Conn) {
    let some = delivery_list::list(conn, &DeliveryFilter::default(), PageRequest::first()).await;
    let event = some.unwrap().items[0].event_id;
    let states = [
        None,
        Some(DeliveryState::Pending),
        Some(DeliveryState::Delivering),
        Some(DeliveryState::Delivered),
        Some(DeliveryState::Dead),
    ];
    let types = ["github.push", "post.created", "github.rare", "github.absent"];
    for ((state, bits), event_type) in states
        .into_iter()
        .flat_map(|state| (0..9_u32).map(move |bits| (state, bits)))
        .flat_map(|one| types.map(|event_type| (one, event_type)))
    {
        if bits & 2 == 0 && event_type != types[0] {
            continue;
        }
        let filter = DeliveryFilter {
            workspace: given(bits, 0, workspace()),
            state,
            event_type: given(bits, 1, event_type.to_owned()),
            receiver: given(bits, 2, fixed(7)),
            event: given(bits, 3, event),
        };
        walk(&format!("{filter:?}"), async |page| delivery_list::list(conn, &filter, page).await)
            .await;
    }
}

/// Reads the first page and one that is deep, or the last, and checks the plans of all that was run for it.
async fn walk<T, I: Copy + Debug>(
    what: &str,
    list: impl AsyncFn(PageRequest<I>) -> Result<Page<T, I>, StoreError>,
) {
    let mut cursor = None;
    for _ in 0..EXECUTIONS {
        let page = list(PageRequest::new(PAGE_ITEMS_MAX, None).unwrap()).await.unwrap();
        cursor = page.next_cursor;
    }
    for _ in 1..DEEP_PAGES {
        if cursor.is_none() {
            break;
        }
        let page = list(PageRequest::new(PAGE_ITEMS_MAX, cursor).unwrap()).await.unwrap();
        cursor = page.next_cursor.or(cursor);
    }
    for _ in 0..EXECUTIONS {
        list(PageRequest::new(PAGE_ITEMS_MAX, cursor).unwrap()).await.unwrap();
    }
    plans::check(what);
}

/// When the last of the rows begin, which are all of yesterday: its last hour.
fn last_hour() -> Timestamp {
    now().to_zoned(TimeZone::UTC).start_of_day().unwrap().timestamp()
        - SignedDuration::from_hours(1)
}

/// The value if the bit is set.
fn given<T>(bits: u32, bit: u32, value: T) -> Option<T> {
    (bits >> bit & 1 == 1).then_some(value)
}

/// The one with two fifths of everything.
fn workspace() -> WorkspaceId {
    WorkspaceId(fixed(1))
}

fn target() -> TargetId {
    TargetId(fixed(7))
}

/// `fixed` of `rows.sql`.
fn fixed(n: u32) -> Uuid {
    Uuid::parse_str(&format!("00000000-0000-4000-8000-{n:012}")).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the rows lie around the database's present time")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Runs statements as the owner, on a connection of their own.
async fn execute(database: &TestDatabase, sql: &str) {
    let (client, connection) =
        tokio_postgres::connect(&database.owner_url(), tokio_postgres::NoTls).await.unwrap();
    let statements = async move {
        client.batch_execute(sql).await.unwrap();
        // The connection ends with its client.
        drop(client);
    };
    let (connected, ()) = tokio::join!(connection, statements);
    connected.unwrap();
}
