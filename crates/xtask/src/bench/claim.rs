//! `bench claim`: finding the few due jobs among a million scheduled ones.

use std::time::{Duration, Instant};

use anyhow::Result;
use hookyard_store::{Store, jobs};

use super::house::House;
use super::latency::{Latencies, micros};
use super::numbers::whole;
use super::report::Table;
use crate::say;

const JOBS: u32 = 1_000_000;
const SPREAD: &str = "6 hours";
/// A worker sweeps about twice a second; this is more often, and fewer jobs are due each time.
const PAUSE: Duration = Duration::from_millis(25);
const CLAIMS: usize = 800;
/// Jobs that become due at once, as after an outage of an hour or two.
const FLOOD: i32 = 100_000;

/// Times the claims of due jobs, few at a time and then as many as one claim takes.
pub(super) async fn measure(house: &House) -> Result<Vec<Table>> {
    let jobs = whole(f64::from(JOBS));
    say::step(&format!("Making {jobs} jobs, scheduled over {SPREAD}"));
    schedule(house).await?;
    let store = house.store("hookyard_worker")?;
    let mut table = Table::new(&[
        "claims among a million scheduled jobs",
        "claims",
        "jobs",
        "p50, ms",
        "p99, ms",
        "longest, ms",
    ]);

    say::step("Claiming what becomes due");
    let few = claim(&store, CLAIMS, Some(PAUSE)).await?;
    few.row(&mut table, "as they become due");
    house.owner.execute(
        "update job set due_at = now() where id in (select id from job where state = 'scheduled' limit $1::int4)",
        &[&FLOOD],
    ).await?;
    say::step("Claiming a flood");
    let many = claim(&store, usize::MAX, None).await?;
    many.row(&mut table, "all due at once, 500 a claim");
    Ok(vec![table])
}

async fn schedule(house: &House) -> Result<()> {
    const SQL: &str = "insert into job (subject_id, kind, state, due_at)
        select gen_random_uuid(), 'event', 'scheduled', now() + random() * interval '6 hours'
          from generate_series(1, $1::int4)";
    house.owner.execute(SQL, &[&i32::try_from(JOBS)?]).await?;
    house.owner.batch_execute("vacuum analyze job").await?;
    Ok(house.owner.batch_execute("checkpoint").await?)
}

struct Claimed {
    jobs: usize,
    latencies: Latencies,
}

/// Claims `times` times, or with no pause until nothing is due.
async fn claim(store: &Store, times: usize, pause: Option<Duration>) -> Result<Claimed> {
    let mut samples = Vec::new();
    let mut claimed = 0;
    while samples.len() < times {
        let conn = store.conn().await?;
        let begun = Instant::now();
        let due = jobs::wake(&conn).await?;
        samples.push(micros(begun.elapsed()));
        claimed += due.len();
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None if due.is_empty() => break,
            None => {}
        }
    }
    Ok(Claimed { jobs: claimed, latencies: Latencies::of(samples) })
}

impl Claimed {
    fn row(&self, table: &mut Table, name: &str) {
        #[expect(clippy::cast_precision_loss, reason = "a million at most")]
        let counts = [self.latencies.count() as f64, self.jobs as f64].map(whole);
        let quantiles =
            [0.5, 0.99, 1.0].map(|share| format!("{:.1}", self.latencies.quantile_ms(share)));
        say::detail(&format!(
            "{name}: {} claims of {} jobs, p99 {} ms",
            counts[0], counts[1], quantiles[1]
        ));
        table.row([name.to_owned()].into_iter().chain(counts).chain(quantiles));
    }
}
