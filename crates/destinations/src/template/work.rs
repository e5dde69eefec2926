//! What one rendering may read.
//!
//! The fuel counts instructions; what an instruction costs depends on the event. So everything that goes through a
//! value pays for what it goes through: a loop over a long list with a filter over another one ends.

use minijinja::{Error, ErrorKind, State};

/// Items and bytes of one rendering. A message prints a few of an event's values, none longer than an output.
pub(super) const WORK_MAX: usize = 1024 * 1024;

/// Items and bytes that were gone through so far.
struct Work(usize);

/// Pays for so many items or bytes.
pub(super) fn charge(state: &mut State<'_, '_>, amount: usize) -> Result<(), Error> {
    let work = state.get_or_insert_extension(Work(0));
    work.0 = work.0.saturating_add(amount);
    if work.0 > WORK_MAX {
        return Err(Error::from(ErrorKind::OutOfFuel));
    }
    Ok(())
}
