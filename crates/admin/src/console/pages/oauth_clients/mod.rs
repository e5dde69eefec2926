//! OAuth clients: which applications are told when one of their users connects an integration?

mod add;
mod list;
mod one;
mod remove;

use crate::routes::Routes;

/// The OAuth clients of a workspace.
pub(in crate::console) fn routes() -> Routes {
    list::routes().and(add::routes()).and(one::routes()).and(remove::routes())
}
