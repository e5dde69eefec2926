//! From leases to calls: what must not be sent ends here, what may not be sent now goes back, the rest is sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_destinations::{Event, Sender};
use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::job::RUNS_MAX;
use hookyard_process::Tasks;
use hookyard_store::delivery_jobs::{Receiver, ReceiverKind, Subscriber, UnsentEnd, Work};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::call::{Call, Ready};
use super::held::{Held, HeldLease};
use super::lanes::Lanes;
use super::materials::{Materials, NoEvent, bytes_of};
use super::places::Places;
use super::recorder::{Done, Ending};
use crate::context::Context;
use crate::quarantine::{Quarantine, is_suspected};

/// How long a receiver is left alone whose credentials cannot be opened: an operator must mend that.
const SETUP_PAUSE: Duration = Duration::from_mins(1);
/// How long a delivery rests that met an absence of the database, in milliseconds.
const ABSENCE_PAUSE_MS: u64 = 1_000;
/// How long a suspected delivery rests while too many others are looked into, in milliseconds.
const SUSPECTED_PAUSE_MS: u64 = 5_000;

/// What all deliveries of this process share.
pub(super) struct Desk {
    pub(super) context: Context,
    pub(super) sender: Sender,
    pub(super) materials: Materials,
    pub(super) places: Arc<Places>,
    pub(super) lanes: Lanes,
    pub(super) held: Arc<Held>,
    /// The calls under way.
    pub(super) calls: Tasks,
    pub(super) apart: Quarantine,
    /// Cuts calls off that outlast the drain.
    pub(super) cut_off: CancellationToken,
    /// Nothing is handed over any more.
    pub(super) closed: CancellationToken,
    pub(super) done: mpsc::Sender<Done>,
    pub(super) suspects: mpsc::Sender<Call>,
}

impl Desk {
    /// Takes leased work that was asked for at this time, and starts what may be sent now.
    pub(super) async fn start(self: &Arc<Self>, work: Vec<Work>, asked: Instant) {
        let leases: Vec<HeldLease> =
            work.iter().map(|it| self.held.hold(it.lease, asked)).collect();
        let events = match self.materials.events(&work).await {
            Ok(events) => events,
            Err(error) => {
                warn!("{} deliveries cannot be sent now: {}", work.len(), error.brief());
                HashMap::new()
            }
        };
        for (work, lease) in work.into_iter().zip(leases) {
            let key = (work.event, work.receiver.owner.id);
            let ready = match (unsendable(&work), events.get(&key)) {
                (Some(end), _) => Err(Ending::Unsent(end)),
                (None, Some(Ok(event))) => self.prepare(&work, event),
                (None, Some(Err(NoEvent::Unreadable(error)))) => Err(unreadable(error)),
                (None, Some(Err(NoEvent::Gone))) => Err(expired()),
                (None, Some(Err(NoEvent::Later))) => Err(Ending::Back(None)),
                (None, None) => Err(Ending::Back(Some(ABSENCE_PAUSE_MS))),
            };
            match ready {
                Ok(ready) => self.dispatch(Call { work, lease, ready }).await,
                Err(ending) => self.hand_over(Done::of(&work, lease, ending)).await,
            }
        }
    }

    /// Hands over what came of a delivery. Waits for the recorder when it is behind.
    pub(super) async fn hand_over(&self, done: Done) {
        if self.done.send(done).await.is_err() {
            warn!("a delivery was not recorded: its lease runs out");
        }
    }

