//! The steps of a delivery's timeline.

use hookyard_store::delivery_list::Attempt;
use maud::{Markup, html};

use crate::console::components::icons::Icon;
use crate::console::components::payload::stored_headers;
use crate::console::components::status::{Status, Tone, answer_code, badge};
use crate::console::components::text::{code, outside, outside_cut};
use crate::console::components::time::{relative, took};
use crate::console::components::timeline::{Step, details};
use crate::console::frame::Viewer;
use crate::operations::story::{DeliveryFact, DeliveryStep, DeliveryStory};

/// The longest error or reason that a step shows, in characters.
const ERROR_CHARS_MAX: usize = 2000;

/// The steps as the page draws them; of the attempts the last one is open.
pub(super) fn of(viewer: &Viewer, story: &DeliveryStory) -> Vec<Step> {
    let last = story.steps.iter().rposition(|step| matches!(step.fact, DeliveryFact::Tried { .. }));
    let steps = story.steps.iter().enumerate();
    steps.map(|(index, step)| of_fact(viewer, story, step, Some(index) == last)).collect()
}

fn of_fact(viewer: &Viewer, story: &DeliveryStory, step: &DeliveryStep, is_last: bool) -> Step {
    let new = |icon, tone, story| Step::new(step.at, icon, tone, story);
    match &step.fact {
        DeliveryFact::Owed => new(Icon::Out, Tone::Good, owed(story)),
        DeliveryFact::Tried { attempt } => tried(step, attempt, is_last),
        DeliveryFact::Waited { ms } => Step::waited(html! { "Waited " (took(*ms)) }),
        DeliveryFact::Asked { by } => new(
            Icon::Person,
            Tone::Quiet,
            html! {
                b { "Asked for" } " by " (outside(&by.actor)) " " span.dim { (code(&by.action)) }
                @if let Some(reason) = &by.reason { ": “" (outside_cut(reason, ERROR_CHARS_MAX)) "”" }
            },
        ),
        DeliveryFact::CancelRequested => new(
            Icon::Bar,
            Tone::Quiet,
            html! {
                b { "Called off" } " while a try was under way, which was to be the last."
            },
        ),
        DeliveryFact::Ended { state, error } => {
            let status = Status::from(*state);
            new(
                status.icon,
                status.tone,
                html! {
                    b { "Ended" } " as " (badge(status))
                    @if let Some(error) = error { " " span.dim { (outside_cut(error, ERROR_CHARS_MAX)) } }
                },
            )
        }
        DeliveryFact::Next { number } => new(
            Icon::Clock,
            Tone::Busy,
            html! {
                b { "Attempt " (number) } " is due " (relative(viewer.now, step.at)) "."
            },
        )
        .planned(),
    }
}

fn owed(story: &DeliveryStory) -> Markup {
    html! {
        b { "Owed" }
        @match &story.subscription {
            Some(subscription) => {
                " because a subscription of " (outside(&subscription.connection)) " matches " (code(&story.delivery.event_type)) ". "
                @if let Some(filter) = &subscription.filter { span.dim { "Filter " (code(filter)) } }
            },
            None => " to its receiver.",
        }
    }
}

fn tried(step: &DeliveryStep, attempt: &Attempt, is_last: bool) -> Step {
    let failed = attempt.error_class.is_some();
    let (icon, tone) = if failed { (Icon::Octagon, Tone::Bad) } else { (Icon::Ring, Tone::Good) };
    let story = html! {
        b { "Attempt " (attempt.number) ":" } " "
        (answer_code(attempt.response_status, attempt.error_class.as_deref())) " "
        @if let Some(error) = &attempt.error { (outside_cut(error, ERROR_CHARS_MAX)) " " }
        span.dim {
            (took(attempt.duration_ms.into()))
            @if let (Some(class), Some(_)) = (&attempt.error_class, attempt.response_status) { " · " (class) }
        }
    };
    let drawn = Step::new(step.at, icon, tone, story);
    if attempt.response_headers.is_none() && attempt.response_excerpt.is_none() {
        return drawn;
    }
    drawn.with(details("Response", is_last, &html! {
        div.stack-s {
            @if let Some(headers) = &attempt.response_headers { (stored_headers(headers)) }
            @if let Some(excerpt) = attempt.response_excerpt.as_deref().filter(|it| !it.is_empty()) {
                pre tabindex="0" aria-label="Body of the response, its beginning" { code { bdi { (excerpt) } } }
            }
        }
    }))
}
