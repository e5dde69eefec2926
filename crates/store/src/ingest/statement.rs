//! The one statement of the ingress, and the connection that runs it.

use std::collections::HashMap;
use std::hash::Hash;

use hookyard_domain::github_event::Push;
use hookyard_domain::ids::{EventId, InstanceId, SyncEventId, TargetId};
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::{Arrival, QueuedSync, Recorded, Wish};
use crate::schema::PARTITION_DAYS_AHEAD;
use crate::tls::Endpoint;
use crate::{StoreError, StoreSettings};

/// Records a batch; returns a row for each new event, and one for each further sync of it.
///
/// Whom an event concerns, who of them wants it and which targets track a push is looked up once for all rows that are
/// alike in it, however many they are: `kind` and `place` are the number of the first such row.
///
/// A push is redundant for a target only if its head is the newest queued one, or if nothing is queued or
/// running and the target is active and equals it: A, B, forced back to A must end at A. Of several pushes to a
/// target in one batch only the last is queued; the others are superseded before anybody could have run them. What is
/// redundant or superseded leaves a sync event too: which moves the branch made tells a late view of it from a new one.
pub const RECORD_STATEMENT: &str = "-- ingest::record
with input as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int4[], $5::text[], $6::text[], $7::text[],
                         $8::bytea[], $9::bytea[], $10::int8[], $11::int8[], $12::text[], $13::text[],
                         $14::text[], $15::text[], $16::text[], $21::text[], $22::bytea[], $23::uuid[],
                         $24::int8[], $25::int8[]) with ordinality
      as t(event_id, source_id, workspace_id, replay_window_s, type, delivery_id, hook_id,
           id_key, body_key, installation_id, repository_id, repository, git_ref,
           before_sha, head_sha, ignored, origin, body_hash, part_of, kind, place, n)
), by_id as (
    insert into dedupe (kind, source_id, key, event_id, body_hash)
    select (case origin when 'api' then 'i' else 'd' end)::\"char\", source_id, id_key, event_id, body_hash
      from input where id_key is not null order by origin, source_id, id_key
        on conflict do nothing
    returning event_id
), by_body as (
    insert into dedupe (kind, source_id, key, event_id)
    select 'h', source_id, body_key, event_id from input join by_id using (event_id)
     where body_key is not null order by source_id, body_key
        on conflict do nothing
    returning event_id
), fresh as (
    select input.n, input.event_id, input.workspace_id, input.kind, input.place, input.head_sha, input.ignored,
           seen.event_id as repeats,
           body_key is not null and by_body.event_id is null
           -- A key that is not visible yet was inserted while this statement ran.
           and coalesce(seen.seen_at > now() - make_interval(secs => replay_window_s), true) as replay
      from input join by_id on by_id.event_id = coalesce(input.part_of, input.event_id)
      left join by_body on by_body.event_id = input.event_id
      left join lateral (select event_id, seen_at from dedupe
                          where by_body.event_id is null
                            and kind = 'h' and source_id = input.source_id and key = input.body_key
                          limit 1) seen on true
), trackers as (
    select places.n as place, target.id as target_id, target.instance_id, target.workspace_id,
           queued.found as queued, queued.announced_sha as queued_sha,
           case when running.found is null and target.status = 'active'
                     -- Its tag is kept only if all files were well; otherwise another look may mend some.
                     and target.applied_etag is not null and target.applied_mapping_revision = target.mapping_revision
                then target.applied_sha end as settled_sha
      from input places
      join connector_target target
        on target.repository_id = places.repository_id and target.git_ref = places.git_ref
       and target.status in ('active', 'branch_deleted', 'repository_gone', 'needs_confirmation')
      join connector_instance instance on instance.id = target.instance_id and instance.status = 'active'
      join connector_account account
        on account.id = instance.account_id and account.installation_id = places.installation_id
       and account.status = 'active'
      left join lateral (select true as found, announced_sha from sync_event
                          where target_id = target.id and status = 'queued' order by seq desc limit 1) queued on true
      left join lateral (select true as found from sync_event
                          where target_id = target.id and status = 'running' limit 1) running on true
     where places.place = places.n and (places.workspace_id is null or places.workspace_id = target.workspace_id)
), syncing as (
    select n, event_id, target_id, instance_id, workspace_id, uuid_v7(now()) as sync_event_id,
           case when redundant then 'redundant'
                when n < max(n) filter (where not redundant) over (partition by target_id) then 'superseded'
            end as ignored
      from (select fresh.n, fresh.event_id, trackers.target_id, trackers.instance_id, trackers.workspace_id,
                   -- The newest is the one before it in this batch, else the newest queued one.
                   case when lag(fresh.n) over pushes is not null then lag(fresh.head_sha) over pushes = fresh.head_sha
                        when trackers.queued then trackers.queued_sha is not distinct from fresh.head_sha
                        else trackers.settled_sha = fresh.head_sha
                    end is true as redundant
              from fresh join trackers using (place)
             where not fresh.replay
            window pushes as (partition by trackers.target_id order by fresh.n)) pushed
), syncs as (
    insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, reason, completed_at, delivery_id,
                            event_type, repository, git_ref, before_sha, announced_sha)
    select sync_event_id, syncing.workspace_id, target_id, syncing.event_id, 'push',
           case when syncing.ignored is null then 'queued' else 'ignored' end, syncing.ignored,
           case when syncing.ignored is not null then now() end,
           delivery_id, type, repository, git_ref, before_sha, head_sha
      from syncing join input using (n) order by n
), reached as (
    select kinds.n as kind, owner.workspace_id,
           exists (select 1 from subscription
                    where subscription.workspace_id = owner.workspace_id and subscription.status = 'active'
                      and wants_event(subscription.event_types, kinds.type)) as wants
      from input kinds
      join lateral (select kinds.workspace_id where kinds.workspace_id is not null
                     union
                    select account.workspace_id from connector_account account
                     where kinds.workspace_id is null and account.installation_id = kinds.installation_id) owner on true
     where kinds.kind = kinds.n
), verdict as (
    select fresh.n, fresh.event_id, fresh.kind, fresh.workspace_id, fresh.repeats,
           -- The syncs of a push are its work; only subscribers make more of it.
           wanted.kind is not null or head_sha is null as routed,
           case when replay then 'replay'
                when wanted.kind is not null then null
                when ignored is not null then 'ignored'
                when head_sha is not null and concerned.redundant is distinct from false then 'ignored'
            end as outcome,
           case when replay or wanted.kind is not null then null
                when ignored is not null then ignored
                when head_sha is not null and concerned.redundant is null then 'not_tracked'
                when head_sha is not null and concerned.redundant then 'redundant'
            end as reason
      from fresh
      left join (select distinct kind from reached where wants) wanted on wanted.kind = fresh.kind and not replay
      left join (select n, bool_and(ignored is not distinct from 'redundant') as redundant from syncing group by n) concerned
        using (n)
), events as (
    insert into event (id, origin, source_id, workspace_id, type, outcome, reason, provider_delivery_id, hook_id,
                       repeats, installation_id, repository_id, repository, git_ref, before_sha, head_sha,
                       headers, content_type, body, body_bytes)
    select verdict.event_id, origin, case when origin = 'webhook' then source_id end, verdict.workspace_id, type, outcome, reason, delivery_id, hook_id,
           repeats, installation_id, repository_id, repository, git_ref, before_sha, head_sha,
           ($17::text[])[n::int4]::json, ($18::text[])[n::int4], ($19::bytea[])[n::int4], length(($19::bytea[])[n::int4])
      from verdict join input using (n)
), jobs as (
    insert into job (subject_id, workspace_id, kind, state, due_at)
    select event_id, workspace_id, 'event', 'ready', now() + make_interval(secs => $20::float8)
      from verdict where outcome is null and routed
     union all
    select sync_event_id, workspace_id, 'sync', 'ready', now() + make_interval(secs => $20::float8)
      from syncing where ignored is null
), owners as (
    -- The worker says whom an event concerns when it routes it; what is not routed is said here.
    insert into event_workspace (workspace_id, event_id)
    select reached.workspace_id, event_id from verdict join reached using (kind)
     where verdict.workspace_id is not null or outcome is not null or not routed
)
select verdict.event_id, verdict.outcome, verdict.reason, verdict.routed, queued.sync_event_id, queued.target_id, queued.instance_id
  from verdict
  left join (select n, sync_event_id, target_id, instance_id from syncing where ignored is null) queued
    using (n)";

