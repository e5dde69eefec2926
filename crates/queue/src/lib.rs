//! Everything Hookyard says to RabbitMQ.
//!
//! A message is a hint that a job may be waiting in PostgreSQL; it carries pointers and owns nothing.
//! Lost, doubled, stale or garbage, it does no harm, so this crate is built to give up quickly and start
//! again: every wait for the broker has a limit, and any doubt about a connection ends that connection.
//!
//! - [`Publisher`] sends hints with publisher confirms and hands back whatever was not confirmed.
//! - [`Consumer`] yields them, and returns what was not worked on.
//! - [`Broker`] asks how many messages wait.
//!
//! Publishers and consumers have separate connections: an alarm of the broker (memory, disk) blocks the
//! connections that publish, and a blocked connection carries no acknowledgements either. Each connection
//! is supervised here and not by lapin's recovery, declares the whole topology when it opens, and comes
//! back after a jittered wait that grows to 15 s.

mod broker;
mod consumer;
mod error;
mod link;
mod message;
mod metrics;
mod publisher;
mod queue;
mod settings;
mod topology;

pub use broker::Broker;
pub use consumer::{Consumer, ConsumerState, Message};
pub use error::BrokerError;
pub use message::{
    MESSAGE_BYTES_MAX, POINTERS_PER_MESSAGE_MAX, Pointer, Publication, SyncMessage, Undecodable,
    decode,
};
pub use publisher::{Publisher, Unconfirmed};
pub use queue::{Feed, Queue, UnknownQueue};
pub use settings::{BrokerSettings, InvalidBrokerSetting};
