//! The last step: an application publishes an event, and a signed call of it arrives at a receiver.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use super::show;
use super::signature::{self, Call};
use crate::stack::{Stack, WORKSPACE};
use crate::{http, say};

const RECEIVER_PATH: &str = "/hooks/demo";
const EVENT_TYPE: &str = "release.published";
const ARRIVAL_LIMIT: Duration = Duration::from_mins(1);
const ARRIVAL_POLL: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    signing_secret: String,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Requests {
    requests: Vec<Received>,
}

/// A request as the receiver simulator tells of it.
#[derive(Deserialize)]
struct Received {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> Result<&str> {
        let value = self.headers.get(name).map(String::as_str);
        value.with_context(|| format!("the call has no header {name}"))
    }
}

/// Connects a receiver, publishes an event and verifies the call that arrives.
pub(super) async fn tell(stack: &Stack) -> Result<()> {
    say::step("An event goes out");
    let url = format!("{}{RECEIVER_PATH}", stack.plan.receiver_url());
    let args = ["connection", "connect", "--workspace", WORKSPACE, "--kind", "webhook"];
    let args = [&args[..], &["--name", "default", "--url", &url]].concat();
    let connected: Connected = stack.admin.json(&args).await?;
    say::detail(&format!("The workspace is connected with {url}, which was tested first."));
    say::detail("It gets every event, signed with a secret that is shown once.");
    let token: Token = stack
        .admin
        .json(&["token", "create", "--workspace", WORKSPACE, "--scope", "events:write"])
        .await?;

    let client = http::client()?;
    let started = Instant::now();
    publish(stack, &client, &token).await?;
    let received = arrived(stack, &client).await?;
    let took = say::duration(started.elapsed());
    let call = Call {
        id: received.header("webhook-id")?,
        timestamp: received.header("webhook-timestamp")?,
        signatures: received.header("webhook-signature")?,
        body: &received.body,
    };
    signature::verify(&connected.signing_secret, call)?;
    say::detail(&format!("{took} after it was published the receiver has it:"));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "user-agent"] {
        say::detail(&format!("  {name}: {}", received.header(name)?));
    }
    say::detail(&format!("  {}", received.body));
    say::detail(
        "The signature is HMAC-SHA256 over id, time and body. Computed anew from the secret, it is the same.",
    );
    delivered(stack, call.id).await?;
    at_rest(stack).await
}

/// What an application does.
async fn publish(stack: &Stack, client: &Client, token: &Token) -> Result<()> {
    let event = json!({ "type": EVENT_TYPE, "data": { "version": "1.4.0", "notes": "Faster and quieter." } });
    let url = format!("{}/v1/workspaces/{WORKSPACE}/events", stack.plan.ingress_url());
    let answer = client.post(&url).bearer_auth(&token.token).json(&event).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    if status != reqwest::StatusCode::ACCEPTED {
        bail!("POST {url} was answered {status}: {text}");
    }
    say::detail(&format!("An application publishes {EVENT_TYPE} and is answered {status}:"));
    say::detail(&format!("  {text}"));
    Ok(())
}

/// The call of the published event, once it is there. Events of Hookyard itself, of the connecting, may come before.
async fn arrived(stack: &Stack, client: &Client) -> Result<Received> {
    let url = format!("{}/_sim/requests?path={RECEIVER_PATH}", stack.plan.receiver_url());
    let started = Instant::now();
    loop {
        let requests: Requests = client.get(&url).send().await?.json().await?;
        let is_published = |received: &Received| {
            let body: Option<Value> = serde_json::from_str(&received.body).ok();
            body.is_some_and(|body| body["type"] == EVENT_TYPE)
        };
        if let Some(published) = requests.requests.into_iter().find(is_published) {
            return Ok(published);
        }
        if started.elapsed() > ARRIVAL_LIMIT {
            bail!("the event did not arrive at {RECEIVER_PATH} within {ARRIVAL_LIMIT:?}");
        }
        tokio::time::sleep(ARRIVAL_POLL).await;
    }
}

/// Waits until nothing is owed: Hookyard tells of the connecting itself, too.
async fn at_rest(stack: &Stack) -> Result<()> {
    let started = Instant::now();
    loop {
        let jobs: Value = stack.admin.json(&["jobs"]).await?;
        if jobs["total"] == 0 {
            return Ok(());
        }
        if started.elapsed() > ARRIVAL_LIMIT {
            bail!("there are unfinished jobs after {ARRIVAL_LIMIT:?}: {jobs}");
        }
        tokio::time::sleep(ARRIVAL_POLL).await;
    }
}

/// The record of the delivery. What the receiver has answered is written down a moment after it has.
async fn delivered(stack: &Stack, id: &str) -> Result<()> {
    let started = Instant::now();
    loop {
        let delivery: Value = stack.admin.json(&["deliveries", "show", id]).await?;
        if delivery["state"] == "delivered" {
            show::delivery(&delivery);
            return Ok(());
        }
        if started.elapsed() > ARRIVAL_LIMIT {
            bail!("the delivery {id} is not delivered after {ARRIVAL_LIMIT:?}: {delivery}");
        }
        tokio::time::sleep(ARRIVAL_POLL).await;
    }
}
