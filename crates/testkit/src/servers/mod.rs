//! Private `PostgreSQL` and `RabbitMQ` servers, on free loopback ports, with all their data in one folder each.
//!
//! A server is a value: it is ended when the value is dropped, unless [`Postgres::detach`] or
//! [`RabbitMq::detach`] let it outlive its owner. Every process is recorded by id and start time in its folder,
//! so that a later run can adopt it or end it, and never ends a stranger that was given the same id.

pub mod find;
pub mod install;
pub mod place;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod rabbitmq;
pub mod secrets;
mod test_env;
pub mod wait;

pub use postgres::{Durability, Mode, Postgres, PostgresConfig};
pub use rabbitmq::{RabbitMq, RabbitMqConfig};
pub use test_env::{TestEnv, test_browser, test_env, test_pictures};
