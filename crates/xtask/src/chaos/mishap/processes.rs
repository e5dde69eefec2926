//! Mishaps of our own processes.

use std::time::Duration;

use anyhow::{Result, ensure};
use hookyard_testkit::gateway::{Gateway, Member, PATIENCE, until};
use hookyard_testkit::github_sim::{Fault, FaultKind, FaultPlan, RouteKind};
use hookyard_testkit::proxy::Weather;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use super::Extent;
use crate::chaos::deliver::{Door, Sockets, deliver};
use crate::chaos::house::{FIRST_EVENT_WORKER, INGRESSES, SYNC_WORKERS, WORKERS};
use crate::chaos::ledger::{Entry, Kind, Ledger};
use crate::chaos::mishap::Mishap;

/// The longest that a process lives before it is killed, in milliseconds.
const LIFE_MS_MAX: u64 = 900;
/// What a piece of a conversation with the database takes while commits are to be caught half done.
const SLOW_DATABASE: Duration = Duration::from_millis(15);
/// What the simulated GitHub takes meanwhile, in milliseconds.
const SLOW_GITHUB_MS: u64 = 150;
/// A lease, and what the sweep needs to hand its job on.
const PAST_THE_LEASE: Duration = Duration::from_secs(75);
const COPIES: usize = 200;

pub(super) async fn kill_ingresses(gateway: &Gateway, times: usize, random: &mut StdRng) {
    for n in 0..times {
        kill_and_replace(gateway.ingress_at(n % INGRESSES), random).await;
    }
}

pub(super) async fn kill_workers(gateway: &Gateway, times: usize, random: &mut StdRng) {
    for _ in 0..times {
        let worker = random.random_range(0..WORKERS);
        kill_and_replace(gateway.worker(worker), random).await;
    }
}

/// Transactions and GitHub's answers take long enough to be met in their middle.
pub(super) async fn kill_workers_in_commits(gateway: &Gateway, times: usize, random: &mut StdRng) {
    gateway.database_proxy().set(Weather::Delay(SLOW_DATABASE));
    let slow = Fault {
        latency_ms: SLOW_GITHUB_MS,
        probability: Some(0.5),
        ..Fault::new(RouteKind::Any, FaultKind::Latency)
    };
    gateway.github().faults(FaultPlan { faults: vec![slow], seed: 1 });
    kill_workers(gateway, times, random).await;
    gateway.github().faults(FaultPlan::default());
    gateway.database_proxy().set(Weather::Clear);
}

async fn kill_and_replace(member: &Member, random: &mut StdRng) {
    let life = Duration::from_millis(random.random_range(0..LIFE_MS_MAX));
    tokio::time::sleep(life).await;
    member.kill9().await;
    member.start().await;
}

/// A worker of each kind stands still with what it has leased, and goes on when others have done it.
pub(super) async fn freeze_workers(gateway: &Gateway) {
    let frozen = [0, SYNC_WORKERS, FIRST_EVENT_WORKER].map(|n| gateway.worker(n));
    for worker in frozen {
        worker.freeze();
    }
    tokio::time::sleep(PAST_THE_LEASE).await;
    for worker in frozen {
        worker.thaw();
    }
}

pub(super) async fn send_copies(gateway: &Gateway, ledger: &Ledger, times: usize) -> Result<()> {
    for n in 0..times {
        let delivery_id = format!("copies-{n}");
        let call = gateway.github_push().delivery(&delivery_id).sign();
        let sockets = Sockets::default();
        let mut copies = JoinSet::new();
        for copy in 0..COPIES {
            let door = Door::new(gateway.caller_of(copy % INGRESSES).clone());
            copies.spawn(deliver(call.clone(), vec![door], sockets.clone()));
        }
        let mut entry = Entry {
            mishap: Mishap::Copies,
            delivery_id,
            kind: Kind::Push,
            refused: Vec::new(),
            accepted: true,
        };
        while let Some(copy) = copies.join_next().await {
            let copy = copy?;
            entry.refused.extend(copy.refused);
            entry.accepted &= copy.accepted;
        }
        ledger.add(entry);
    }
    Ok(())
}

/// One worker of `events` dies; the others do all the work that it had not begun.
pub(super) async fn kill_one(gateway: &Gateway, extent: Extent) -> Result<()> {
    const OTHERS_LAG_S_MAX: i64 = 5;
    gateway.worker(WORKERS - 1).kill9().await;
    let alone = Duration::from_secs(if extent == Extent::Full { 20 } else { 4 });
    tokio::time::sleep(alone).await;
    let late = format!(
        "select count(*) from job where kind = 'event' and state <> 'leased'
            and created_at < now() - interval '{OTHERS_LAG_S_MAX} s' and created_at > now() - interval '15 s'"
    );
    let late = gateway.db().count(&late).await;
    ensure!(late == 0, "{late} events wait although other workers are there");
    gateway.worker(WORKERS - 1).start().await;
    Ok(())
}

/// Every process is told to stop and started again, one after the other.
pub(super) async fn restart_all(gateway: &Gateway) -> Result<()> {
    let ingresses = (0..INGRESSES).map(|n| gateway.ingress_at(n));
    let workers = (0..WORKERS).map(|n| gateway.worker(n));
    for member in ingresses.chain(workers) {
        let status = member.stop().await;
        ensure!(status.success(), "{} stopped with {status}", member.name());
        member.start().await;
    }
    until("every process is ready", PATIENCE, async || gateway.ingress().is_ready().await).await;
    Ok(())
}
