//! Times: how long ago for people, and exactly, always both. All stamps are UTC; the page's header says so once.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::text::grouped;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long ago, or how long until: `3 s ago`, `in 59 s`, and the date when it is a day or more.
pub fn relative(now: Timestamp, at: Timestamp) -> String {
    let past_ms = now.as_millisecond() - at.as_millisecond();
    let text = match past_ms.abs() {
        0..SECOND_MS => return "now".to_owned(),
        ms @ SECOND_MS..MINUTE_MS => format!("{} s", ms / SECOND_MS),
        ms @ MINUTE_MS..HOUR_MS => format!("{} min", ms / MINUTE_MS),
        ms @ HOUR_MS..DAY_MS => format!("{} h", ms / HOUR_MS),
        _ => return date(now, at),
    };
    if past_ms >= 0 { format!("{text} ago") } else { format!("in {text}") }
}

/// The day: `16 July`, with the year when it is another one.
pub fn date(now: Timestamp, at: Timestamp) -> String {
    let form = if year(now) == year(at) { "%-d %B" } else { "%-d %B %Y" };
    at.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

fn year(at: Timestamp) -> i16 {
    at.to_zoned(TimeZone::UTC).year()
}

/// The time of day: `14:06:29`.
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// The time of day to the millisecond: `14:06:29.118`.
pub fn clock_ms(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S%.3f").to_string()
}

/// The whole stamp: `2026-07-16 14:06:29 UTC`.
pub fn stamp(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A day and a time as sentences say it: `16 July, 14:02:24 UTC`.
pub fn day_and_clock(now: Timestamp, at: Timestamp) -> String {
    format!("{}, {} UTC", date(now, at), clock(at))
}

/// How long ago; the exact stamp is the element's title. `keys.js` keeps it true.
pub fn ago(now: Timestamp, at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) title=(stamp(at)) { (relative(now, at)) } }
}

/// The two lines of a time in a table.
pub fn cell(now: Timestamp, at: Timestamp) -> Markup {
    html! { (ago(now, at)) span.sub.mono { (clock(at)) } }
}

/// The fact of a time: how long ago, and the exact stamp below it.
pub fn fact(now: Timestamp, at: Timestamp) -> Markup {
    html! { (ago(now, at)) " " small { (day_and_clock(now, at)) } }
}

/// A length of time in the unit that fits: `142 ms`, `17.0 s`, `3 min 20 s`, `27 h 36 min`, `3 days 4 h`.
pub fn took(ms: i64) -> String {
    let ms = ms.max(0);
    let two = |big: i64, small: i64, names: (&str, &str)| {
        let (whole, rest) = (ms / big, ms % big / small);
        let whole = grouped(whole.unsigned_abs());
        if rest == 0 {
            format!("{whole} {}", names.0)
        } else {
            format!("{whole} {} {rest} {}", names.0, names.1)
        }
    };
    match ms {
        0..SECOND_MS => format!("{ms} ms"),
        SECOND_MS..MINUTE_MS => format!("{}.{} s", ms / SECOND_MS, ms % SECOND_MS / 100),
        MINUTE_MS..HOUR_MS => two(MINUTE_MS, SECOND_MS, ("min", "s")),
        HOUR_MS..=172_800_000 => two(HOUR_MS, MINUTE_MS, ("h", "min")),
        _ => two(DAY_MS, HOUR_MS, ("days", "h")),
    }
}

/// From one time to another, in milliseconds; nothing below zero.
pub fn ms_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_millisecond() - from.as_millisecond()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_relative_for_a_day_and_then_a_date() {
        let now = at("2026-07-16T14:06:32Z");
        for (then, text) in [
            ("2026-07-16T14:06:32Z", "now"),
            ("2026-07-16T14:06:29Z", "3 s ago"),
            ("2026-07-16T14:02:07Z", "4 min ago"),
            ("2026-07-16T02:06:32Z", "12 h ago"),
            ("2026-07-15T14:06:32Z", "15 July"),
            ("2025-12-31T23:59:59Z", "31 December 2025"),
            ("2026-07-16T14:07:31Z", "in 59 s"),
        ] {
            assert_eq!(relative(now, at(then)), text);
        }
    }

    #[test]
    fn a_length_of_time_has_the_unit_that_fits() {
        for (ms, text) in [
            (-5, "0 ms"),
            (142, "142 ms"),
            (17_040, "17.0 s"),
            (60_000, "1 min"),
            (200_000, "3 min 20 s"),
            (99_360_000, "27 h 36 min"),
            (273_600_000, "3 days 4 h"),
        ] {
            assert_eq!(took(ms), text);
        }
    }

    #[test]
    fn a_time_in_a_table_is_relative_and_exact_and_whole_in_its_title() {
        let cell =
            cell(at("2026-07-16T14:06:32.118Z"), at("2026-07-16T14:06:29.118Z")).into_string();
        assert_eq!(
            cell,
            "<time datetime=\"2026-07-16T14:06:29.118Z\" title=\"2026-07-16 14:06:29 UTC\">3 s ago</time>\
             <span class=\"sub mono\">14:06:29</span>"
        );
        assert_eq!(clock_ms(at("2026-07-16T14:06:29.118Z")), "14:06:29.118");
    }
}
