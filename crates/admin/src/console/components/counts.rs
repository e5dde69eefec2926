//! What a sync changed: `+6 ~9 −2 ✕2`, and a bar whose length is the amount and whose parts are the kinds.

use hookyard_domain::sync_event::Counts;
use maud::{Markup, html};

use super::text::{grouped, nothing};

/// The width of the bar's drawing.
const WIDTH: f64 = 112.0;
/// The space between two parts.
const GAP: f64 = 1.0;
/// What one change is worth in the first octave: few changes stay visible beside many.
const WIDTH_PER_DOUBLING: f64 = 22.0;

struct Part {
    sign: char,
    word: &'static str,
    class: &'static str,
    count: u32,
}

/// The counts and their bar. Skipped files never enter: they would drown it.
pub fn delta(counts: &Counts) -> Markup {
    let part = |sign, word, class, count| Part { sign, word, class, count };
    let parts = [
        part('+', "created ", "g-add", counts.created),
        part('~', "updated ", "g-upd", counts.updated),
        part('−', "deleted ", "g-del", counts.deleted),
        part('✕', "failed ", "g-bad", counts.failed),
    ];
    let parts: Vec<Part> = parts.into_iter().filter(|part| part.count > 0).collect();
    if parts.is_empty() {
        return nothing();
    }
    html! {
        div.delta {
            span {
                @for part in &parts {
                    em.x[part.sign == '✕'] { i.vh { (part.word) } (part.sign) (grouped(part.count.into())) }
                }
            }
            (bar(&parts))
        }
    }
}

fn bar(parts: &[Part]) -> Markup {
    let total: f64 = parts.iter().map(|part| f64::from(part.count)).sum();
    let length = ((total + 1.0).log2() * WIDTH_PER_DOUBLING).min(WIDTH);
    // A part that was counted is seen, however few they are.
    let width = |part: &Part| (length * f64::from(part.count) / total - GAP).max(2.0);
    let mut x = 0.0;
    let placed: Vec<(f64, f64, &str)> = parts
        .iter()
        .map(|part| {
            let place = (x, width(part), part.class);
            x += place.1 + GAP;
            place
        })
        .collect();
    html! {
        svg viewBox={ "0 0 " (WIDTH) " 6" } aria-hidden="true" {
            @for (x, width, class) in placed {
                rect class=(class) x=(format_args!("{x:.1}")) width=(format_args!("{width:.1}")) height="6" {}
            }
        }
    }
}

/// The counts as a sentence's end: `6 created, 9 updated, 2 deleted, 2 failed, 214 unchanged`.
pub fn in_words(counts: &Counts) -> String {
    let parts = [
        (counts.created, "created"),
        (counts.updated, "updated"),
        (counts.deleted, "deleted"),
        (counts.failed, "failed"),
        (counts.skipped, "unchanged"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", grouped(u64::from(*count))))
        .collect();
    if said.is_empty() { "nothing changed".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_of_the_screen_hears_the_words_that_the_signs_stand_for() {
        let counts = Counts { created: 6, updated: 9, deleted: 2, skipped: 214, failed: 2 };
        let shown = delta(&counts).into_string();
        for part in [
            "created </i>+6<",
            "updated </i>~9<",
            "deleted </i>−2<",
            "failed </i>✕2<",
            "class=\"x\"",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("214"));
        assert_eq!(in_words(&counts), "6 created, 9 updated, 2 deleted, 2 failed, 214 unchanged");
    }

    #[test]
    fn a_sync_that_changed_nothing_has_no_bar() {
        let counts = Counts { skipped: 9, ..Counts::default() };
        assert!(!delta(&counts).into_string().contains("svg"));
        assert_eq!(in_words(&Counts::default()), "nothing changed");
    }

    #[test]
    fn more_change_is_a_longer_bar_and_never_longer_than_its_place() {
        let end = |created| {
            let shown = delta(&Counts { created, ..Counts::default() }).into_string();
            let width = shown.split("width=\"").nth(1).unwrap();
            width.split('"').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(end(1) < end(2) && end(2) < end(9));
        assert!(end(u32::MAX) <= WIDTH);
    }
}
