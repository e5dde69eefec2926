//! A receiver of deliveries that answers as it is told and remembers what it got.
//!
//! It stands for every system that Hookyard calls: each path has a programme of answers, among them everything that
//! a broken receiver does, from resets to bytes without end. Everything that the control API (`/_sim/...`, described
//! in `docs/receiver-simulator.md`) does is a function of [`ReceiverSim`] too.

mod answers;
mod control;
mod log;
mod server;
mod tls;
mod wire;

pub use answers::{AnswerKind, ProgrammedAnswer};
pub use log::{IdCall, Received, RecordedId};
pub use server::{ReceiverSim, ReceiverSimConfig};
