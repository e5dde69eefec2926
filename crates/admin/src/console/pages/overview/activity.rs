//! What was done in a window of time: in numbers, and in charts.

use jiff::Timestamp;
use maud::{Markup, html};

use super::number;
use crate::console::components::chart::{self, Bucket, Chart};
use crate::console::components::text::{grouped, nothing};
use crate::console::components::time::{clock, date, took};
use crate::console::frame::{Place, Viewer};
use crate::operations::overview::{self as operation, Activity, Numbers, Overview, Window};

/// A window in words: `24 hours`.
pub(in crate::console::pages) const fn window_words(window: Window) -> &'static str {
    match window {
        Window::Hour => "hour",
        Window::Day => "24 hours",
        Window::Week => "7 days",
        Window::Month => "30 days",
    }
}

/// The numbers.
pub(super) fn tiles(viewer: &Viewer, overview: &Overview, window: Window) -> Markup {
    let totals = &overview.activity.totals;
    let ready: i64 = overview.queues.iter().map(|queue| queue.ready).sum();
    let waiting: i64 = overview.queues.iter().map(|queue| queue.waiting).sum();
    let oldest = overview.queues.iter().filter_map(|queue| queue.oldest_ms).max();
    let since = window.as_str();
    html! {
        div.tiles {
            div.tile {
                span.l { "Events" } span.v { (grouped(number(totals.arrived))) }
                span.d { "in the last " (window_words(window)) }
            }
            a.tile href=(viewer.path(&format!("sync-events?since={since}"))) {
                span.l { "Syncs" } span.v { (grouped(number(totals.syncs()))) }
                span.d { (grouped(number(totals.syncs_partial))) " partial · " (grouped(number(totals.syncs_failed))) " failed" }
            }
            a.tile href=(viewer.place(Place::Deliveries)) {
                span.l { "Deliveries" } span.v { (grouped(number(totals.delivered))) }
                span.d { (grouped(number(totals.deliveries_failed))) " failed tries · " (grouped(number(totals.deliveries_dead))) " dead" }
            }
            div.tile {
                span.l { "Oldest waiting job" }
                span.v { @match oldest { Some(ms) => (took(ms)), None => (nothing()) } }
                span.d { (grouped(number(ready))) " ready · " (grouped(number(waiting))) " waiting" }
            }
        }
    }
}

/// The charts.
pub(super) fn charts(viewer: &Viewer, activity: &Activity, window: Window) -> Markup {
    let per = took(i64::from(activity.bucket_s) * 1000);
    let buckets = |of: fn(&Numbers) -> [i64; 3]| -> Vec<Bucket> {
        let bucket = |bucket: &operation::Bucket| {
            let [good, passing, bad] = of(&bucket.numbers).map(number);
            Bucket {
                label: label(viewer.now, bucket.since, window),
                good,
                passing,
                bad,
                href: None,
            }
        };
        activity.buckets.iter().map(bucket).collect()
    };
    let syncs = buckets(|it| [it.syncs_completed, it.syncs_partial, it.syncs_failed]);
    let deliveries = buckets(|it| [it.delivered, it.deliveries_failed, it.deliveries_dead]);
    let events = buckets(|it| [it.arrived, 0, 0]);
    let of = |name, words, buckets| Chart { name, words, per: &per, buckets, slim: false };
    html! {
        div.two {
            (chart::panel(&of("Syncs", ["completed", "partial", "failed"], &syncs)))
            (chart::panel(&of("Deliveries", ["delivered", "failed tries", "dead"], &deliveries)))
        }
        (chart::panel(&of("Events", ["arrived", "", ""], &events)))
    }
}

/// The name of a bucket: its time, and the day where there are several.
pub(in crate::console::pages) fn label(now: Timestamp, at: Timestamp, window: Window) -> String {
    let time = &clock(at)[..5];
    match window {
        Window::Hour => time.to_owned(),
        Window::Day if date(now, at) == date(now, now) => time.to_owned(),
        Window::Day | Window::Week | Window::Month => format!("{} {time}", date(now, at)),
    }
}
