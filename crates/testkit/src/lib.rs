//! Real parts for tests and for `cargo xtask`: private servers, a GitHub simulator, git repositories.

pub mod database;
pub mod gateway;
pub mod git;
pub mod github_sim;
pub mod proxy;
pub mod servers;
