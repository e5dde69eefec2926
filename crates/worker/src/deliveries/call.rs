//! One try of one delivery: make the request, send it, judge the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_destinations::{
    Answer, Event, Failure, Kept, Receiver, RenderError, Template, TemplateError, Verdict,
};
use hookyard_domain::delivery::{Blame, ErrorClass};
use hookyard_domain::delivery_retry::{DeliveryRetryPolicy, FailedTry};
use hookyard_store::delivery_jobs::{Subscriber, TryResult, Work};
use metrics::{counter, histogram};
use tracing::debug;

use super::desk::Desk;
use super::held::HeldLease;
use super::lanes::Told;
use super::places::Place;
use super::recorder::{Done, Ending, Try};
use crate::clock;

/// How long a delivery rests that we could not try, or that was cut off, in milliseconds.
const OUR_FAULT_PAUSE_MS: u64 = 30_000;

/// A delivery with all that is needed to try it.
pub(super) struct Call {
    pub(super) work: Work,
    pub(super) lease: HeldLease,
    pub(super) ready: Ready,
}

/// What a call is made of.
pub(super) struct Ready {
    pub(super) event: Arc<Event>,
    pub(super) receiver: Arc<Receiver>,
    pub(super) template: Option<Result<Arc<Template>, TemplateError>>,
    pub(super) place: Place,
}

impl Call {
    /// Tries the delivery and hands over what came of it.
    pub(super) async fn carry_out(self, desk: Arc<Desk>) {
        let ending = self.attempt(&desk).await;
        desk.hand_over(self.end(ending)).await;
    }

    /// What came of the delivery.
    pub(super) fn end(self, ending: Ending) -> Done {
        Done::of(&self.work, self.lease, ending).with_place(self.ready.place)
    }

    pub(super) async fn attempt(&self, desk: &Desk) -> Ending {
        let suspected = crate::quarantine::is_suspected(&self.work.lease);
        let began = Instant::now();
        let request = {
            // What may kill a process is reading an event and running its template.
            let _place = desk.apart.enter(suspected).await;
            self.request()
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                self.tell(desk, Told::Nothing);
                let failure = Failure {
                    class: ErrorClass::Rendering,
                    status: None,
                    error: error.to_string(),
                    retry_after: None,
                };
                return Ending::Tried(Box::new(self.failed(began, failure)));
            }
        };
        // The last look before the request is written: whoever was frozen must not call in somebody else's time.
        if !self.lease.allows_call(Instant::now()) {
            self.tell(desk, Told::Nothing);
            counter!("hookyard_worker_fenced_total").increment(1);
            debug!(delivery.id = %self.work.delivery, "the lease of {} ran out before it was sent", self.work.delivery);
            return Ending::Lost;
        }
        let sent = tokio::select! {
            sent = desk.sender.send(request) => sent,
            () = desk.cut_off.cancelled() => {
                self.tell(desk, Told::Nothing);
                return Ending::Back(Some(0));
            }
        };
        histogram!("hookyard_worker_delivery_seconds").record(began.elapsed().as_secs_f64());
        match sent {
            Ok(answer) => {
                let _place = desk.apart.enter(suspected).await;
                self.judged(desk, began, &answer)
            }
            Err(error) => self.unanswered(desk, began, error.into()),
        }
    }

    fn request(&self) -> Result<hookyard_destinations::Outgoing, RenderError> {
        let template = self.ready.template.as_ref().map(Result::as_ref).transpose();
        let template = template.map_err(|error| RenderError::Template(error.clone()))?;
        let at = clock::now();
        self.ready.receiver.request(
            &self.ready.event,
            template.map(AsRef::as_ref),
            self.work.delivery,
            at,
        )
    }

    fn judged(&self, desk: &Desk, began: Instant, answer: &Answer) -> Ending {
        let Kept { headers, excerpt } = self.ready.receiver.keep(answer);
        let mut tried = match self.ready.receiver.judge(answer, clock::now()) {
            Verdict::Delivered { pause } => {
                self.tell(desk, Told::Well { pause });
                attempts("delivered");
                Try {
                    began,
                    took: began.elapsed(),
                    status: None,
                    headers: None,
                    excerpt: None,
                    result: TryResult::Delivered,
                }
            }
            Verdict::Failed(failure) => {
                self.tell(desk, told(&failure));
                self.failed(began, failure)
            }
        };
        tried.status = Some(answer.status.as_u16());
        tried.headers = Some(headers.to_string());
        tried.excerpt = Some(excerpt);
        Ending::Tried(Box::new(tried))
    }

    fn unanswered(&self, desk: &Desk, began: Instant, failure: Failure) -> Ending {
        self.tell(desk, told(&failure));
        match failure.class.blame() {
            Blame::Receiver => Ending::Tried(Box::new(self.failed(began, failure))),
            Blame::Ours => Ending::Back(Some(OUR_FAULT_PAUSE_MS)),
        }
    }

    fn failed(&self, began: Instant, failure: Failure) -> Try {
        attempts(failure.class.as_str());
        let seen = FailedTry {
            class: failure.class,
            status: failure.status,
            retry_after_ms: failure.retry_after.map(millis),
        };
        let attempt = self.work.attempts.saturating_sub(self.work.attempts_before) + 1;
        let after = self.with_policy(|it| it.after_failure(attempt, seen, clock::jitter()));
        debug!(delivery.id = %self.work.delivery, class = %failure.class, "delivery {} failed: {}", self.work.delivery, failure.error);
        Try {
            began,
            took: began.elapsed(),
            status: failure.status,
            headers: None,
            excerpt: None,
            result: TryResult::Failed { class: failure.class, error: failure.error, after },
        }
    }

    fn with_policy<T>(&self, decide: impl FnOnce(&DeliveryRetryPolicy) -> T) -> T {
        match &self.work.subscriber {
            Subscriber::Subscription(terms) => decide(&terms.retry_policy),
            Subscriber::RemovedSubscription | Subscriber::OauthClient => {
                decide(&DeliveryRetryPolicy::default())
            }
        }
    }

    pub(super) fn tell(&self, desk: &Desk, told: Told) {
        desk.lanes.tell(self.work.receiver.lane, told, Instant::now());
    }
}

/// What a failed try says of the receiver's health.
fn told(failure: &Failure) -> Told {
    /// How long a receiver is left alone that has enough and does not say until when.
    const UNSAID: Duration = Duration::from_secs(1);
    if failure.class.is_illness() {
        Told::Ill
    } else if failure.class.blame() == Blame::Ours || failure.class == ErrorClass::Address {
        Told::Nothing
    } else {
        // Whatever else comes with a `Retry-After` speaks for its own delivery, not for the others.
        let pause = (failure.class == ErrorClass::RateLimited)
            .then(|| failure.retry_after.unwrap_or(UNSAID));
        Told::Well { pause }
    }
}

fn attempts(class: &'static str) {
    counter!("hookyard_worker_attempts_total", "class" => class).increment(1);
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
