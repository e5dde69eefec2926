//! An application that publishes events, and how long each takes to its receiver.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hookyard_testkit::servers::wait;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::yard::{Group, Yard};
use crate::bench::latency::{Latencies, micros};
use crate::bench::member::Member;
use crate::http;

const WORKSPACE: &str = "published";
const EVENT_TYPE: &str = "bench.published";
/// How long the last ones may take.
const ARRIVAL_LIMIT: Duration = Duration::from_mins(1);

/// Publishes to the workspace of [`Group::Published`].
pub(super) struct Publisher {
    client: Client,
    url: String,
    token: String,
    published: Vec<Instant>,
}

impl Publisher {
    pub(super) async fn new(yard: &Yard<'_>, ingress: &Member) -> Result<Self> {
        let args = ["token", "create", "--workspace", WORKSPACE, "--scope", "events:write"];
        let token: Value = yard.house.admin.json(&args).await?;
        let token = token["token"].as_str().context("a new token is shown")?.to_owned();
        let url = format!("http://{}/v1/workspaces/{WORKSPACE}/events", ingress.address);
        Ok(Self { client: http::client()?, url, token, published: Vec::new() })
    }

    /// Publishes one event.
    pub(super) async fn publish(&mut self) -> Result<()> {
        let event = json!({ "type": EVENT_TYPE, "data": { "number": self.published.len() } });
        self.published.push(Instant::now());
        let call = self.client.post(&self.url).bearer_auth(&self.token).json(&event);
        let answer = call.send().await?;
        let status = answer.status();
        if status != StatusCode::ACCEPTED {
            bail!("POST {} was answered {status}: {}", self.url, answer.text().await?);
        }
        answer.bytes().await?;
        Ok(())
    }

    /// From the beginning of each call that published to the end of the call that told of it.
    pub(super) async fn latencies(&self, yard: &Yard<'_>) -> Result<Latencies> {
        let all = u64::try_from(self.published.len())?;
        let arrived = wait::until(ARRIVAL_LIMIT, || yard.received(Group::Published) >= all).await;
        ensure!(arrived, "{} of {all} events arrived", yard.received(Group::Published));
        let mut received: HashMap<u64, Instant> = HashMap::new();
        for call in yard.receiver.received() {
            let body: Value = serde_json::from_slice(&call.body)?;
            if let Some(number) = body["data"]["number"].as_u64() {
                received.entry(number).or_insert(call.instant);
            }
        }
        let took = (0_u64..).zip(&self.published).map(|(number, published)| {
            let received = received.get(&number).with_context(|| format!("event {number}"))?;
            Ok(micros(received.saturating_duration_since(*published)))
        });
        Ok(Latencies::of(took.collect::<Result<_>>()?))
    }
}
