//! `bench ingest`: accepted and durable calls a second, beside what `PostgreSQL` alone takes.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::Effort;
use super::calls::{Kind, Template};
use super::cpu::{self, ByPart, Cpu, processor_table};
use super::generator::{CONNECTIONS, Load, Measured, generate};
use super::house::{House, REPOSITORY, REPOSITORY_ID};
use super::member::Member;
use super::numbers::Rounds;
use super::postgres_alone::{self, postgres_alone};
use super::report::Table;
use crate::say;

/// Rows of a statement of the baseline when it has as many calls under way as the ingress: its callers' calls, on its
/// two connections.
const EQUAL_LOAD_BATCH: usize = CONNECTIONS / postgres_alone::CONNECTIONS;
/// Rows of a statement of the baseline; the ingress takes 256 at most.
const BATCHES: [usize; 4] = [EQUAL_LOAD_BATCH, 64, 128, 256];
/// The share of saturation at which answers are timed.
const HALF: f64 = 0.5;
const WARM_UP: Duration = Duration::from_millis(500);

/// What the rounds found, kind by kind.
#[derive(Debug, Default)]
struct Found {
    alone: BTreeMap<usize, Rounds>,
    alone_cpu: BTreeMap<usize, ByPart>,
    saturated: Rounds,
    /// Of the best batch size, in the same round.
    ratio: Rounds,
    /// Of the batch size that has as many calls under way, in the same round.
    equal_load_ratio: Rounds,
    saturated_p99_ms: Rounds,
    half_rate: Rounds,
    half_ms: [Rounds; QUANTILES.len()],
    without_broker: Rounds,
    without_broker_ratio: Rounds,
    peak_mib: Rounds,
    cpu: ByPart,
}

const QUANTILES: [f64; 3] = [0.5, 0.99, 0.999];

/// Measures everything in turns, so that a busy minute of the machine hits all alike.
pub(super) async fn measure(house: &mut House, effort: Effort) -> Result<Vec<Table>> {
    house.track(REPOSITORY, REPOSITORY_ID).await?;
    let mut found: BTreeMap<Kind, Found> = BTreeMap::new();
    for round in 1..=effort.rounds {
        for kind in Kind::ALL {
            say::step(&format!("Round {round} of {}: {}", effort.rounds, kind.describe()));
            let template = Template::new(kind, &house.github_secret);
            let found = found.entry(kind).or_default();
            measure_kind(house, &template, effort.duration(), found).await?;
        }
    }
    Ok(vec![throughput(&found), latency(&found), broker(&found), processor(&found)])
}

async fn measure_kind(
    house: &mut House,
    template: &Template,
    duration: Duration,
    found: &mut Found,
) -> Result<()> {
    let (mut best, mut equal_load): (f64, f64) = (0.0, 0.0);
    for batch in BATCHES {
        house.empty().await?;
        let alone = postgres_alone(house, template, batch, duration / 2).await?;
        let rows = alone.rows_per_second;
        say::detail(&format!("PostgreSQL alone, batches of {batch}: {rows:.0}/s"));
        found.alone.entry(batch).or_default().push(rows);
        best = best.max(rows);
        if batch == EQUAL_LOAD_BATCH {
            equal_load = rows;
        }
        cpu::add(found.alone_cpu.entry(batch).or_default(), alone.cpu);
    }
    let ingress = house.ingress().await?;
    let saturated = saturate(house, &ingress, template, duration, &mut found.cpu).await?;
    let rate = saturated.per_second();
    say::detail(&format!(
        "Ingress, {CONNECTIONS} connections: {rate:.0}/s ({:.2} of the best, {:.2} of batches of {EQUAL_LOAD_BATCH})",
        rate / best,
        rate / equal_load
    ));
    found.saturated.push(rate);
    found.ratio.push(rate / best);
    found.equal_load_ratio.push(rate / equal_load);
    found.saturated_p99_ms.push(saturated.latencies.quantile_ms(0.99));
    found.peak_mib.push(ingress.peak_mib()?);
    if template.kind == Kind::TrackedPush {
        half_load(house, &ingress, template, duration, rate * HALF, found).await?;
        stopped_broker(house, &ingress, template, duration, rate, found).await?;
    }
    ingress.stop().await
}

