//! The table of what goes out.

use crate::chaos::mishap::Mishap;
use crate::chaos::report::aligned;

/// What one mishap came to for what was published meanwhile.
#[derive(Debug, Clone)]
pub(in crate::chaos) struct OutboundLine {
    pub(super) mishap: Mishap,
    pub(super) published: u64,
    pub(super) owed: u64,
    pub(super) delivered: u64,
    pub(super) dead: u64,
    pub(super) cancelled: u64,
    /// Calls, those that were not answered well too.
    pub(super) received: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    /// Calls of an id that was promised success before.
    pub(super) repeated: u64,
    /// Those of them with no kill, freeze or cut connection around.
    pub(super) unexplained: u64,
    /// Confirmed cancellations, of the whole run.
    pub(super) called_off: u64,
    pub(super) sent_after: u64,
}

impl OutboundLine {
    pub(super) fn new(mishap: Mishap) -> Self {
        Self {
            mishap,
            published: 0,
            owed: 0,
            delivered: 0,
            dead: 0,
            cancelled: 0,
            received: 0,
            lost: 0,
            doubled: 0,
            repeated: 0,
            unexplained: 0,
            called_off: 0,
            sent_after: 0,
        }
    }

    /// All that is owed has ended, nothing is there twice, and nobody was called again for no reason.
    pub(in crate::chaos) fn is_good(&self) -> bool {
        let ended = self.delivered + self.dead + self.cancelled == self.owed;
        let none = [self.lost, self.doubled, self.unexplained, self.sent_after];
        self.published > 0 && ended && none.iter().all(|count| *count == 0)
    }
}

/// A line for each mishap; then the cancellations of the whole run.
pub(in crate::chaos) fn table(lines: &[OutboundLine]) -> String {
    let head = [
        "mishap",
        "events",
        "owed",
        "delivered",
        "dead",
        "cancelled",
        "calls",
        "lost",
        "doubled",
        "repeated",
        "of these for no reason",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(lines.iter().map(|line| {
        let counts = [
            line.published,
            line.owed,
            line.delivered,
            line.dead,
            line.cancelled,
            line.received,
            line.lost,
            line.doubled,
            line.repeated,
            line.unexplained,
        ];
        let mut row = [const { String::new() }; 11];
        line.mishap.title().clone_into(&mut row[0]);
        for (cell, count) in row[1..].iter_mut().zip(counts) {
            *cell = count.to_string();
        }
        row
    }));
    let called_off: u64 = lines.iter().map(|line| line.called_off).sum();
    let sent_after: u64 = lines.iter().map(|line| line.sent_after).sum();
    format!(
        "{}\nCancellations that were confirmed: {called_off}. Calls after them: {sent_after}.\n",
        aligned(&rows)
    )
}
