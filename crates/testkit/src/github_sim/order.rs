//! Deliveries held back and let go in another order.

use std::sync::Arc;

use anyhow::Result;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::Deserialize;

use super::{DeliveryReport, Simulation};

/// Holds deliveries back from now on, or sends the held ones and ends the holding.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub enum HoldOrRelease {
    Hold {
        hold: bool,
    },
    Release {
        release: Order,
        /// Decides a shuffle.
        #[serde(default)]
        seed: u64,
        /// Each delivery so many times; the copies take part in the reordering.
        #[serde(default = "one")]
        copies: usize,
    },
}

fn one() -> usize {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    InOrder,
    Reversed,
    Shuffled,
}

impl Simulation {
    /// Returns the reports of what was released, in the order of sending; each is sent after the one before it was
    /// answered.
    pub async fn order(self: &Arc<Self>, request: HoldOrRelease) -> Result<Vec<DeliveryReport>> {
        let (order, seed, copies) = match request {
            HoldOrRelease::Hold { hold: true } => {
                self.state().held.get_or_insert_default();
                return Ok(Vec::new());
            }
            HoldOrRelease::Hold { hold: false } => (Order::InOrder, 0, 1),
            HoldOrRelease::Release { release, seed, copies } => (release, seed, copies),
        };
        let held = self.state().held.take().unwrap_or_default();
        let mut held: Vec<_> =
            held.into_iter().flat_map(|prepared| std::iter::repeat_n(prepared, copies)).collect();
        match order {
            Order::InOrder => {}
            Order::Reversed => held.reverse(),
            Order::Shuffled => held.shuffle(&mut StdRng::seed_from_u64(seed)),
        }
        let mut reports = Vec::with_capacity(held.len());
        for prepared in &held {
            reports.push(self.send_now(prepared).await);
        }
        Ok(reports)
    }
}
