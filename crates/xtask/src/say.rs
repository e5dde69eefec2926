//! Everything that is told to the person at the terminal.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to people is what this program is for"
)]

use std::time::Duration;

pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// A headline of the next thing that happens.
pub(crate) fn step(text: &str) {
    println!("\n== {text}");
}

/// A detail below a headline.
pub(crate) fn detail(text: &str) {
    for part in text.lines() {
        println!("   {part}");
    }
}

pub(crate) fn warning(text: &str) {
    eprintln!("warning: {text}");
}

/// An error with its causes, one a line.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

/// Output of a child process, passed on as it came.
pub(crate) fn pass_on(text: &str) {
    eprintln!("{text}");
}

/// `1.2 s`, or `340 ms` below a second.
pub(crate) fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{:.1} s", duration.as_secs_f64())
}
