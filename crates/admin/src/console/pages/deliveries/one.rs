//! One delivery: what was sent, what the receiver said, and what comes next.

use hookyard_domain::delivery::DeliveryState;
use hookyard_store::delivery_list::{Delivery, ReceiverId, SubscriberId};
use maud::{Markup, html};

use super::{list, steps};
use crate::console::components::facts::{self, Fact};
use crate::console::components::form::button;
use crate::console::components::icons::{Icon, icon};
use crate::console::components::panel::{self, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{answer_code, badge_big};
use crate::console::components::text::{code, counted, id, nothing, outside, outside_cut};
use crate::console::components::time::{clock, fact, relative};
use crate::console::components::timeline::timeline;
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;
use crate::operations::story::{DeliveryStory, Dot, DotState};

/// The longest error of the answer sentence, in characters.
const ERROR_CHARS_MAX: usize = 400;

/// The page.
pub(super) fn view(viewer: &Viewer, story: &DeliveryStory) -> Markup {
    let delivery = &story.delivery;
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Deliveries)) { "Deliveries" } " / " (id(&delivery.id.to_string())) }),
            title: html! { (outside(&delivery.event_type)) " to " (list::receiver(delivery)) },
            answer: html! { span #answer { (answer(viewer, delivery)) } },
            actions: viewer.is_admin.then(|| actions(viewer, delivery)),
        }))
        @if !delivery.state.is_over() && viewer.live { (live::connect(&stream(viewer, delivery))) }
        (facts::strip(&key_facts(viewer, story)))
        div.cols {
            div.stack {
                @if !story.schedule.is_empty() { (schedule(story)) }
                section aria-labelledby="attempts" {
                    div.head {
                        h2 #attempts { "Attempts" }
                        p.small.dim { "Times in UTC. The delivery id is the same on every attempt." }
                    }
                    (timeline(&steps::of(viewer, story)))
                }
            }
            aside.stack aria-label="Related" { (identity(delivery)) }
        }
    };
    let title = format!(
        "{} to {}",
        delivery.event_type,
        delivery.receiver.as_deref().unwrap_or("a removed receiver")
    );
    frame::page(viewer, Place::Deliveries, &title, &[], &body)
}

fn stream(viewer: &Viewer, delivery: &Delivery) -> String {
    let path = viewer.path(&format!("deliveries/{}/stream", delivery.id));
    Query::new().with("seen", state(delivery)).href(&path)
}

/// In a word what the page tells: another one, and its story has gone on.
pub(super) fn state(delivery: &Delivery) -> String {
    format!("{}-{}", delivery.state, delivery.attempts)
}

/// What the page says first.
pub(super) fn answer(viewer: &Viewer, delivery: &Delivery) -> Markup {
    let made = counted(
        u64::from(delivery.attempts.unsigned_abs()),
        "attempt was made",
        "attempts were made",
    );
    html! {
        (badge_big(delivery.state)) " "
        @match delivery.state {
            DeliveryState::Pending => "Owed; a worker sends it when its turn has come.",
            DeliveryState::Delivering => "A try is under way.",
            DeliveryState::Delivered => { "The receiver took it. " (made) "." },
            DeliveryState::Failed => {
                (made) ". "
                @if let Some(at) = delivery.next_attempt_at {
                    b { "The next is at " (clock(at)) ", " (relative(viewer.now, at)) "." }
                }
            },
            DeliveryState::Dead => {
                (made) ", and no further one will be. It is kept, and can be replayed."
            },
            DeliveryState::Cancelled => "Nothing more is sent for it. It can be replayed.",
        }
        @if let (DeliveryState::Failed | DeliveryState::Dead, Some(error)) = (delivery.state, &delivery.error) {
            " " (outside_cut(error, ERROR_CHARS_MAX))
        }
    }
}

