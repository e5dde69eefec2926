//! Bounds of the strings that are read from calls and end in columns of type `text`.

use crate::Malformed;

/// Ids of deliveries and hooks.
pub const ID_BYTES_MAX: usize = 255;
/// Names of events and their actions.
const NAME_BYTES_MAX: usize = 100;
/// Refs, SHAs and names of repositories and branches.
const TEXT_BYTES_MAX: usize = 1024;

pub(crate) fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether an event's name or action can become part of an event type, which people filter by. Spaces may stand within.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// An event's name or action that must be able to become part of an event type.
pub(crate) fn check_name(what: &str, text: &str) -> Result<(), Malformed> {
    if is_name(text) {
        Ok(())
    } else {
        Err(Malformed::new(format!(
            "{what} must be 1 to {NAME_BYTES_MAX} characters of printable ASCII"
        )))
    }
}

/// An id from a body.
pub(crate) fn check_id(what: &str, text: &str) -> Result<(), Malformed> {
    if text.len() <= ID_BYTES_MAX && is_visible_ascii(text) {
        Ok(())
    } else {
        Err(Malformed::new(format!(
            "{what} must be at most {ID_BYTES_MAX} characters of visible ASCII"
        )))
    }
}

/// Any other text from a body. PostgreSQL's `text` holds every character but NUL.
pub(crate) fn check_text(what: &str, text: &str) -> Result<(), Malformed> {
    if text.len() > TEXT_BYTES_MAX {
        Err(Malformed::new(format!("{what} is longer than {TEXT_BYTES_MAX} bytes")))
    } else if text.contains('\0') {
        Err(Malformed::new(format!("{what} contains a NUL character")))
    } else {
        Ok(())
    }
}
