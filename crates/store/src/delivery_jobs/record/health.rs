//! What failed tries say about a receiver as a whole.

use std::collections::BTreeMap;

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::ids::{ConnectionId, OauthClientId, WorkspaceId};
use hookyard_domain::system_event::SystemEvent;
use serde_json::json;
use uuid::Uuid;

use super::{Failed, HealthRules, TriedReceiver, seconds, text};
use crate::{Db as _, StoreError, Tx, system_events};

/// Writes that receivers failed: since when, and why last. A receiver that is gone, or has failed for longer than the
/// rules allow, is switched off, and an event tells of it. Returns those switched off.
pub(super) async fn note_failures(
    tx: &Tx<'_>,
    failed: &[Failed<'_>],
    rules: HealthRules,
) -> Result<Vec<ConnectionId>, StoreError> {
    // In one order, so that two recorders cannot wait for each other.
    const SQL: &str = "-- delivery_jobs::note_failures
        with input as materialized (
            select * from unnest($1::uuid[], $2::text[], $3::text[]) as input(id, wish, error)
        ), before as materialized (
            select connection.id, connection.status, input.error,
                   case when input.wish <> 'error' then input.wish
                        when connection.failing_since < now() - make_interval(secs => $4::float8) then 'disabled'
                        else 'error' end as wish
              from input join connection using (id)
             where connection.id = any($1) and connection.status in ('connected', 'error')
             order by connection.id for update of connection
        ), after as (
            update connection
               set status = before.wish, last_triggered_at = now(), last_error = before.error,
                   failing_since = coalesce(failing_since, now())
              from before
             where connection.id = before.id
               -- A busy receiver's row would otherwise be written for every batch.
               and (before.status <> before.wish or connection.failing_since is null
                    or connection.last_error is distinct from before.error
                    or connection.last_triggered_at < now() - interval '1 second')
         returning connection.id, connection.workspace_id, connection.kind, connection.name, connection.status,
                   connection.failing_since, connection.last_error
        )
        select id, workspace_id, kind, name, to_char(failing_since at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as failing_since, last_error
          from after where status = 'disabled'";
    note_clients(tx, failed, rules).await?;
    let worst = worst_of(failed, TriedReceiver::Connection);
    if worst.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = worst.keys().copied().collect();
    let wishes: Vec<&str> = worst.values().map(|(status, _)| status.as_str()).collect();
    let errors: Vec<&str> = worst.values().map(|(_, error)| error.as_str()).collect();
    let rows = tx
        .rows(
            SQL,
            &[
                /* connections */ &ids,
                /* wishes */ &wishes,
                /* errors */ &errors,
                /* disable after */ &seconds(rules.disable_after_ms),
            ],
        )
        .await?;
    let mut disabled = Vec::new();
    for row in &rows {
        let id = ConnectionId(row.get("id"));
        let data = json!({
            "connection": { "id": id, "kind": row.get::<_, &str>("kind"), "name": row.get::<_, &str>("name") },
            "failingSince": row.get::<_, Option<&str>>("failing_since"),
            "error": row.get::<_, Option<&str>>("last_error"),
        });
        let workspace = WorkspaceId(row.get("workspace_id"));
        system_events::raise(tx, workspace, SystemEvent::ConnectionDisabled, &data).await?;
        disabled.push(id);
    }
    Ok(disabled)
}

/// The same of OAuth clients, which are active or disabled and nothing between.
async fn note_clients(
    tx: &Tx<'_>,
    failed: &[Failed<'_>],
    rules: HealthRules,
) -> Result<(), StoreError> {
    const SQL: &str = "-- delivery_jobs::note_failures (clients)
        with input as materialized (
            select * from unnest($1::uuid[], $2::bool[], $3::text[]) as input(id, gone, error)
        ), before as materialized (
            select client.id, input.error,
                   input.gone or coalesce(client.failing_since < now() - make_interval(secs => $4::float8), false) as over
              from input join oauth_client client using (id)
             where client.id = any($1) and client.status = 'active'
             order by client.id for update of client
        ), after as (
            update oauth_client
               set status = case when before.over then 'disabled' else status end, last_triggered_at = now(),
                   last_error = before.error, failing_since = coalesce(failing_since, now())
              from before
             where oauth_client.id = before.id
         returning oauth_client.id, workspace_id, name, status, failing_since, last_error
        )
        select id, workspace_id, name, to_char(failing_since at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as failing_since, last_error
          from after where status = 'disabled'";
    let worst = worst_of(failed, TriedReceiver::OauthClient);
    if worst.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = worst.keys().copied().collect();
    let gone: Vec<bool> =
        worst.values().map(|(status, _)| *status == ConnectionStatus::Disabled).collect();
    let errors: Vec<&str> = worst.values().map(|(_, error)| error.as_str()).collect();
    let rows = tx
        .rows(
            SQL,
            &[
                /* clients */ &ids,
                /* gone */ &gone,
                /* errors */ &errors,
                /* disable after */ &seconds(rules.disable_after_ms),
            ],
        )
        .await?;
    for row in &rows {
        let data = json!({
            "oauthClient": { "id": OauthClientId(row.get("id")), "name": row.get::<_, &str>("name") },
            "failingSince": row.get::<_, Option<&str>>("failing_since"),
            "error": row.get::<_, Option<&str>>("last_error"),
        });
        let workspace = WorkspaceId(row.get("workspace_id"));
        system_events::raise(tx, workspace, SystemEvent::ConnectionDisabled, &data).await?;
    }
    Ok(())
}

/// The worst that a batch says of each receiver, and the error that says so.
fn worst_of(
    failed: &[Failed<'_>],
    kind: TriedReceiver,
) -> BTreeMap<Uuid, (ConnectionStatus, String)> {
    let severity = |status: ConnectionStatus| match status {
        ConnectionStatus::Connected | ConnectionStatus::Disconnected => 0,
        ConnectionStatus::Error => 1,
        ConnectionStatus::ActionNeeded => 2,
        ConnectionStatus::Disabled => 3,
    };
    let mut worst: BTreeMap<Uuid, (ConnectionStatus, &str)> = BTreeMap::new();
    for it in failed.iter().filter(|it| it.tried.receiver == kind) {
        let Some(status) = status_after(it.class) else { continue };
        let entry = worst.entry(it.tried.lane.receiver).or_insert((status, it.error));
        if severity(status) >= severity(entry.0) {
            *entry = (status, it.error);
        }
    }
    worst.into_iter().map(|(id, (status, error))| (id, (status, text(error)))).collect()
}

/// What a failure makes of its connection; none when it says nothing of it.
const fn status_after(class: ErrorClass) -> Option<ConnectionStatus> {
    match class {
        ErrorClass::Gone => Some(ConnectionStatus::Disabled),
        ErrorClass::Credentials => Some(ConnectionStatus::ActionNeeded),
        ErrorClass::Dns
        | ErrorClass::Address
        | ErrorClass::Connect
        | ErrorClass::Tls
        | ErrorClass::Timeout
        | ErrorClass::Reset
        | ErrorClass::Garbage
        | ErrorClass::Redirect
        | ErrorClass::RateLimited
        | ErrorClass::Refused
        | ErrorClass::ServerError => Some(ConnectionStatus::Error),
        // The message could not be made, or we could not try.
        ErrorClass::Rendering | ErrorClass::Internal => None,
    }
}
