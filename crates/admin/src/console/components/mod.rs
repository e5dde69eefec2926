//! The parts that pages are made of. Each is a function of its arguments: it reads no clock, no settings, no store.
//!
//! Text from outside (names, paths, subjects, errors, headers, bodies) goes through [`text`], which isolates its
//! direction; maud escapes it.

pub mod chart;
pub mod counts;
pub mod facts;
pub mod filters;
pub mod form;
pub mod icons;
pub mod message;
pub mod panel;
pub mod payload;
pub mod query;
pub mod status;
pub mod text;
pub mod time;
pub mod timeline;
