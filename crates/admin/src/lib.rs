//! What an operator can do to a Hookyard deployment, and the API and the console that let people and programs do it.
//!
//! [`operations`] are what can be done, typed in and out, each change in one transaction with its line in the audit
//! log. The command line, the API and the console call nothing else. [`access`] decides who may, by the [`routes`]'
//! one table.

mod app;

pub mod access;
pub mod api;
pub mod console;
pub mod operations;
pub mod routes;
pub mod web;

pub use app::{App, Parts};
