//! The table, printed and kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::mishap::{Forgiven, Mishap};
use crate::{cargo, say};

/// What one mishap came to.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) mishap: Mishap,
    pub(super) times: usize,
    pub(super) sent: u64,
    /// Calls that were answered 2xx in the end.
    pub(super) accepted: u64,
    pub(super) recorded: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    /// Tries that were not answered 2xx, by status; 0 is no answer.
    pub(super) refused: BTreeMap<u16, u64>,
    pub(super) lasted: Duration,
    pub(super) settled_after: Duration,
}

impl Line {
    pub(super) fn new(mishap: Mishap, times: usize, lasted: Duration) -> Self {
        Self {
            mishap,
            times,
            sent: 0,
            accepted: 0,
            recorded: 0,
            lost: 0,
            doubled: 0,
            refused: BTreeMap::new(),
            lasted,
            settled_after: Duration::ZERO,
        }
    }

    /// Nothing lost, nothing doubled, everything accepted and recorded, and no answer that should not be.
    pub(super) fn is_good(&self) -> bool {
        let counted = self.sent > 0 && self.accepted == self.sent && self.recorded == self.sent;
        let answered = match self.mishap.forgives() {
            Forgiven::Nothing => self.refused.is_empty(),
            Forgiven::Silence => self.refused.keys().all(|status| *status == 0),
            Forgiven::Everything => true,
        };
        counted && self.lost == 0 && self.doubled == 0 && answered
    }

    pub(super) fn summary(&self) -> String {
        let times = match self.times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        format!("{times}, for {}", say::duration(self.lasted))
    }

    fn refusals(&self) -> String {
        let mut text = String::new();
        for (status, count) in &self.refused {
            let separator = if text.is_empty() { "" } else { ", " };
            let status = if *status == 0 { "none".to_owned() } else { status.to_string() };
            write!(text, "{separator}{count} × {status}").expect("a string takes everything");
        }
        if text.is_empty() { "-".to_owned() } else { text }
    }
}

const HEAD: [&str; 10] = [
    "mishap",
    "times",
    "sent",
    "2xx",
    "recorded",
    "lost",
    "doubled",
    "other answers",
    "load s",
    "quiet after s",
];

/// The table as Markdown that is easy on the eye as well.
pub(super) fn table(lines: &[Line]) -> String {
    let mut rows: Vec<[String; 10]> = vec![HEAD.map(str::to_owned)];
    rows.extend(lines.iter().map(|line| {
        [
            line.mishap.title().to_owned(),
            line.times.to_string(),
            line.sent.to_string(),
            line.accepted.to_string(),
            line.recorded.to_string(),
            line.lost.to_string(),
            line.doubled.to_string(),
            line.refusals(),
            format!("{:.0}", line.lasted.as_secs_f64()),
            format!("{:.0}", line.settled_after.as_secs_f64()),
        ]
    }));
    aligned(&rows)
}

/// Rows of a Markdown table, the head first, with columns of one width.
pub(super) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..COLUMNS).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(text, "| {} |", cells.join(" | ")).expect("a string takes everything");
        if n == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            writeln!(text, "| {} |", rules.join(" | ")).expect("a string takes everything");
        }
    }
    text
}

/// Writes `docs/chaos.md`.
pub(super) fn write([inbound, outbound]: &[String; 2], lasted: Duration) -> Result<()> {
    let path = cargo::root().join("docs/chaos.md");
    let minutes = lasted.as_secs_f64() / 60.0;
    let text = format!(
        "{INTRODUCTION}\n{inbound}\n{OUTBOUND}\n{outbound}\nThe run took {minutes:.0} minutes.\n"
    );
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

const INTRODUCTION: &str = "# Chaos

`cargo xtask chaos` writes this page. It starts a PostgreSQL that syncs every commit, a RabbitMQ, two ingresses, two workers of
`syncs`, two of `deliveries`, three of `events`, the GitHub simulator and the receiver simulator, sends 200 signed calls a second, and lets one thing after the other happen.
The calls are pushes to six tracked branches, some of them real moves, and events of a repository's life. A call that is not
answered 2xx is sent again under the same id, as its provider would do. `cargo xtask chaos --short` is the form that the tests run.

When all is quiet, of each call that was answered 2xx there must be one event and its work must have been done once: a push has one
sync event that has ended, an event of the repository's life is written down once. *Lost* are
calls of which that is not true, *doubled* is what is there more than once. Beside that no job, dead letter or failed sync is left, no
object has two versions of the same content after each other, and each target's objects equal the head of its branch.

*Other answers* are those that made the sender try again; *none* is a connection that ended without an answer, as it must when its
process is killed. The sender asks the ingresses five times a second whether they are
ready and leaves out who is not, as a balancer does; a connection that nobody accepts is no call, and it takes the other. *Quiet after* is the time from the last call to the last job: a killed worker's lease runs for a minute, and so long
a job waits whose message was lost.
";

const OUTBOUND: &str = "## What goes out meanwhile

An application publishes 12.5 events a second, each under an idempotency key until it is answered 202. Most are owed to three signed
endpoints: one answers well, one fails 15 times at the beginning of each mishap, one takes 0.3 s. Eight of a hundred are owed to an endpoint
that takes 0.5 s and has one place, so that deliveries wait for it; an operator calls some of those off.

When all is quiet, each event must have one delivery for each of its receivers (else *lost* or *doubled*), and each delivery must be
delivered, dead or called off; one that is recorded as delivered must have been answered well by its receiver. *Calls* is what the receivers
got, tries that failed included. *Repeated* are calls of an id that was answered well before. A worker that is killed between a call and its record
cannot know of it and calls again; without a kill, a freeze or a cut connection around, it is *for no reason*.
";
