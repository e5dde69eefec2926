//! `day_seen`: the days on which a token opened something or a member was here. The ingress' line for it is in
//! [`crate::ingest`].

use uuid::Uuid;

use crate::{Db, StoreError};

/// How long a day is remembered, in days.
const DAYS_MAX: i32 = 400;

/// Remembers that these tokens and members are here today. Those that are known to be cost nothing.
pub async fn record(db: &impl Db, ids: &[Uuid]) -> Result<(), StoreError> {
    const SQL: &str = "-- days_seen::record
        insert into day_seen (id) select id from unnest($1::uuid[]) as here (id) on conflict do nothing";
    db.execute(SQL, &[/* ids */ &ids]).await.map(drop)
}

/// Forgets up to a thousand days that are too long ago. Whoever makes a token calls this, so they never pile up.
pub async fn forget_old(db: &impl Db) -> Result<u64, StoreError> {
    const SQL: &str = "-- days_seen::forget_old
        delete from day_seen where (id, day) in
            (select id, day from day_seen where day < (now() at time zone 'utc')::date - $1::int4 order by day limit 1000)";
    db.execute(SQL, &[/* days */ &DAYS_MAX]).await
}
