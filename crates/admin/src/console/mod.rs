//! The console: pages that a browser reads, rendered here and complete without a script.
//!
//! A page is a function from a [`Viewer`](frame::Viewer) and what an operation returned to markup; it reads no clock
//! and no store. A handler authenticates nothing: the table of routes states what each needs. `docs/console.md` says
//! how a page is added.

pub mod answer;
pub mod assets;
pub mod components;
pub mod cookies;
pub mod csrf;
pub mod frame;
pub mod live;
pub mod pages;
mod refusal;
mod remedy;
pub mod visit;

pub use refusal::refuse;

use crate::routes::Routes;

/// Every page, and everything that a form posts to.
pub fn routes() -> Routes {
    pages::routes()
}
