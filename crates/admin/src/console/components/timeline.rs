//! The timeline: what happened, step by step, oldest first.

use jiff::Timestamp;
use maud::{Markup, html};

use super::icons::{Icon, icon};
use super::status::Tone;
use super::time::{clock_ms, ms_between, took};

/// One step.
#[derive(Debug)]
pub struct Step {
    /// None: it has no moment of its own, as waiting has none.
    pub at: Option<Timestamp>,
    pub icon: Icon,
    pub tone: Tone,
    /// One bold verb and its facts.
    pub story: Markup,
    /// What proves it, below the story: details, tables.
    pub evidence: Option<Markup>,
    /// Waiting, or not come yet: its line is dashed.
    pub dashed: bool,
}

impl Step {
    /// A step without evidence.
    pub const fn new(at: Timestamp, icon: Icon, tone: Tone, story: Markup) -> Self {
        Self { at: Some(at), icon, tone, story, evidence: None, dashed: false }
    }

    /// The time between two steps in which nothing was done.
    pub const fn waited(story: Markup) -> Self {
        Self { at: None, icon: Icon::Clock, tone: Tone::Quiet, story, evidence: None, dashed: true }
    }

    /// With what proves it.
    #[must_use]
    pub fn with(mut self, evidence: Markup) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// Not come yet.
    #[must_use]
    pub const fn planned(mut self) -> Self {
        self.dashed = true;
        self
    }
}

/// The steps, each with its exact time and the time since the step before it.
pub fn timeline(steps: &[Step]) -> Markup {
    let mut before: Option<Timestamp> = None;
    let mut since = Vec::with_capacity(steps.len());
    for step in steps {
        since.push(before.zip(step.at).map(|(before, at)| took(ms_between(before, at))));
        before = step.at.or(before);
    }
    html! {
        ol.tl {
            @for (step, since) in steps.iter().zip(since) {
                li.gap[step.dashed] {
                    div.at {
                        @if let Some(at) = step.at {
                            time datetime=(at.to_string()) { (clock_ms(at)) }
                            @if let Some(since) = since { small { "+" (since) } }
                        }
                    }
                    span class={ "dot " (step.tone.class()) } { (icon(step.icon)) }
                    div.what { p { (step.story) } @if let Some(evidence) = &step.evidence { (evidence) } }
                }
            }
        }
    }
}

/// Evidence that is opened when it is wanted.
pub fn details(summary: &str, open: bool, body: &Markup) -> Markup {
    html! { details.more open[open] { summary { (summary) } (body) } }
}

/// A part of the bar "where the time went".
#[derive(Debug, Clone)]
pub struct Span {
    pub name: String,
    pub ms: i64,
    pub kind: SpanKind,
}

/// What was going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Nothing: queued, or waiting for a time. Pale.
    Idle,
    Worked,
    /// Worked, and failed.
    Failed,
}

/// One bar that shows where the time went.
pub fn where_the_time_went(spans: &[Span]) -> Markup {
    const WIDTH: f64 = 960.0;
    const GAP: f64 = 1.5;
    let spans: Vec<&Span> = spans.iter().filter(|span| span.ms > 0).collect();
    let total: i64 = spans.iter().map(|span| span.ms).sum();
    if total == 0 {
        return html! {};
    }
    let said: Vec<String> =
        spans.iter().map(|span| format!("{} {}", span.name, took(span.ms))).collect();
    let mut x = 0.0;
    let mut bars = Vec::with_capacity(spans.len());
    for span in &spans {
        // Milliseconds of a sync stay far below what a float holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "a length in a drawing")]
        let width = (WIDTH * span.ms as f64 / total as f64).max(3.0);
        let class = match span.kind {
            SpanKind::Idle => "g-idle",
            SpanKind::Worked => "g-upd",
            SpanKind::Failed => "g-warn",
        };
        bars.push((x, (width - GAP).max(1.5), class));
        x += width;
    }
    html! {
        div.gantt {
            svg viewBox={ "0 0 " (format_args!("{x:.0}")) " 22" } preserveAspectRatio="none" role="img" aria-label=(said.join(", ")) {
                @for ((x, width, class), said) in bars.iter().zip(&said) {
                    rect class=(class) x=(format_args!("{x:.1}")) width=(format_args!("{width:.1}")) height="22" {
                        title { (said) }
                    }
                }
            }
            div.row {
                @for (span, said) in spans.iter().zip(&said) {
                    span { @if span.kind == SpanKind::Failed { (icon(Icon::Triangle)) " " } (said) }
                }
                span.dim { (took(total)) " in all" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_step_says_how_long_after_the_one_before_it_came() {
        let steps = [
            Step::new(
                at("2026-07-16T14:02:08.611Z"),
                Icon::In,
                Tone::Good,
                html! { b { "Received" } },
            ),
            Step::waited(html! { "Waited 10.9 s" }),
            Step::new(
                at("2026-07-16T14:02:19.530Z"),
                Icon::Lease,
                Tone::Quiet,
                html! { b { "Leased" } },
            ),
        ];
        let shown = timeline(&steps).into_string();
        assert!(
            shown.contains(">14:02:08.611</time></div>"),
            "the first has none before it: {shown}"
        );
        assert!(shown.contains("<li class=\"gap\"><div class=\"at\"></div>"), "{shown}");
        assert!(shown.contains(">14:02:19.530</time><small>+10.9 s</small>"), "{shown}");
    }

    #[test]
    fn the_bar_is_read_out_as_a_sentence() {
        let span = |name: &str, ms, kind| Span { name: name.to_owned(), ms, kind };
        let shown = where_the_time_went(&[
            span("queued", 400, SpanKind::Idle),
            span("attempt 1", 1100, SpanKind::Failed),
            span("nothing", 0, SpanKind::Idle),
        ])
        .into_string();
        assert!(shown.contains("aria-label=\"queued 400 ms, attempt 1 1.1 s\""), "{shown}");
        assert!(where_the_time_went(&[]).into_string().is_empty());
    }
}
