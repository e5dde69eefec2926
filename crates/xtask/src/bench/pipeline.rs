//! `bench pipeline`: from the call to the end of its last job, all processes together.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hookyard_testkit::github_sim::SimRepository;
use tokio_util::sync::CancellationToken;

use super::Effort;
use super::calls::{Kind, Template};
use super::cpu::{self, ByPart, Cpu, processor_table};
use super::generator::{Load, generate};
use super::github;
use super::house::{House, REPOSITORY, REPOSITORY_ID};
use super::member::Member;
use super::numbers::Rounds;
use super::report::Table;
use super::statements;
use crate::say;

const FILES: usize = 20;
const SAMPLE_EVERY: Duration = Duration::from_millis(200);
const REST_POLL: Duration = Duration::from_millis(20);
const REST_LIMIT: Duration = Duration::from_mins(5);
const UNFINISHED: &str = "select count(*) from job";

#[derive(Debug, Default)]
struct Found {
    accepted: Rounds,
    end_to_end: Rounds,
    backlog_peak: Rounds,
    drained_s: Rounds,
    p99_ms: Rounds,
    cpu: ByPart,
    ingress_mib: Rounds,
    worker_mib: Rounds,
    /// Of the last round.
    statements: Vec<Vec<String>>,
}

/// Floods the ingress with each kind of call and waits until no job is left.
pub(super) async fn measure(house: &House, effort: Effort) -> Result<Vec<Table>> {
    let path = house.work().join("repository");
    let _repository = github::repository_of(&path, FILES)?;
    let served = SimRepository { path, full_name: REPOSITORY.to_owned(), id: REPOSITORY_ID };
    let simulator = github::simulate(house, vec![served]).await?;
    let api = simulator.url();
    house.track(REPOSITORY, REPOSITORY_ID).await?;
    let mut found: BTreeMap<Kind, Found> = BTreeMap::new();
    for round in 1..=effort.rounds {
        for kind in Kind::ALL {
            say::step(&format!("Round {round} of {}: {}", effort.rounds, kind.describe()));
            house.empty().await?;
            let (ingress, worker) =
                tokio::try_join!(house.ingress(), house.worker("events,syncs", api.as_str()))?;
            let template = Template::new(kind, &house.github_secret);
            let members = Members { ingress: &ingress, worker: &worker };
            flood(house, members, &template, effort.duration(), found.entry(kind).or_default())
                .await?;
            tokio::try_join!(ingress.stop(), worker.stop())?;
        }
    }
    simulator.stop().await;
    let cpu: Vec<_> =
        found.iter().map(|(kind, found)| (kind.describe().to_owned(), &found.cpu)).collect();
    let mut statements = statements::table();
    statements.rows.extend(found.values().flat_map(|found| found.statements.clone()));
    Ok(vec![throughput(&found), processor_table(&cpu), statements])
}

#[derive(Clone, Copy)]
struct Members<'a> {
    ingress: &'a Member,
    worker: &'a Member,
}

async fn flood(
    house: &House,
    members: Members<'_>,
    template: &Template,
    duration: Duration,
    found: &mut Found,
) -> Result<()> {
    let Members { ingress, worker } = members;
    statements::forget(house).await;
    let cpu_before = Cpu::read(house, &[ingress, worker]);
    let begun = Instant::now();
    let over = CancellationToken::new();
    let calls = async {
        let measured = generate(ingress.address, template, Load::Closed, duration).await;
        over.cancel();
        measured?.all_accepted()
    };
    let (measured, backlog_peak) = tokio::try_join!(calls, watch_backlog(house, &over))?;
    let drained = until_at_rest(house).await?;
    let took = begun.elapsed();
    let cpu_after = Cpu::read(house, &[ingress, worker]);
    #[expect(clippy::cast_precision_loss, reason = "millions at most")]
    let end_to_end = measured.accepted() as f64 / took.as_secs_f64();
    say::detail(&format!(
        "{:.0}/s accepted, {end_to_end:.0}/s end to end, at most {backlog_peak} jobs open, drained {}",
        measured.per_second(),
        say::duration(drained)
    ));
    check(house, measured.accepted()).await?;
    let mut taken = statements::table();
    statements::add(house, &mut taken, template.kind.describe(), measured.accepted()).await?;
    found.statements = taken.rows;
    found.accepted.push(measured.per_second());
    found.end_to_end.push(end_to_end);
    #[expect(clippy::cast_precision_loss, reason = "millions at most")]
    found.backlog_peak.push(backlog_peak as f64);
    found.drained_s.push(drained.as_secs_f64());
    found.p99_ms.push(measured.latencies.quantile_ms(0.99));
    cpu::add(&mut found.cpu, cpu_after.per_call_since(&cpu_before, measured.accepted()));
    found.ingress_mib.push(ingress.peak_mib()?);
    found.worker_mib.push(worker.peak_mib()?);
    Ok(())
}

/// The most jobs that were open at once while calls came.
async fn watch_backlog(house: &House, over: &CancellationToken) -> Result<i64> {
    let mut peak = 0;
    while over.run_until_cancelled(tokio::time::sleep(SAMPLE_EVERY)).await.is_some() {
        peak = peak.max(house.count(UNFINISHED).await?);
    }
    Ok(peak.max(house.count(UNFINISHED).await?))
}

/// Waits until no job is left; how long it took.
pub(super) async fn until_at_rest(house: &House) -> Result<Duration> {
    let begun = Instant::now();
    while house.count(UNFINISHED).await? > 0 {
        if begun.elapsed() > REST_LIMIT {
            bail!("{} jobs are still open after {REST_LIMIT:?}", house.count(UNFINISHED).await?);
        }
        tokio::time::sleep(REST_POLL).await;
    }
    Ok(begun.elapsed())
}

/// Every accepted call is an event, and no sync is left in the middle.
async fn check(house: &House, accepted: usize) -> Result<()> {
    let events = house.count("select count(*) from event").await?;
    let open = house
        .count("select count(*) from sync_event where status in ('queued', 'running')")
        .await?;
    if usize::try_from(events)? != accepted || open > 0 {
        bail!("{accepted} calls were accepted, {events} events recorded, {open} syncs left open");
    }
    Ok(())
}

fn throughput(found: &BTreeMap<Kind, Found>) -> Table {
    let mut table = Table::new(&[
        "flooded over 64 connections",
        "accepted, calls/s",
        "end to end, calls/s",
        "most open jobs",
        "drained after, s",
        "p99 of the answer, ms",
        "ingress, MiB",
        "worker, MiB",
    ]);
    for (kind, found) in found {
        table.row([
            kind.describe().to_owned(),
            found.accepted.whole(),
            found.end_to_end.whole(),
            found.backlog_peak.whole(),
            found.drained_s.decimals(2),
            found.p99_ms.decimals(1),
            found.ingress_mib.decimals(0),
            found.worker_mib.decimals(0),
        ]);
    }
    table
}
