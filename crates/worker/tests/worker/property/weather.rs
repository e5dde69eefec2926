//! How the world hears of a push, and how GitHub behaves meanwhile.

use hookyard_testkit::gateway::Gateway;
use hookyard_testkit::github_sim::{
    BranchTarget, Fault, FaultKind, FaultPlan, HoldOrRelease, MoveBranch, Order, RouteKind,
};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// Deliveries are late by up to this, in milliseconds.
const DELAY_MS_MAX: u64 = 400;
/// REST shows a push after up to this, in milliseconds: less than a worker goes on looking.
const LAG_MS_MAX: u64 = 200;

/// What one round is like.
pub(super) struct Weather {
    /// Deliveries are held back and then let go in another order.
    held: bool,
    late: bool,
    lagging: bool,
    /// Of each delivery.
    copies: usize,
    faults: FaultPlan,
}

impl Weather {
    pub(super) fn draw(random: &mut StdRng) -> Self {
        Self {
            held: random.random_bool(0.3),
            late: random.random_bool(0.5),
            lagging: random.random_bool(0.5),
            copies: random.random_range(1..=2),
            faults: FaultPlan { faults: faults(random), seed: random.random() },
        }
    }

    pub(super) async fn begin(&self, gateway: &Gateway) {
        gateway.github().faults(self.faults.clone());
        if self.held {
            gateway.github().order(HoldOrRelease::Hold { hold: true }).await.unwrap();
        }
    }

    pub(super) fn announce(&self, random: &mut StdRng, to: Option<String>) -> MoveBranch {
        MoveBranch {
            to: to.map_or(BranchTarget::Deleted, BranchTarget::Commit),
            delay_ms: up_to(random, self.late && !self.held, DELAY_MS_MAX),
            visible_after_ms: up_to(random, self.lagging, LAG_MS_MAX),
            copies: self.copies,
            ..MoveBranch::default()
        }
    }

    pub(super) async fn end(&self, gateway: &Gateway, random: &mut StdRng) {
        if self.held {
            let (seed, copies) = (random.random(), self.copies);
            let release = HoldOrRelease::Release { release: Order::Shuffled, seed, copies };
            gateway.github().order(release).await.unwrap();
        }
    }
}

fn up_to(random: &mut StdRng, at_all: bool, most: u64) -> u64 {
    if at_all { random.random_range(0..=most) } else { 0 }
}

fn faults(random: &mut StdRng) -> Vec<Fault> {
    let sometimes = |probability, fault: Fault| Fault { probability: Some(probability), ..fault };
    let mut faults = vec![
        sometimes(0.2, Fault { latency_ms: 90, ..Fault::new(RouteKind::Any, FaultKind::Latency) }),
        sometimes(
            0.08,
            Fault { status: Some(502), ..Fault::new(RouteKind::Any, FaultKind::Status) },
        ),
        sometimes(0.04, Fault::new(RouteKind::Any, FaultKind::Reset)),
        sometimes(0.04, Fault::new(RouteKind::Blob, FaultKind::Corrupt)),
        sometimes(0.2, Fault::new(RouteKind::Tree, FaultKind::Truncated)),
    ];
    if random.random_bool(0.25) {
        let kind = if random.random() {
            FaultKind::RateLimitPrimary
        } else {
            FaultKind::RateLimitSecondary
        };
        let status = Some(if random.random() { 403 } else { 429 });
        let limit = Fault { status, retry_after_s: Some(1), ..Fault::new(RouteKind::Any, kind) };
        faults.push(sometimes(0.1, limit).times(1));
    }
    faults.retain(|_| random.random_bool(0.7));
    faults
}
