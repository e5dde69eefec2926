//! Failures on command, the same again for the same seed.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::routes::RouteKind;

/// The faults that hold from now on; replaces all that held before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultPlan {
    pub faults: Vec<Fault>,
    /// Decides which requests a `probability` hits.
    #[serde(default)]
    pub seed: u64,
}

/// One way to fail. The first one that applies to a request decides; delays of those before it add up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Which requests; all of them when it is missing.
    #[serde(default)]
    pub route: RouteKind,
    pub kind: FaultKind,
    /// Of `status` (500 without it) and of the rate limits (403 without it; 429 is GitHub's other way).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Of `latency`; ends early when the faults are replaced.
    #[serde(default)]
    pub latency_ms: u64,
    /// Between 0 and 1; always when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// How often it may still happen; for ever when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Only requests whose path contains this, a branch's or an object's name for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of the rate limits: seconds until the reset, or of `retry-after`. A secondary limit without it names no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    RateLimitPrimary,
    RateLimitSecondary,
    /// An answer with this status and a page instead of JSON, as a failing proxy gives.
    Status,
    /// The right answer, late.
    Latency,
    /// A tree asked for recursively is cut and says so.
    Truncated,
    /// 404.
    Missing,
    /// The connection ends without an answer.
    Reset,
    /// A success with damaged content.
    Corrupt,
}

impl Fault {
    /// A fault of this kind on these requests, for ever.
    pub fn new(route: RouteKind, kind: FaultKind) -> Self {
        Self {
            route,
            kind,
            status: None,
            latency_ms: 0,
            probability: None,
            times: None,
            path: None,
            retry_after_s: None,
        }
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    fn concerns(&self, route: RouteKind, path: &str) -> bool {
        (self.route == RouteKind::Any || self.route == route)
            && self.times != Some(0)
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}

/// What befalls one request.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    pub(crate) latency_ms: u64,
    pub(crate) fault: Option<Fault>,
    /// Ends the latency early: the plan that wanted it was replaced.
    pub(crate) replaced: CancellationToken,
}

#[derive(Debug)]
pub(crate) struct Faults {
    plan: FaultPlan,
    random: StdRng,
    replaced: CancellationToken,
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.replaced.cancel();
    }
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        Self { random: StdRng::seed_from_u64(plan.seed), plan, replaced: CancellationToken::new() }
    }

    pub(crate) fn plan(&self) -> &FaultPlan {
        &self.plan
    }

    pub(crate) fn fate(&mut self, route: RouteKind, path: &str) -> Fate {
        let mut fate = Fate { replaced: self.replaced.clone(), ..Fate::default() };
        for fault in &mut self.plan.faults {
            let hits = fault.concerns(route, path)
                && fault.probability.is_none_or(|p| self.random.random_bool(p.clamp(0.0, 1.0)));
            if !hits {
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            fate.latency_ms += fault.latency_ms;
            if fault.kind != FaultKind::Latency {
                fate.fault = Some(fault.clone());
                break;
            }
        }
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_hits_the_same_requests() {
        let plan = FaultPlan {
            faults: vec![Fault {
                probability: Some(0.5),
                ..Fault::new(RouteKind::Blob, FaultKind::Status)
            }],
            seed: 7,
        };
        let run = || {
            let mut faults = Faults::new(plan.clone());
            (0..64).map(|_| faults.fate(RouteKind::Blob, "/").fault.is_some()).collect::<Vec<_>>()
        };
        let hits = run();
        assert_eq!(hits, run());
        assert!(hits.contains(&true) && hits.contains(&false));
    }

    #[test]
    fn a_fault_ends_after_its_times_and_leaves_other_routes_alone() {
        let plan = FaultPlan {
            faults: vec![Fault::new(RouteKind::Tree, FaultKind::Reset).times(1)],
            seed: 0,
        };
        let mut faults = Faults::new(plan);
        assert!(faults.fate(RouteKind::Blob, "/").fault.is_none());
        assert!(faults.fate(RouteKind::Tree, "/").fault.is_some());
        assert!(faults.fate(RouteKind::Tree, "/").fault.is_none());
    }
}
