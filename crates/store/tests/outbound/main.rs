//! What goes out: fanned out, leased by lane, recorded, called off and replayed, each on a real database and under the
//! role that does it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod health;
mod lanes;
mod life;
mod races;
mod replays;
mod roles;
mod support;
