//! Fanning out: which subscriptions want an event, and a delivery with its job for each that is chosen.
//!
//! A delivery's id follows from event and subscriber, so that fanning out twice, at once or after a crash, finds the
//! deliveries there and makes none.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::delivery::SubscriberKind;
use hookyard_domain::ids::{DeliveryId, EventId, WorkspaceId};
use hookyard_domain::job::READY_GRACE_MS;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::delivery_jobs::delivery_id;
use crate::{Db, StoreError, Tx};

/// Ready jobs of one workspace's deliveries above which further ones are parked: the queue never holds more of one
/// workspace than this, so another's do not wait behind them.
pub const READY_PER_WORKSPACE_MAX: i64 = 1_000;

/// Somebody who may be owed an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub event: EventId,
    pub event_type: String,
    pub workspace: WorkspaceId,
    pub subscriber: Uuid,
    pub subscriber_kind: SubscriberKind,
    /// The connection or the OAuth client.
    pub receiver: Uuid,
    /// What the event's payload must match, if anything.
    pub filter: Option<String>,
    /// Why nothing can be sent, if so: the delivery is skipped, with this on record.
    pub skip: Option<&'static str>,
}

/// Who may be owed these events: the active subscriptions of the workspaces that they concern, and the OAuth clients of
/// a user who connected an integration.
pub async fn candidates(db: &impl Db, events: &[EventId]) -> Result<Vec<Candidate>, StoreError> {
    const SQL: &str = "-- fan_out::candidates
        with meant as materialized (
            -- Read once: planning a scan of all partitions costs more than the scan.
            select id, type, workspace_id,
                   case when origin = 'system' and type = 'integration.connected' then body end as connected
              from event where id = any($1)
        ), concerned as materialized (
            select id, type, workspace_id from meant where workspace_id is not null
             union
            select meant.id, meant.type, link.workspace_id
              from event_workspace link join meant on meant.id = link.event_id
             where link.event_id = any($1)
        )
        select concerned.id, concerned.type, concerned.workspace_id, subscription.id as subscriber_id,
               'subscription' as subscriber_kind, subscription.connection_id as receiver_id, subscription.filter,
               connection.status
          from concerned
          join subscription on subscription.workspace_id = concerned.workspace_id and subscription.status = 'active'
           and wants_event(subscription.event_types, concerned.type)
          join connection on connection.id = subscription.connection_id
         union all
        select meant.id, meant.type, meant.workspace_id, client.id, 'oauth_client', client.id, null,
               'connected' as status
          from meant
          join oauth_client client on client.workspace_id = meant.workspace_id and client.status = 'active'
           and 'integration' = any(client.scopes)
          join oauth_grant on oauth_grant.client_id = client.id and oauth_grant.revoked_at is null
           and oauth_grant.user_id = convert_from(meant.connected, 'UTF8')::json ->> 'userId'
         where meant.connected is not null";
    let ids: Vec<Uuid> = events.iter().map(|it| it.0).collect();
    db.rows(SQL, &[/* events */ &ids]).await?.iter().map(candidate_of).collect()
}

fn candidate_of(row: &Row) -> Result<Candidate, StoreError> {
    let status: ConnectionStatus = row.get::<_, &str>("status").parse()?;
    Ok(Candidate {
        event: EventId(row.get("id")),
        event_type: row.get("type"),
        workspace: WorkspaceId(row.get("workspace_id")),
        subscriber: row.get("subscriber_id"),
        subscriber_kind: row.get::<_, &str>("subscriber_kind").parse()?,
        receiver: row.get("receiver_id"),
        filter: row.get("filter"),
        skip: status.not_sent_to(),
    })
}