/// A connection that does nothing but record batches. Not of the pool: it never waits for another's work.
pub struct Committer {
    client: Client,
    statement: Statement,
    /// What must be added to the host's clock to get the database's, in milliseconds.
    clock_offset_ms: i64,
}

impl Committer {
    /// Connects, and makes sure that there are partitions to insert into; `host_now_ms` reads the host's clock,
    /// to learn how far it is from the database's.
    ///
    /// The returned future carries the connection's traffic: it must be polled until it ends.
    pub async fn connect(
        settings: &StoreSettings,
        host_now_ms: fn() -> i64,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<>), StoreError> {
        const SET_UP: &str = "-- ingest::set_up
            select make_partitions($1), (extract(epoch from clock_timestamp()) * 1000)::int8 as now_ms";
        let settings = StoreSettings { by_index_only: true, ..settings.clone() };
        let Endpoint { config, tls } = settings.endpoint()?;
        let (client, connection) = config.connect(tls).await.map_err(StoreError::of_connecting)?;
        let traffic = async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a committer's connection ended");
            }
        };
        let mut traffic = Box::pin(traffic);
        let prepared = async {
            let statement = client.prepare(RECORD_STATEMENT).await?;
            let row = client.query_one(SET_UP, &[&PARTITION_DAYS_AHEAD]).await?;
            Ok::<_, tokio_postgres::Error>((statement, row.get::<_, i64>("now_ms")))
        };
        let (statement, database_now_ms) = tokio::select! {
            prepared = prepared => prepared?,
            () = &mut traffic => return Err(StoreError::Unavailable("the connection ended while it was set up".into())),
        };
        let clock_offset_ms = database_now_ms - host_now_ms();
        Ok((Self { client, statement, clock_offset_ms }, traffic))
    }

    /// What must be added to the host's clock to get the database's, in milliseconds.
    ///
    /// Event ids name their partition by time, and time is the database's.
    pub fn clock_offset_ms(&self) -> i64 {
        self.clock_offset_ms
    }

    /// The driver's client, for the other statements of the ingress.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Records a batch in one transaction; returns what became of each arrival, in order.
    ///
    /// The jobs count as lost by their queue after `ready_grace_ms`; 0 makes them due now.
    pub async fn record(
        &self,
        batch: &[impl AsRef<Arrival>],
        ready_grace_ms: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let batch: Vec<&Arrival> = batch.iter().map(AsRef::as_ref).collect();
        let rows = self.run(&batch, ready_grace_ms).await?;
        let mut found = outcomes(&rows);
        Ok(batch
            .into_iter()
            .map(|arrival| found.remove(&arrival.event).unwrap_or(Recorded::Duplicate))
            .collect())
    }

    async fn run(&self, batch: &[&Arrival], ready_grace_ms: u32) -> Result<Vec<Row>, StoreError> {
        macro_rules! column {
            ($arrival:ident => $value:expr) => {
                batch.iter().map(|$arrival| $value).collect::<Vec<_>>()
            };
        }
        let pushes = column!(it => match &it.wish { Wish::Push(push) => Some(push), Wish::Ignore(_) | Wish::Route => None });
        let of_push = |pick: fn(&Push) -> Option<&str>| -> Vec<Option<&str>> {
            pushes.iter().map(|push| push.and_then(pick)).collect()
        };
        let repository_ids: Vec<Option<i64>> =
            pushes.iter().map(|push| push.map(|it| it.repository_id)).collect();
        let kinds = first_alike(
            batch.iter().map(|it| Some((it.workspace, it.installation_id, &it.event_type))),
        );
        let places = first_alike(batch.iter().zip(&pushes).map(|(it, push)| {
            push.map(|push| (it.workspace, it.installation_id, push.repository_id, &push.git_ref))
        }));
        let rows = self
            .client
            .query(&self.statement, &[
                /* event id */ &column!(it => it.event.0),
                /* source id */ &column!(it => it.source.0),
                /* workspace id */ &column!(it => it.workspace.map(|it| it.0)),
                /* replay window */ &column!(it => it.replay_window_s),
                /* type */ &column!(it => it.event_type.as_str()),
                /* delivery id */ &column!(it => it.delivery_id.as_deref()),
                /* hook id */ &column!(it => it.hook_id.as_deref()),
                /* id key */ &column!(it => it.id_key.as_ref().map(<[u8; 16]>::as_slice)),
                /* body key */ &column!(it => it.body_key.as_ref().map(<[u8; 16]>::as_slice)),
                /* installation id */ &column!(it => it.installation_id),
                /* repository id */ &repository_ids,
                /* repository */ &of_push(|it| Some(&it.repository)),
                /* ref */ &of_push(|it| Some(&it.git_ref)),
                /* before */ &of_push(|it| it.before.as_deref()),
                /* head */ &of_push(|it| Some(&it.after)),
                /* ignored */ &column!(it => match &it.wish { Wish::Ignore(reason) => Some(*reason), Wish::Route | Wish::Push(_) => None }),
                /* headers */ &column!(it => it.headers.as_str()),
                /* content type */ &column!(it => it.content_type.as_deref()),
                /* body */ &column!(it => it.body.as_ref()),
                /* grace */ &(f64::from(ready_grace_ms) / 1000.0),
                /* origin */ &column!(it => it.origin.as_str()),
                /* body hash */ &column!(it => it.body_hash.as_ref().map(<[u8; 32]>::as_slice)),
                /* part of */ &column!(it => it.part_of.map(|it| it.0)),
                /* kind */ &kinds,
                /* place */ &places,
            ])
            .await?;
        Ok(rows)
    }
}

