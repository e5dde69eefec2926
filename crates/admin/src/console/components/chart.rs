//! Charts: good grows up, trouble hangs down from one axis, each side with its own scale.

use maud::{Markup, html};

use super::text::grouped;

/// What happened in one span of time.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// Its time, as a person reads it.
    pub label: String,
    pub good: u64,
    /// Trouble that may pass: partial, retrying. Hollow.
    pub passing: u64,
    /// Trouble that stays: failed, dead, refused. Solid.
    pub bad: u64,
    /// The list narrowed to this time.
    pub href: Option<String>,
}

/// A chart of counts over time.
#[derive(Debug)]
pub struct Chart<'a> {
    /// What is counted: `Sync events`.
    pub name: &'a str,
    /// The words of the three kinds; an empty one is not drawn.
    pub words: [&'a str; 3],
    /// `20 minutes`
    pub per: &'a str,
    pub buckets: &'a [Bucket],
    /// Below a list rather than on its own.
    pub slim: bool,
}

/// A drawing's sizes. Widths stretch, heights do not.
struct Sizes {
    width: f64,
    height: f64,
    axis: f64,
}

/// The least height of trouble: one event in a thousand is still seen.
const TROUBLE_MIN: f64 = 4.0;
/// How many times stand below the axis.
const LABELS: usize = 5;

impl Chart<'_> {
    /// How many there are of each kind.
    pub fn totals(&self) -> [u64; 3] {
        let sum = |of: fn(&Bucket) -> u64| self.buckets.iter().map(of).sum();
        [sum(|bucket| bucket.good), sum(|bucket| bucket.passing), sum(|bucket| bucket.bad)]
    }

    fn shown(&self) -> impl Iterator<Item = (usize, &str)> {
        self.words.into_iter().enumerate().filter(|(_, word)| !word.is_empty())
    }

    /// The chart as a sentence.
    fn sentence(&self) -> String {
        let totals = self.totals();
        let parts: Vec<String> =
            self.shown().map(|(kind, word)| format!("{} {word}", grouped(totals[kind]))).collect();
        format!("{} per {}: {}", self.name, self.per, parts.join(", "))
    }

    fn said(&self, bucket: &Bucket) -> String {
        let counts = [bucket.good, bucket.passing, bucket.bad];
        let parts: Vec<String> =
            self.shown().map(|(kind, word)| format!("{} {word}", grouped(counts[kind]))).collect();
        format!("{} · {}", bucket.label, parts.join(", "))
    }
}

/// The drawing with its scales and times.
pub fn chart(chart: &Chart<'_>) -> Markup {
    let sizes = if chart.slim {
        Sizes { width: 960.0, height: 84.0, axis: 55.4 }
    } else {
        Sizes { width: 620.0, height: 120.0, axis: 79.2 }
    };
    let up_max = chart.buckets.iter().map(|bucket| bucket.good).max().unwrap_or(0);
    let down_max =
        chart.buckets.iter().map(|bucket| bucket.passing + bucket.bad).max().unwrap_or(0);
    html! {
        div class={ "chart" @if chart.slim { " short" } } {
            div.y aria-hidden="true" {
                span { (grouped(up_max)) } span { "0" }
                span { @if down_max > 0 { (grouped(down_max)) } }
            }
            svg viewBox={ "0 0 " (sizes.width) " " (sizes.height) } preserveAspectRatio="none" role="img"
                aria-label=(chart.sentence()) {
                path.g-line d={ "M0 .5H" (sizes.width) } vector-effect="non-scaling-stroke" {}
                @for (index, bucket) in chart.buckets.iter().enumerate() {
                    (column(chart, &sizes, (index, bucket), (up_max, down_max)))
                }
                path.g-axis d={ "M0 " (sizes.axis) "H" (sizes.width) } vector-effect="non-scaling-stroke" {}
            }
            div.x aria-hidden="true" { @for label in labels(chart.buckets) { span { (label) } } }
        }
    }
}

fn column(
    chart: &Chart<'_>,
    sizes: &Sizes,
    (index, bucket): (usize, &Bucket),
    (up_max, down_max): (u64, u64),
) -> Markup {
    if bucket.good + bucket.passing + bucket.bad == 0 {
        return html! {};
    }
    let step = sizes.width / float(chart.buckets.len().max(1) as u64);
    let (x, width) = (float(index as u64) * step + 1.0, (step - 2.0).max(1.0));
    let up = float(bucket.good) / float(up_max.max(1)) * (sizes.axis - TROUBLE_MIN);
    let down = |count: u64| {
        let height = float(count) / float(down_max.max(1)) * (sizes.height - sizes.axis);
        if count == 0 { 0.0 } else { height.max(TROUBLE_MIN) }
    };
    let (bad, passing) = (down(bucket.bad), down(bucket.passing));
    let bars = html! {
        title { (chart.said(bucket)) }
        (bar("g-good", (x, width), (sizes.axis - up, up)))
        (bar("g-bad", (x, width), (sizes.axis, bad)))
        (bar("g-hollow", (x + 0.8, width - 1.6), (sizes.axis + bad, passing)))
    };
    html! {
        @match &bucket.href {
            Some(href) => a href=(href) tabindex="-1" { (bars) },
            None => g { (bars) },
        }
    }
}

