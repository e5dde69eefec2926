//! The command line as an operator meets it: the real binary, under its own database role, on a real database.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod asking_github;
mod bad_input;
mod changes;
mod connections;
mod deliveries;
mod discovery;
mod doctor;
mod keys_and_limits;
mod lists;
mod oauth_clients;
mod overview;
mod publishing;
mod refused_addresses;
mod secrets;
mod serving;
mod set_up;
mod stories;
mod subscriptions;
mod sync_retries;
mod terminal;
mod tokens;
mod tracking;
mod trials;
mod world;
mod yard;
