//! What goes out meanwhile: events of an application, for receivers that answer well, badly and slowly.
//!
//! An event is published under an idempotency key until it is answered 202. Each is owed to every receiver of its
//! workspace; the receivers write down what they got. One of them is so slow that deliveries wait for it, and some of
//! those are called off.

mod cancel;
mod check;
mod publish;
mod report;

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use hookyard_testkit::gateway::{Admin, Gateway};
use hookyard_testkit::receiver_sim::{ProgrammedAnswer, ReceiverSim, ReceiverSimConfig};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub(super) use check::count;
pub(super) use report::{OutboundLine, table};

use super::mishap::Mishap;
use crate::say;

/// How the slow receiver answers, in milliseconds: long enough to be met in the middle of a call.
const SLOW_MS: u64 = 300;
/// How the receiver answers whose deliveries wait.
const HELD_MS: u64 = 500;
/// Failures of the receiver that fails, at the beginning of each mishap.
const FAILURES: u32 = 15;

/// A workspace with receivers, and what is published to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yard {
    /// Every event is owed to three receivers.
    Open,
    /// Every event is owed to one, which has one place.
    Held,
}

impl Yard {
    const ALL: [Self; 2] = [Self::Open, Self::Held];

    fn workspace(self) -> &'static str {
        match self {
            Self::Open => "chaos-open",
            Self::Held => "chaos-held",
        }
    }

    fn receivers(self) -> &'static [&'static str] {
        match self {
            Self::Open => &["well", "badly", "slowly"],
            Self::Held => &["held"],
        }
    }
}

/// An event that was answered 202.
#[derive(Debug, Clone)]
struct Published {
    mishap: Mishap,
    yard: Yard,
    /// `evt_...`
    event: String,
}

/// A delivery that was called off, and when that was confirmed.
#[derive(Debug, Clone)]
struct CalledOff {
    /// `dlv_...`
    delivery: String,
    confirmed: Timestamp,
}

/// When something went on that may make a receiver see a call twice.
#[derive(Debug, Clone, Copy)]
struct Disturbance {
    from: Timestamp,
    to: Timestamp,
}

/// The outbound side under load, and all that is known of it.
pub(super) struct Outbound {
    receiver: ReceiverSim,
    tokens: [String; 2],
    published: Mutex<Vec<Published>>,
    called_off: Mutex<Vec<CalledOff>>,
    disturbances: Mutex<Vec<Disturbance>>,
}

impl Outbound {
    /// Connects the receivers as an operator does.
    pub(super) async fn build(gateway: &Gateway) -> Result<Self> {
        let receiver = ReceiverSim::start(ReceiverSimConfig::default()).await?;
        let mut tokens = Vec::new();
        for yard in Yard::ALL {
            tokens.push(open(gateway.admin(), &receiver, yard).await?);
        }
        receiver.answer("/slowly", vec![ProgrammedAnswer::default().after_ms(SLOW_MS)])?;
        receiver.answer("/held", vec![ProgrammedAnswer::default().after_ms(HELD_MS)])?;
        // The tests of the connections are no deliveries.
        receiver.forget();
        let tokens = tokens.try_into().ok().context("a token for each workspace")?;
        Ok(Self {
            receiver,
            tokens,
            published: Mutex::default(),
            called_off: Mutex::default(),
            disturbances: Mutex::default(),
        })
    }

    /// Publishes and calls off until `calm`, and then until every event is answered 202.
    pub(super) async fn run(
        &self,
        gateway: &Gateway,
        mishap: Mishap,
        calm: &CancellationToken,
    ) -> Result<()> {
        let fails = ProgrammedAnswer::status(503).times(FAILURES);
        self.receiver.answer("/badly", vec![fails, ProgrammedAnswer::default()])?;
        let from = now();
        let (published, ()) = tokio::join!(
            publish::run(self, gateway, mishap, calm),
            cancel::run(self, gateway, calm)
        );
        if mishap.may_repeat_calls() {
            locked(&self.disturbances).push(Disturbance { from, to: now() });
        }
        published
    }

    fn token(&self, yard: Yard) -> &str {
        match yard {
            Yard::Open => &self.tokens[0],
            Yard::Held => &self.tokens[1],
        }
    }
}

/// Makes a workspace, its connections and a token; the token.
async fn open(admin: &Admin, receiver: &ReceiverSim, yard: Yard) -> Result<String> {
    let workspace = yard.workspace();
    let args = ["workspace", "create", workspace, "--name", workspace, "--plan", "professional"];
    admin.create(&args).await;
    for name in yard.receivers() {
        let url = receiver.url_of(&format!("/{name}"));
        let args = ["connection", "connect", "--workspace", workspace, "--kind", "webhook"];
        let concurrency = if yard == Yard::Held { "1" } else { "64" };
        let more = ["--name", name, "--url", &url, "--concurrency", concurrency];
        admin.create(&[&args[..], &more].concat()).await;
    }
    let args = ["token", "create", "--workspace", workspace, "--scope", "events:write"];
    let token = admin.json(&args).await;
    say::detail(&format!("{workspace}: {} receivers", yard.receivers().len()));
    token["token"].as_str().map(str::to_owned).context("a new token is shown")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "the clock of whoever watches, as the receiver's")]
fn now() -> Timestamp {
    Timestamp::now()
}
