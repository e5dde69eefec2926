//! Subscriptions: who is told about what, and what would this past event have looked like?

pub(super) mod form;
pub(super) mod list;
mod one;
pub(super) mod saving;
mod trial;

use crate::routes::Routes;

/// The subscriptions of a workspace.
pub(in crate::console) fn routes() -> Routes {
    list::routes().and(saving::routes()).and(one::routes())
}