/// Makes a delivery of each candidate that has none; returns those to be published.
///
/// A delivery waits parked instead while its lane has parked ones, which come first, or its workspace has
/// [`READY_PER_WORKSPACE_MAX`] ready. Two that fan out in the same instant may exceed that by what one of them makes.
pub async fn deliver(tx: &Tx<'_>, candidates: &[Candidate]) -> Result<Vec<DeliveryId>, StoreError> {
    const SQL: &str = "-- fan_out::deliver
        with input as materialized (
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::text[],
                                 $8::text[])
                as input(id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type, skip)
        ), made as (
            insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type,
                                  state, error)
            select id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type,
                   case when skip is null then 'pending' else 'cancelled' end, 'skipped: ' || skip
              from input order by id
                on conflict do nothing
         returning id, workspace_id, receiver_id, state
        ), room as materialized (
            select workspace_id, $9 - (select count(*)
                                         from (select from job
                                                where job.workspace_id = asked.workspace_id and lane_id is not null
                                                  and state not in ('scheduled', 'leased', 'parked') limit $9) ready) as places
              from (select distinct workspace_id from input) asked
        ), lane as materialized (
            select workspace_id, receiver_id,
                   exists (select from job
                            where state = 'parked' and job.workspace_id = asked.workspace_id
                              and job.lane_id = asked.receiver_id) as waiting
              from (select distinct workspace_id, receiver_id from input) asked
        ), placed as materialized (
            select made.id, made.workspace_id, made.receiver_id,
                   lane.waiting or row_number() over (partition by made.workspace_id, lane.waiting order by made.id)
                                   > room.places as parked
              from made
              join room using (workspace_id)
              join lane using (workspace_id, receiver_id)
             where made.state = 'pending'
        )
        insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
        select id, workspace_id, receiver_id, 'delivery', case when parked then 'parked' else 'ready' end,
               case when parked then now() else now() + make_interval(secs => $10::float8) end
          from placed order by id
     returning subject_id, state";
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    macro_rules! column {
        ($it:ident => $value:expr) => {
            candidates.iter().map(|$it| $value).collect::<Vec<_>>()
        };
    }
    #[expect(clippy::cast_precision_loss, reason = "a minute")]
    let grace_s = READY_GRACE_MS as f64 / 1000.0;
    let rows = tx
        .rows(
            SQL,
            &[
                /* id */ &column!(it => delivery_id(it.event.0, it.subscriber).0),
                /* event */ &column!(it => it.event.0),
                /* workspace */ &column!(it => it.workspace.0),
                /* subscriber */ &column!(it => it.subscriber),
                /* subscriber kind */ &column!(it => it.subscriber_kind.as_str()),
                /* receiver */ &column!(it => it.receiver),
                /* event type */ &column!(it => it.event_type.as_str()),
                /* skip */ &column!(it => it.skip),
                /* ready at most */ &READY_PER_WORKSPACE_MAX,
                /* grace */ &grace_s,
            ],
        )
        .await?;
    let ready = rows.iter().filter(|row| row.get::<_, &str>("state") == "ready");
    Ok(ready.map(|row| DeliveryId(row.get("subject_id"))).collect())
}

/// An event as its deliveries are made from it.
#[derive(Debug, Clone)]
pub struct DeliverableEvent {
    pub id: EventId,
    pub event_type: String,
    /// When it happened, as its publisher says, or when it was received.
    pub occurred_at: Timestamp,
    pub content_type: Option<String>,
    /// None when it was redacted or its time is over.
    pub body: Option<Vec<u8>>,
}

/// Bytes of bodies that are read with one statement. One event is read whatever its length.
const READ_BYTES_MAX: i64 = 32 * 1024 * 1024;

/// Events as they were read for their deliveries.
#[derive(Debug, Clone, Default)]
pub struct DeliverableEvents {
    /// What is not there any more is left out.
    pub events: Vec<DeliverableEvent>,
    /// Too much for one reading beside the others.
    pub later: Vec<EventId>,
}

/// These events with their bodies, as many as may be read at once.
pub async fn events_for_delivery(
    db: &impl Db,
    events: &[EventId],
) -> Result<DeliverableEvents, StoreError> {
    const SQL: &str = "-- fan_out::events_for_delivery
        select id, type, received_at, headers ->> 'occurredAt' as occurred_at, content_type, later,
               case when not later then body end as body
          from (select id, type, received_at, headers, content_type, body,
                       sum(body_bytes) over (order by id) > greatest($2::int8, first_value(body_bytes) over (order by id)) as later
                  from event where id = any($1)) sized";
    let ids: Vec<Uuid> = events.iter().map(|it| it.0).collect();
    let rows = db.rows(SQL, &[/* ids */ &ids, /* bytes */ &READ_BYTES_MAX]).await?;
    let mut read = DeliverableEvents::default();
    for row in &rows {
        let id = EventId(row.get("id"));
        if row.get::<_, Option<bool>>("later").unwrap_or_default() {
            read.later.push(id);
            continue;
        }
        let occurred_at = row.get::<_, Option<&str>>("occurred_at");
        read.events.push(DeliverableEvent {
            id,
            event_type: row.get("type"),
            occurred_at: occurred_at
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(|| row.get("received_at")),
            content_type: row.get("content_type"),
            body: row.get("body"),
        });
    }
    Ok(read)
}
