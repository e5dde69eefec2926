//! The story of a delivery.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ConnectionId, DeliveryId, SubscriptionId};
use hookyard_store::audit::{self, AuditFilter};
use hookyard_store::delivery_list::{self, Attempt, Delivery, SubscriberId};
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::subscriptions::Subscription;
use hookyard_store::{Db, Store, doctor, event_list, subscriptions};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Asked, ReceivedEvent, ms_between};
use crate::operations::OperationError;

/// Everything that is on record of a delivery.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryStory {
    /// When this was read, by the database's clock.
    pub as_of: Timestamp,
    pub delivery: Delivery,
    /// Why it is owed; none when it is owed to an OAuth client, or when the subscription was deleted.
    pub subscription: Option<SubscriptionBrief>,
    /// What is delivered; none when it is past its retention.
    pub event: Option<ReceivedEvent>,
    /// The tries since the last replay, and those that its policy has left.
    pub schedule: Vec<Dot>,
    /// Oldest first, the future last.
    pub steps: Vec<DeliveryStep>,
}

/// The subscription that a delivery is owed to, as it is now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionBrief {
    pub id: SubscriptionId,
    pub connection_id: ConnectionId,
    /// The connection's name and kind, such as `default (slack)`.
    pub connection: String,
    pub event_types: Vec<String>,
    pub filter: Option<String>,
    /// Whether the message is made by a template.
    pub has_template: bool,
    pub active: bool,
    /// Tries in all, the first one included.
    pub attempts_max: u32,
}

/// One try of the schedule, made or to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dot {
    /// 1 is the first since the last replay.
    pub number: i32,
    pub state: DotState,
    /// When it was, or is to be; none where only its turn is planned.
    pub at: Option<Timestamp>,
}

/// What became of a try, or will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DotState {
    Delivered,
    Failed,
    /// The next one.
    Next,
    /// It will be made if all before it fail.
    Planned,
}

/// One step of a delivery.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryStep {
    pub at: Timestamp,
    /// Milliseconds since the step before; none for the first.
    pub since_ms: Option<i64>,
    #[serde(flatten)]
    pub fact: DeliveryFact,
}

/// What a step tells.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum DeliveryFact {
    /// The event was fanned out, and this receiver is to have it.
    Owed,
    /// A try, and what the receiver said.
    Tried { attempt: Box<Attempt> },
    /// Nothing happened until the next try.
    Waited { ms: i64 },
    /// Somebody sent it once more, or called it off.
    Asked { by: Asked },
    /// Somebody called it off while a try was under way, which was to be the last.
    CancelRequested,
    /// It is over.
    Ended { state: DeliveryState, error: Option<String> },
    /// The future: the next try.
    Next { number: i32 },
}

/// The story of a delivery, with the last hundred of its tries.
pub async fn delivery(store: &Store, id: DeliveryId) -> Result<DeliveryStory, OperationError> {
    let conn = store.conn().await?;
    let detail = delivery_list::detail(&conn, id).await?;
    let detail = detail.ok_or_else(|| OperationError::not_found("delivery", &id))?;
    let (delivery, tries) = (detail.delivery, detail.tries);
    let subscription = match delivery.subscriber_id {
        SubscriberId::Subscription(id) => subscriptions::by_id(&conn, id).await?,
        SubscriberId::OauthClient(_) => None,
    };
    let subscription = subscription.map(SubscriptionBrief::from);
    let event = event_list::detail(&conn, delivery.event_id).await?.map(ReceivedEvent::from);
    let asked = asked(&conn, id).await?;
    let as_of = doctor::now(&conn).await?;
    let schedule = schedule(&delivery, &tries, subscription.as_ref().map(|it| it.attempts_max));
    let steps = steps(&delivery, tries, asked);
    Ok(DeliveryStory { as_of, delivery, subscription, event, schedule, steps })
}

impl From<Subscription> for SubscriptionBrief {
    fn from(it: Subscription) -> Self {
        Self {
            id: it.id,
            connection_id: it.connection_id,
            connection: it.connection,
            event_types: it.event_types,
            filter: it.filter,
            has_template: it.template.is_some(),
            active: it.active,
            attempts_max: it.retry_policy.unwrap_or_default().attempts_max(),
        }
    }
}

/// Who replayed or cancelled it, by itself or through its dead letter.
async fn asked(db: &impl Db, id: DeliveryId) -> Result<Vec<(Timestamp, Asked)>, OperationError> {
    let subject = id.to_string();
    let filter = AuditFilter { subject: Some(&subject), ..AuditFilter::default() };
    let page = PageRequest::new(PAGE_ITEMS_MAX, None).expect("the longest page is one");
    let mut entries = audit::list(db, filter, page).await?.items;
    entries.extend(audit::that_led_to(db, &subject).await?);
    Ok(entries.into_iter().map(|entry| (entry.at, Asked::from(entry))).collect())
}

/// The dots of the tries since the last replay, and of those that are left.
fn schedule(delivery: &Delivery, tries: &[Attempt], attempts_max: Option<u32>) -> Vec<Dot> {
    let before = delivery.attempts_before;
    let mut dots: Vec<Dot> = tries
        .iter()
        .filter(|it| it.number > before)
        .map(|it| Dot {
            number: it.number - before,
            state: if it.error_class.is_none() { DotState::Delivered } else { DotState::Failed },
            at: Some(it.started_at),
        })
        .collect();
    if delivery.state.is_over() {
        return dots;
    }
    let made = delivery.attempts - before;
    dots.push(Dot { number: made + 1, state: DotState::Next, at: delivery.next_attempt_at });
    let last = attempts_max.and_then(|n| i32::try_from(n).ok()).unwrap_or(made + 1);
    let planned = (made + 2)..=last;
    dots.extend(planned.map(|number| Dot { number, state: DotState::Planned, at: None }));
    dots
}

fn steps(
    delivery: &Delivery,
    tries: Vec<Attempt>,
    asked: Vec<(Timestamp, Asked)>,
) -> Vec<DeliveryStep> {
    let mut facts = vec![(delivery.created_at, DeliveryFact::Owed)];
    let mut free_since: Option<Timestamp> = None;
    for attempt in tries {
        if let Some(since) = free_since {
            let ms = ms_between(since, attempt.started_at);
            facts.push((since, DeliveryFact::Waited { ms }));
        }
        let took = SignedDuration::from_millis(attempt.duration_ms.into());
        free_since = attempt
            .error_class
            .is_some()
            .then(|| attempt.started_at.checked_add(took).unwrap_or(attempt.started_at));
        facts.push((attempt.started_at, DeliveryFact::Tried { attempt: Box::new(attempt) }));
    }
    facts.extend(asked.into_iter().map(|(at, by)| (at, DeliveryFact::Asked { by })));
    if let Some(at) = delivery.cancel_requested_at {
        facts.push((at, DeliveryFact::CancelRequested));
    }
    if delivery.state.is_over() {
        let ended = DeliveryFact::Ended { state: delivery.state, error: delivery.error.clone() };
        facts.push((delivery.state_at, ended));
    } else if let Some(at) = delivery.next_attempt_at {
        let number = delivery.attempts - delivery.attempts_before + 1;
        facts.push((at, DeliveryFact::Next { number }));
    }
    facts.sort_by_key(|(at, _)| *at);
    let mut before = None;
    let step = |(at, fact)| {
        let since_ms = before.replace(at).map(|before| ms_between(before, at));
        DeliveryStep { at, since_ms, fact }
    };
    facts.into_iter().map(step).collect()
}