async fn saturate(
    house: &House,
    ingress: &Member,
    template: &Template,
    duration: Duration,
    cpu: &mut ByPart,
) -> Result<Measured> {
    house.empty().await?;
    generate(ingress.address, template, Load::Closed, WARM_UP).await?;
    let before = Cpu::read(house, &[ingress]);
    let measured =
        generate(ingress.address, template, Load::Closed, duration).await?.all_accepted()?;
    let after = Cpu::read(house, &[ingress]);
    cpu::add(cpu, after.per_call_since(&before, measured.accepted()));
    Ok(measured)
}

async fn half_load(
    house: &House,
    ingress: &Member,
    template: &Template,
    duration: Duration,
    per_second: f64,
    found: &mut Found,
) -> Result<()> {
    house.empty().await?;
    let open = Load::Open { per_second };
    let answered = generate(ingress.address, template, open, duration).await?.all_accepted()?;
    found.half_rate.push(answered.per_second());
    for (rounds, share) in found.half_ms.iter_mut().zip(QUANTILES) {
        rounds.push(answered.latencies.quantile_ms(share));
    }
    let p99 = answered.latencies.quantile_ms(0.99);
    say::detail(&format!("Open loop at {:.0}/s: p99 {p99:.1} ms", answered.per_second()));
    Ok(())
}

async fn stopped_broker(
    house: &mut House,
    ingress: &Member,
    template: &Template,
    duration: Duration,
    with_broker: f64,
    found: &mut Found,
) -> Result<()> {
    house.servers.rabbitmq.stop().await?;
    let mut unused = ByPart::new();
    let rate = saturate(house, ingress, template, duration, &mut unused).await?.per_second();
    house.servers.rabbitmq.start_again().await?;
    say::detail(&format!(
        "RabbitMQ stopped: {rate:.0}/s ({:.2} of it running)",
        rate / with_broker
    ));
    found.without_broker.push(rate);
    found.without_broker_ratio.push(rate / with_broker);
    Ok(())
}

fn throughput(found: &BTreeMap<Kind, Found>) -> Table {
    let mut table = Table::new(&[
        "accepted and durable, calls/s",
        "PostgreSQL alone, batches of 32",
        "64",
        "128",
        "256",
        "ingress, 64 connections",
        "of the best batch",
        "of batches of 32",
        "p99, ms",
        "peak memory, MiB",
    ]);
    for (kind, found) in found {
        let alone = found.alone.values().map(Rounds::whole);
        let ours = [
            found.saturated.whole(),
            found.ratio.decimals(2),
            found.equal_load_ratio.decimals(2),
            found.saturated_p99_ms.decimals(1),
            found.peak_mib.decimals(0),
        ];
        table.row([kind.describe().to_owned()].into_iter().chain(alone).chain(ours));
    }
    table
}

fn latency(found: &BTreeMap<Kind, Found>) -> Table {
    let mut table = Table::new(&[
        "open loop at half of saturation",
        "calls/s",
        "p50, ms",
        "p99, ms",
        "p99.9, ms",
    ]);
    if let Some(found) = found.get(&Kind::TrackedPush) {
        let quantiles = found.half_ms.iter().map(|rounds| rounds.decimals(1));
        let name = Kind::TrackedPush.describe().to_owned();
        table.row([name, found.half_rate.whole()].into_iter().chain(quantiles));
    }
    table
}

fn broker(found: &BTreeMap<Kind, Found>) -> Table {
    let mut table = Table::new(&["RabbitMQ stopped", "calls/s", "of the rate with it"]);
    if let Some(found) = found.get(&Kind::TrackedPush) {
        table.row([
            Kind::TrackedPush.describe().to_owned(),
            found.without_broker.whole(),
            found.without_broker_ratio.decimals(2),
        ]);
    }
    table
}

fn processor(found: &BTreeMap<Kind, Found>) -> Table {
    let mut rows = Vec::new();
    for (kind, found) in found {
        for (batch, cpu) in &found.alone_cpu {
            rows.push((
                format!("{}, PostgreSQL alone in batches of {batch}", kind.describe()),
                cpu,
            ));
        }
        rows.push((format!("{}, ingress", kind.describe()), &found.cpu));
    }
    processor_table(&rows)
}
