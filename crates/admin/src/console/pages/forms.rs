//! Forms: what they ask, what is wrong with what they were told, and the question before what cannot be taken back.

mod confirm;
mod errors;
mod fields;
mod page;

pub(super) use confirm::{Confirm, Confirmed};
pub(super) use errors::Errors;
pub(super) use fields::{Reason, SecretText, because, given, lines, reason_field};
pub(super) use page::FormPage;

pub(super) use crate::console::remedy::sentence;
