//! A list that is looked at again and again.
//!
//! On a terminal the list stays where it is and changes in place; elsewhere it is printed again whenever it has
//! changed, so that a program can follow it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use super::{Answer, fail, terminal, time, write};

/// How long a list is shown before it is looked at again.
const INTERVAL: Duration = Duration::from_secs(2);
/// Cursor to the first place, and everything from there on removed: what was above stays readable by scrolling.
const FROM_THE_TOP: &str = "\x1b[H\x1b[J";
const NEW_SCREEN: &str = "\x1b[2J";
/// The line above the list, and the one that the cursor is left in.
const LINES_TAKEN: usize = 2;

/// Shows what `look` finds until Ctrl-C or `SIGTERM`, which is success.
///
/// A first look that fails ends it. A later one tells why on standard error, and the next is waited for: a database
/// that is restarted does not end the watch.
pub(crate) async fn watch(
    json: bool,
    now: impl Fn() -> Timestamp,
    look: impl AsyncFn() -> anyhow::Result<Answer>,
) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be waited for")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
    let mut screen = Screen { json, shown: None };
    let watching = async {
        let (text, _) = look().await?.into_parts(json);
        let mut read = screen.show(text, now())?;
        while read {
            tokio::time::sleep(INTERVAL).await;
            match look().await {
                Ok(answer) => read = screen.show(answer.into_parts(json).0, now())?,
                Err(error) => drop(fail(&error)),
            }
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = watching => ended?,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(ExitCode::SUCCESS)
}

struct Screen {
    json: bool,
    shown: Option<String>,
}

impl Screen {
    /// False when nobody reads it any more.
    fn show(&mut self, text: String, at: Timestamp) -> anyhow::Result<bool> {
        let first = self.shown.is_none();
        if let Some((_, lines)) = terminal::size().filter(|_| !self.json) {
            let begin = if first { NEW_SCREEN } else { "" };
            let every = INTERVAL.as_secs();
            let heading = format!("every {every} s, last at {}; Ctrl-C ends", time(at));
            let kept = head(&text, lines.saturating_sub(LINES_TAKEN));
            self.shown = Some(text);
            return write(&format!("{begin}{FROM_THE_TOP}{heading}\n{kept}"));
        }
        if self.shown.as_ref() == Some(&text) {
            return Ok(true);
        }
        let read = write(&text);
        self.shown = Some(text);
        read
    }
}

/// The first `lines` lines, the last of which says how many there are more.
fn head(text: &str, lines: usize) -> String {
    let all = text.lines().count();
    if all <= lines {
        return text.to_owned();
    }
    let kept: Vec<&str> = text.lines().take(lines.saturating_sub(1)).collect();
    format!("{}\n… and {} lines more\n", kept.join("\n"), all - kept.len())
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn a_list_longer_than_the_terminal_says_how_much_is_not_shown() {
        assert_eq!(head("a\nb\nc\n", 3), "a\nb\nc\n");
        assert_eq!(head("a\nb\nc\nd\n", 3), "a\nb\n… and 2 lines more\n");
    }
}