fn actions(viewer: &Viewer, delivery: &Delivery) -> Markup {
    let path = |verb: &str| viewer.path(&format!("deliveries/{}/{verb}", delivery.id));
    html! {
        @if delivery.state.is_over() {
            @let class = if delivery.state == DeliveryState::Dead { "primary" } else { "" };
            (button(&path("replay"), &viewer.csrf, class, &html! { (icon(Icon::Retry)) "Replay" }))
        } @else {
            (button(&path("cancel"), &viewer.csrf, "danger", &html! { "Cancel" }))
        }
    }
}

fn key_facts(viewer: &Viewer, story: &DeliveryStory) -> [Fact<'static>; 6] {
    let delivery = &story.delivery;
    let event = html! {
        (code(&delivery.event_type))
        @if viewer.is_admin { small { a href=(viewer.path(&format!("events/{}", delivery.event_id))) { "the event" } } }
    };
    let last = answer_code(delivery.response_status, delivery.error_class.as_deref());
    let attempts = html! {
        (delivery.attempts)
        @if let Some(subscription) = &story.subscription { small { "of " (subscription.attempts_max) " at most" } }
    };
    [
        ("Receiver", list::receiver(delivery)),
        ("Event", event),
        ("Attempts", attempts),
        ("Last answer", if delivery.attempts > 0 { last } else { nothing() }),
        ("Came to this", fact(viewer.now, delivery.state_at)),
        ("Owed since", fact(viewer.now, delivery.created_at)),
    ]
}

fn identity(delivery: &Delivery) -> Markup {
    let receiver = match delivery.receiver_id {
        ReceiverId::Connection(id) => ("Connection", id.to_string()),
        ReceiverId::OauthClient(id) => ("OAuth client", id.to_string()),
    };
    let mut ids = vec![
        ("Delivery", delivery.id.to_string()),
        ("Event", delivery.event_id.to_string()),
        receiver,
    ];
    if let SubscriberId::Subscription(id) = delivery.subscriber_id {
        ids.push(("Subscription", id.to_string()));
    }
    facts::identity(&ids, Some(&format!("hookyard-admin delivery show {}", delivery.id)))
}

/// The tries as dots: done, next, planned.
fn schedule(story: &DeliveryStory) -> Markup {
    const STEP: usize = 100;
    const EDGE: usize = 40;
    let dots = &story.schedule;
    let width = EDGE * 2 + STEP * dots.len().saturating_sub(1);
    let body = html! {
        div.pad { div.scroll {
            svg.sched viewBox={ "0 0 " (width.max(EDGE * 2)) " 66" } width=(width) height="66" role="img" aria-label=(said(dots)) {
                path.g-axis d={ "M" (EDGE) " 20H" (width - EDGE) } {}
                @for (index, dot) in dots.iter().enumerate() { (drawn(dot, EDGE + STEP * index)) }
            }
        } }
    };
    panel::titled(
        "Schedule",
        &html! { "Retry-After is obeyed when a receiver sends it" },
        &body,
        None,
    )
}

fn said(dots: &[Dot]) -> String {
    let count = |state| dots.iter().filter(|dot| dot.state == state).count();
    format!(
        "{} tries: {} delivered, {} failed, {} planned",
        dots.len(),
        count(DotState::Delivered),
        count(DotState::Failed),
        count(DotState::Next) + count(DotState::Planned)
    )
}

fn drawn(dot: &Dot, x: usize) -> Markup {
    let (class, radius, sign) = match dot.state {
        DotState::Delivered => ("sok", 8, format!("m{} 20 2.5 2.5 4-5", x.saturating_sub(3))),
        DotState::Failed => ("sbad", 8, format!("m{} 17 6 6m0-6-6 6", x.saturating_sub(3))),
        DotState::Next => ("snext", 9, format!("M{x} 15v5l3 2")),
        DotState::Planned => ("sfut", 6, String::new()),
    };
    html! {
        g class=(class) { circle cx=(x) cy="20" r=(radius) {} @if !sign.is_empty() { path d=(sign) {} } }
        text x=(x) y="46" text-anchor="middle" { "try " (dot.number) }
        text class=(if dot.state == DotState::Next { "b" } else { "t" }) x=(x) y="61" text-anchor="middle" {
            @match dot.at { Some(at) => (clock(at)), None => "planned" }
        }
    }
}