/// For each row the number of the first one with its key, counted from 1; none for one without.
fn first_alike<K: Eq + Hash>(keys: impl Iterator<Item = Option<K>>) -> Vec<Option<i64>> {
    let mut first = HashMap::new();
    (1..).zip(keys).map(|(n, key)| key.map(|key| *first.entry(key).or_insert(n))).collect()
}

fn outcomes(rows: &[Row]) -> HashMap<EventId, Recorded> {
    let mut found: HashMap<EventId, Recorded> = HashMap::with_capacity(rows.len());
    for row in rows {
        let event = EventId(row.get("event_id"));
        let sync = row.get::<_, Option<Uuid>>("sync_event_id").map(|id| QueuedSync {
            sync_event: SyncEventId(id),
            target: TargetId(row.get("target_id")),
            instance: InstanceId(row.get("instance_id")),
        });
        let recorded = recorded_of(row, row.get("routed"));
        let entry = found.entry(event).or_insert(recorded);
        if let (Recorded::Accepted { syncs, .. }, Some(sync)) = (entry, sync) {
            syncs.push(sync);
        }
    }
    found
}

/// What a row with an event's outcome and reason says; `routed`: whether an accepted event has a job of its own.
pub(super) fn recorded_of(row: &Row, routed: bool) -> Recorded {
    match row.get::<_, Option<&str>>("outcome") {
        None => Recorded::Accepted { routed, syncs: Vec::new() },
        Some("replay") => Recorded::Replay,
        Some(_) => {
            Recorded::Ignored { reason: row.get::<_, Option<String>>("reason").unwrap_or_default() }
        }
    }
}
