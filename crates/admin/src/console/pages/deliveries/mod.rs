//! Deliveries: did the receiver get it; if not, what did it say, and when is the next try?

mod list;
mod one;
mod routes;
mod steps;
mod updates;

pub(in crate::console) use routes::routes;
