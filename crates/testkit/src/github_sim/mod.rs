//! A simulator of the parts of GitHub that Hookyard talks to.
//!
//! It serves real git repositories over GitHub's REST routes, checks the App's tokens as GitHub does, sends signed
//! deliveries, and misbehaves on command. Everything that the control API (`/_sim/...`, described in
//! `docs/github-simulator.md`) does is a function of [`Simulation`] too.
//!
//! Where a branch points is the simulator's own state: it starts with the repository's branches and changes only
//! through [`Simulation::move_branch`].

mod answer;
mod auth;
mod config;
mod control;
mod deliveries;
mod delivery_log;
mod faults;
mod objects;
mod order;
mod payload;
mod push;
mod rate;
mod rest;
mod routes;
mod server;
mod settings;
mod simulation;
mod state;

pub use config::{BodyEncoding, GithubSimConfig, SimRepository};
pub use deliveries::Deliver;
pub use delivery_log::{DeliveryOutcome, DeliveryReport};
pub use faults::{Fault, FaultKind, FaultPlan};
pub use order::{HoldOrRelease, Order};
pub use push::{BranchMoved, BranchTarget, MoveBranch};
pub use routes::RouteKind;
pub use server::GithubSim;
pub use settings::{
    ChangeInstallation, ChangeRateLimit, ChangeRepository, ChangeTokens, ChangeWebhook,
};
pub use simulation::Simulation;
