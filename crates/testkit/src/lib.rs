//! Real parts for tests and for `cargo xtask`: private servers, a browser, simulators of GitHub and of receivers, git
//! repositories.

pub mod browser;
pub mod database;
pub mod gateway;
pub mod git;
pub mod github_sim;
pub mod proxy;
pub mod receiver_sim;
pub mod servers;
