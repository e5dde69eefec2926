//! The worker as a process among others: real deliveries, a real database and broker, a simulated GitHub.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod branches;
mod deaths;
mod failing_github;
mod files;
mod floods;
mod guard;
mod lifecycle;
mod mappings;
mod messages;
mod objects;
mod outages;
mod plugins;
mod property;
mod recovery;
mod repositories;
mod support;
mod trees;
