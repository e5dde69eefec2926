//! Publishing hints.
//!
//! ```text
//!   offer ──▶ lanes (bounded) ──▶ session: pack, publish, await each confirm ──▶ RabbitMQ
//!     │                              │
//!     └── full, not connected ──▶ unconfirmed ◀── no confirm, returned, connection lost
//! ```
//!
//! One task owns the connection. It publishes nothing twice: what was not confirmed goes back to the caller,
//! who lets PostgreSQL know that these jobs have no message.

mod lanes;
mod parcel;
mod rest;
mod session;
mod supervisor;

use std::{sync::Arc, time::Duration};

use hookyard_process::{Stop, Tasks};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout_at},
};

use self::{
    lanes::{Entrances, UnconfirmedSink, lanes},
    parcel::pack,
    supervisor::Supervisor,
};
use crate::{
    message::{Pointer, Publication},
    settings::BrokerSettings,
};

/// How long [`Publisher::publish_confirmed`] waits for all its confirmations. Longer than one confirmation
/// may take, because others may be on their way first.
const PUBLISH_LIMIT: Duration = Duration::from_secs(15);

/// Publishes hints over one supervised connection. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    entrances: Arc<Entrances>,
    connected: watch::Receiver<bool>,
    unconfirmed: UnconfirmedSink,
}

/// The broker has not confirmed these. They may have arrived nevertheless.
#[derive(Debug, thiserror::Error)]
#[error("RabbitMQ has not confirmed {} pointers", pointers.len())]
pub struct Unconfirmed {
    /// What was not confirmed.
    pub pointers: Vec<Pointer>,
}

impl Publisher {
    /// Starts the task that publishes. Returns at once; the connection opens in the background.
    ///
    /// Pointers that were offered and not confirmed are sent to `unconfirmed`, best effort. Trigger `stop`
    /// when nothing offers any more, and not before the stop of `tasks`: the task then publishes what waits, within a limit of seconds, hands
    /// back the rest and ends.
    pub fn start(
        settings: BrokerSettings,
        unconfirmed: mpsc::Sender<Vec<Pointer>>,
        tasks: &Tasks,
        stop: Stop,
    ) -> Self {
        let (entrances, exits) = lanes();
        let (connected_in, connected) = watch::channel(false);
        let unconfirmed = UnconfirmedSink(unconfirmed);
        let supervisor = Supervisor {
            settings,
            exits,
            unconfirmed: unconfirmed.clone(),
            connected: connected_in,
            stop,
        };
        tasks.spawn_essential("publisher", supervisor.run());
        Self { entrances: Arc::new(entrances), connected, unconfirmed }
    }

    /// Whether the broker is there and takes publications. False while an alarm of the broker lasts.
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// Follows [`Self::is_connected`].
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// Takes publications to be sent soon. Never waits: what finds no room, or no connection, and what is
    /// not confirmed later, is handed back through the sink given to [`Self::start`].
    pub fn offer(&self, publications: Vec<Publication>) {
        if !self.is_connected() {
            self.unconfirmed.hand_over(publications.iter().map(Publication::pointer).collect());
            return;
        }
        let mut refused = Vec::new();
        for publication in publications {
            let pointer = publication.pointer();
            let taken = match publication {
                Publication::Event(id) => self.entrances.events.try_send(id).is_ok(),
                Publication::Sync(sync) => self.entrances.syncs.try_send(sync).is_ok(),
                Publication::Delivery(id) => self.entrances.deliveries.try_send(id).is_ok(),
            };
            if !taken {
                refused.push(pointer);
            }
        }
        self.unconfirmed.hand_over(refused);
    }

    /// Publishes and awaits the confirmations, for at most a quarter of a minute. What was not confirmed is
    /// in the error, and does not go to the sink.
    pub async fn publish_confirmed(
        &self,
        publications: Vec<Publication>,
    ) -> Result<(), Unconfirmed> {
        if !self.is_connected() {
            return Err(Unconfirmed {
                pointers: publications.iter().map(Publication::pointer).collect(),
            });
        }
        let deadline = Instant::now() + PUBLISH_LIMIT;
        let mut awaited = Vec::new();
        let mut pointers = Vec::new();
        for mut parcel in pack(publications) {
            let (receipt, confirmed) = oneshot::channel();
            let carried = parcel.pointers.clone();
            parcel.receipt = Some(receipt);
            match timeout_at(deadline, self.entrances.awaited.send(parcel)).await {
                Ok(Ok(())) => awaited.push((carried, confirmed)),
                Ok(Err(_)) | Err(_) => pointers.extend(carried),
            }
        }
        for (carried, confirmed) in awaited {
            if !matches!(timeout_at(deadline, confirmed).await, Ok(Ok(()))) {
                pointers.extend(carried);
            }
        }
        if pointers.is_empty() { Ok(()) } else { Err(Unconfirmed { pointers }) }
    }
}
