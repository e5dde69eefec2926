//! The terminal that standard output is, if it is one.

use std::io::{IsTerminal as _, stdout};

/// How many columns a line may have; none where it is no terminal: a file or a pipe has room.
pub(super) fn columns() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// Its columns and lines.
pub(super) fn size() -> Option<(usize, usize)> {
    if !stdout().is_terminal() {
        return None;
    }
    let (columns, lines) = terminal_size::terminal_size_of(stdout())?;
    // A terminal that does not know its size says nought.
    (columns.0 > 0 && lines.0 > 0).then(|| (columns.0.into(), lines.0.into()))
}