    /// What the call is made of, if it may be made now; otherwise how the delivery ends.
    fn prepare(&self, work: &Work, event: &Arc<Event>) -> Result<Ready, Ending> {
        let receiver = match self.materials.receiver(&work.receiver) {
            Ok(receiver) => receiver,
            Err(error) => {
                let id = work.receiver.lane.receiver;
                error!(receiver.id = %id, "nothing can be sent to {id}: {error}");
                // All that is owed to it keeps its place and waits with this one.
                self.lanes.leave_alone(work.receiver.lane, SETUP_PAUSE, Instant::now());
                return Err(Ending::Back(None));
            }
        };
        let template = match (&work.subscriber, &work.receiver.kind) {
            (Subscriber::Subscription(terms), ReceiverKind::Connection { kind, .. }) => {
                terms.template.as_deref().map(|text| self.materials.template(*kind, text))
            }
            (Subscriber::Subscription(_), ReceiverKind::OauthClient { .. })
            | (Subscriber::RemovedSubscription | Subscriber::OauthClient, _) => None,
        };
        let (workspace, bytes) = (work.receiver.lane.workspace, bytes_of(event));
        // Suspected ones wait for their turn: neither a place nor the lane is theirs before.
        let place = if is_suspected(&work.lease) {
            let held = self.places.hold(workspace, bytes);
            held.ok_or(Ending::Back(Some(SUSPECTED_PAUSE_MS)))?
        } else {
            let place = self.places.take(workspace, bytes).ok_or(Ending::Back(None))?;
            self.admit(work)?;
            place
        };
        Ok(Ready { event: Arc::clone(event), receiver, template, place })
    }

    /// Asks the lane for a call; if there may be none now, the delivery waits.
    pub(super) fn admit(&self, work: &Work) -> Result<(), Ending> {
        let rate_per_s = match &work.receiver.kind {
            ReceiverKind::Connection { rate_per_s, .. } => *rate_per_s,
            ReceiverKind::OauthClient { .. } => None,
        };
        match self.lanes.admit(work.receiver.lane, rate_per_s, Instant::now()) {
            None => Ok(()),
            Some(_) => Err(Ending::Back(None)),
        }
    }

    async fn dispatch(self: &Arc<Self>, call: Call) {
        if !is_suspected(&call.work.lease) {
            // Some kilobytes: in a box they are not moved again.
            self.calls.spawn("delivery", Box::pin(call.carry_out(Arc::clone(self))));
        } else if let Err(refused) = self.suspects.try_send(call) {
            let ending = Ending::Back(Some(SUSPECTED_PAUSE_MS));
            self.hand_over(refused.into_inner().end(ending)).await;
        }
    }
}

/// How a delivery ends that must not be sent at all.
fn unsendable(work: &Work) -> Option<UnsentEnd> {
    if work.lease.runs > RUNS_MAX {
        let error = format!("{RUNS_MAX} workers ended while they sent it");
        return Some(UnsentEnd::Dead { reason: "worker_died", error });
    }
    if work.subscriber == Subscriber::RemovedSubscription {
        return Some(cancelled("the subscription was removed"));
    }
    not_sent_to(&work.receiver)
}

fn not_sent_to(receiver: &Receiver) -> Option<UnsentEnd> {
    match &receiver.kind {
        ReceiverKind::OauthClient { active: true, .. } => None,
        ReceiverKind::OauthClient { active: false, .. } => {
            Some(dead("client_disabled", "the OAuth client is disabled"))
        }
        ReceiverKind::Connection { status, .. } => {
            if let Some(why) = receiver.owner.plan.no_integrations() {
                return Some(dead("plan", why));
            }
            let why = status.not_sent_to()?;
            Some(match status {
                ConnectionStatus::Disabled => dead("connection_disabled", why),
                ConnectionStatus::ActionNeeded => dead("connection_refused", why),
                // Whoever disconnects it calls off what waits; this one came between.
                ConnectionStatus::Disconnected
                | ConnectionStatus::Connected
                | ConnectionStatus::Error => cancelled(why),
            })
        }
    }
}

fn dead(reason: &'static str, error: &str) -> UnsentEnd {
    UnsentEnd::Dead { reason, error: error.to_owned() }
}

fn cancelled(error: &str) -> UnsentEnd {
    UnsentEnd::Cancelled { error: error.to_owned() }
}

fn unreadable(error: &str) -> Ending {
    Ending::Unsent(dead("unreadable_body", error))
}

fn expired() -> Ending {
    Ending::Unsent(dead("body_expired", "the event's body is no longer stored"))
}
