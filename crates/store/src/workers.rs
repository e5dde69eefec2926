//! `worker`: the processes that run jobs. Each says every few seconds that it is there; one that falls silent has died.

use hookyard_domain::ids::WorkerId;
use jiff::Timestamp;
use serde::Serialize;

use crate::{Db, StoreError};

/// How often a worker says that it is there, in milliseconds.
pub const BEAT_MS: u64 = 15_000;
/// A worker that was silent for longer is held to be gone, in seconds.
pub const SILENCE_S_MAX: i32 = 60;
/// The most processes that are listed.
const WORKERS_MAX: i64 = 100;

/// A process that runs jobs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    pub id: WorkerId,
    /// Host and process id.
    pub name: String,
    pub version: String,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// Heard of within [`SILENCE_S_MAX`].
    pub alive: bool,
}

/// Records that a worker is there.
pub async fn beat(db: &impl Db, id: WorkerId, name: &str, version: &str) -> Result<(), StoreError> {
    const SQL: &str = "-- workers::beat
        insert into worker (id, name, version) values ($1, $2, $3)
            on conflict (id) do update set seen_at = now()";
    db.execute(SQL, &[/* id */ &id.0, /* name */ &name, /* version */ &version]).await.map(drop)
}

/// Records that a worker ended in an orderly way.
pub async fn stopped(db: &impl Db, id: WorkerId) -> Result<(), StoreError> {
    const SQL: &str = "-- workers::stopped
        update worker set seen_at = now(), stopped_at = now() where id = $1";
    db.execute(SQL, &[/* id */ &id.0]).await.map(drop)
}

/// Workers that did not end in an orderly way and were heard of during the last day, the last heard of first.
pub async fn running(db: &impl Db) -> Result<Vec<Worker>, StoreError> {
    const SQL: &str = "-- workers::running
        select id, name, version, started_at, seen_at, seen_at > now() - make_interval(secs => $1) as alive
          from worker
         where stopped_at is null and seen_at > now() - interval '1 day'
         order by seen_at desc limit $2";
    let silence_s = f64::from(SILENCE_S_MAX);
    let rows = db.rows(SQL, &[/* silence */ &silence_s, /* limit */ &WORKERS_MAX]).await?;
    let read = |row: &tokio_postgres::Row| Worker {
        id: WorkerId(row.get("id")),
        name: row.get("name"),
        version: row.get("version"),
        started_at: row.get("started_at"),
        seen_at: row.get("seen_at"),
        alive: row.get("alive"),
    };
    Ok(rows.iter().map(read).collect())
}