fn bar(class: &str, (x, width): (f64, f64), (y, height): (f64, f64)) -> Markup {
    html! {
        @if height > 0.0 {
            rect class=(class) x=(format_args!("{x:.1}")) y=(format_args!("{y:.1}"))
                width=(format_args!("{:.1}", width.max(0.6))) height=(format_args!("{height:.1}")) {}
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a length in a drawing")]
const fn float(count: u64) -> f64 {
    count as f64
}

fn labels(buckets: &[Bucket]) -> Vec<&str> {
    if buckets.len() <= LABELS {
        return buckets.iter().map(|bucket| bucket.label.as_str()).collect();
    }
    let last = buckets.len() - 1;
    let mut labels: Vec<&str> =
        (0..LABELS).map(|index| buckets[index * last / (LABELS - 1)].label.as_str()).collect();
    labels[LABELS - 1] = "now";
    labels
}

/// What the colours and shapes of a chart mean.
pub fn keys(chart: &Chart<'_>) -> Markup {
    let classes = ["g-good", "g-hollow", "g-bad"];
    html! {
        div.keys {
            @for (kind, word) in chart.shown() {
                span.key {
                    svg viewBox="0 0 10 10" aria-hidden="true" {
                        rect class=(classes[kind]) width="10" height="10" {}
                    }
                    (word) (if kind == 0 { " ↑" } else { " ↓" })
                }
            }
            span.dim { "per " (chart.per) }
        }
    }
}

/// The slim histogram between the filters and the rows of a list.
pub fn histogram(data: &Chart<'_>) -> Markup {
    html! {
        section.panel.slim aria-label=(data.name) { (chart(data)) (keys(data)) }
    }
}

/// A chart with its name, and its numbers as a table for who wants them.
pub fn panel(data: &Chart<'_>) -> Markup {
    html! {
        section.panel {
            header { h2 { (data.name) } (keys(data)) }
            div.pad { (chart(data)) }
            div.pad.as-table { (as_table(data)) }
        }
    }
}

fn as_table(data: &Chart<'_>) -> Markup {
    html! {
        details.more {
            summary { "Show as table" }
            div.scroll.tall {
                table {
                    thead { tr {
                        th scope="col" { "Time, UTC" }
                        @for (_, word) in data.shown() { th.num scope="col" { (word) } }
                    } }
                    tbody {
                        @for bucket in data.buckets.iter().rev() {
                            @let counts = [bucket.good, bucket.passing, bucket.bad];
                            @if counts.iter().sum::<u64>() > 0 {
                                tr {
                                    td { (bucket.label) }
                                    @for (kind, _) in data.shown() { td.num { (grouped(counts[kind])) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(good: u64, passing: u64, bad: u64) -> Bucket {
        Bucket { label: "14:00".to_owned(), good, passing, bad, href: None }
    }

    fn of(buckets: &[Bucket]) -> Chart<'_> {
        let words = ["completed", "partial", "failed"];
        Chart { name: "Sync events", words, per: "20 minutes", buckets, slim: true }
    }

    fn heights(shown: &str, class: &str) -> Vec<f64> {
        let mark = format!("class=\"{class}\" x=");
        let after = shown.split(&mark).skip(1);
        after
            .map(|rest| {
                rest.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
            })
            .collect()
    }

    #[test]
    fn a_chart_is_read_out_as_a_sentence() {
        let buckets = [bucket(1240, 19, 0), bucket(6, 0, 7)];
        let shown = chart(&of(&buckets)).into_string();
        let sentence =
            "aria-label=\"Sync events per 20 minutes: 1,246 completed, 19 partial, 7 failed\"";
        assert!(shown.contains(sentence), "{shown}");
        assert!(
            shown.contains("<title>14:00 · 1,240 completed, 19 partial, 0 failed</title>"),
            "{shown}"
        );
    }

    #[test]
    fn one_failure_beside_a_thousand_is_seen() {
        let buckets = [bucket(1000, 0, 1), bucket(1000, 0, 1000)];
        let shown = chart(&of(&buckets)).into_string();
        assert!(heights(&shown, "g-bad").iter().all(|height| *height >= TROUBLE_MIN), "{shown}");
    }

    #[test]
    fn a_span_without_anything_is_a_gap() {
        assert!(!chart(&of(&[bucket(0, 0, 0)])).into_string().contains("rect"));
        assert!(chart(&of(&[])).into_string().contains("0 completed"));
    }
}
