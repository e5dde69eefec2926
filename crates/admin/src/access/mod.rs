//! Who asks, and what they may do.
//!
//! A route of the table has a [`Need`]. [`guard()`] stands before its handler: it finds the [`Caller`], the workspace
//! and the place of every id in the path, and lets pass only who fulfils the need. So no handler can forget any of it,
//! and each finds in [`Asked`] what was found out.

mod asked;
mod attempts;
mod authenticate;
mod caller;
mod guard;
mod need;
mod parameter;
mod refusal;
mod same_origin;

pub use asked::Asked;
pub use attempts::{Attempts, Peer};
pub use authenticate::{cookie_name, session_cookie, sign_in};
pub use caller::{Caller, CallerKind};
pub use guard::{Area, Guarded, guard};
pub use need::{Need, Standing};
pub use parameter::Parameter;
pub use refusal::{Refusal, SignInRefusal};
