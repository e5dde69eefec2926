//! Signed deliveries.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;
use tokio::time::Instant;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    config::BodyEncoding,
    delivery_log::{DeliveryOutcome, DeliveryReport, Prepared},
    payload,
    simulation::Simulation,
    state::Webhook,
};

/// Copies that one call may ask for.
const COPIES_MAX: usize = 10_000;
/// What is kept of an answer.
const ANSWER_CHARS_MAX: usize = 4_096;
/// GitHub's largest payload.
const PAYLOAD_BYTES_MAX: usize = 25 * 1024 * 1024;

/// An event to be delivered.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deliver {
    /// `X-GitHub-Event`.
    pub event: String,
    /// `installation`, `sender` and `repository` are added where they are missing.
    #[serde(default)]
    pub payload: Value,
    /// Whose `repository` part to add; the first repository's when missing.
    #[serde(default)]
    pub repository: Option<String>,
    /// `X-GitHub-Delivery`; a new one when missing.
    #[serde(default)]
    pub delivery_id: Option<String>,
    /// `X-GitHub-Hook-ID`; the configured one when missing.
    #[serde(default)]
    pub hook_id: Option<i64>,
    /// The delivery leaves later and the call does not wait for it.
    #[serde(default)]
    pub delay_ms: u64,
    /// The same delivery so many times at once.
    #[serde(default = "one")]
    pub copies: usize,
}

fn one() -> usize {
    1
}

impl Deliver {
    /// One delivery, now.
    pub fn new(event: impl Into<String>, payload: Value) -> Self {
        Self {
            event: event.into(),
            payload,
            repository: None,
            delivery_id: None,
            hook_id: None,
            delay_ms: 0,
            copies: 1,
        }
    }
}

impl Simulation {
    /// Sends any event, signed; waits for the answers unless the deliveries are held or delayed.
    pub async fn deliver(self: &Arc<Self>, delivery: Deliver) -> Result<Vec<DeliveryReport>> {
        ensure!(delivery.copies <= COPIES_MAX, "at most {COPIES_MAX} copies");
        let (delay, copies) = (Duration::from_millis(delivery.delay_ms), delivery.copies);
        let prepared = self.prepare(delivery)?;
        {
            let mut state = self.state();
            let state = &mut *state;
            if let Some(held) = &mut state.held {
                held.extend(std::iter::repeat_n(prepared.clone(), copies));
                let reports =
                    (0..copies).map(|_| state.deliveries.add(&prepared, DeliveryOutcome::Held));
                return Ok(reports.collect());
            }
        }
        Ok(self.dispatch(&vec![prepared; copies], delay).await)
    }

    /// Sends a recorded delivery again under its id, as GitHub's button does.
    pub async fn redeliver(self: &Arc<Self>, id: i64) -> Result<DeliveryReport> {
        let prepared = self.state().deliveries.get(id).map(|record| record.prepared.clone());
        let prepared =
            Prepared { redelivery: true, ..prepared.context("there is no such delivery")? };
        let reports = self.dispatch(&[prepared], Duration::ZERO).await;
        reports.into_iter().next().context("the delivery was not sent")
    }

    /// Sends all at once; only undelayed ones are waited for.
    async fn dispatch(self: &Arc<Self>, all: &[Prepared], delay: Duration) -> Vec<DeliveryReport> {
        let mut scheduled = Vec::new();
        let mut running = Vec::new();
        for prepared in all {
            let report = self.state().deliveries.add(prepared, DeliveryOutcome::Scheduled);
            scheduled.push(report.clone());
            let (simulation, prepared) = (Arc::clone(self), prepared.clone());
            let sending = async move {
                tokio::time::sleep(delay).await;
                simulation.send(&prepared, report).await
            };
            running
                .push(self.background.spawn(self.stop.clone().run_until_cancelled_owned(sending)));
        }
        if delay > Duration::ZERO {
            return scheduled;
        }
        let mut reports = Vec::new();
        for (task, scheduled) in running.into_iter().zip(scheduled) {
            reports.push(task.await.ok().flatten().unwrap_or(scheduled));
        }
        reports
    }

    /// Sends one and waits for its answer.
    pub(crate) async fn send_now(&self, prepared: &Prepared) -> DeliveryReport {
        let report = self.state().deliveries.add(prepared, DeliveryOutcome::Scheduled);
        self.send(prepared, report).await
    }

    async fn send(&self, prepared: &Prepared, mut report: DeliveryReport) -> DeliveryReport {
        let webhook = self.state().webhook.clone();
        let started = Instant::now();
        match self.post(prepared, webhook).await {
            Ok((status, body)) => {
                report.outcome = DeliveryOutcome::Answered;
                report.status = Some(status);
                report.body = Some(body.chars().take(ANSWER_CHARS_MAX).collect());
            }
            Err(error) => {
                report.outcome = DeliveryOutcome::Failed;
                report.body = Some(format!("{error:#}"));
            }
        }
        self.state().deliveries.update(&report, started.elapsed());
        report
    }

    async fn post(&self, prepared: &Prepared, webhook: Webhook) -> Result<(u16, String)> {
        let Some(url) = webhook.url else {
            bail!("no webhook URL is set");
        };
        let body = encode(&prepared.payload, webhook.encoding);
        let headers = self.delivery_headers(prepared, &body, &webhook.secret, webhook.encoding)?;
        let response = self.http.post(url).headers(headers).body(body).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    fn prepare(&self, delivery: Deliver) -> Result<Prepared> {
        let mut payload = delivery.payload;
        if payload.is_null() {
            payload = Value::Object(serde_json::Map::new());
        }
        let fields = payload.as_object_mut().context("a payload is a JSON object")?;
        let action = fields.get("action").and_then(Value::as_str).map(str::to_owned);
        if !fields.contains_key("repository")
            && let Ok(repo) = self.repository(delivery.repository.as_deref())
        {
            fields.insert("repository".to_owned(), payload::repository(&repo));
        }
        let installation = || payload::installation(self.config.installation_id);
        fields.entry("installation").or_insert_with(installation);
        fields
            .entry("sender")
            .or_insert_with(|| payload::account(&self.config.account_login, "User"));
        let payload = Bytes::from(serde_json::to_vec(&payload)?);
        ensure!(payload.len() <= PAYLOAD_BYTES_MAX, "GitHub sends no payload above 25 MiB");
        Ok(Prepared {
            delivery_id: delivery.delivery_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            event: delivery.event,
            action,
            hook_id: delivery.hook_id.unwrap_or(self.config.hook_id),
            payload,
            redelivery: false,
        })
    }

    /// The headers of an App's delivery.
    pub(crate) fn delivery_headers(
        &self,
        prepared: &Prepared,
        body: &[u8],
        secret: &str,
        encoding: BodyEncoding,
    ) -> Result<HeaderMap> {
        let kind = match encoding {
            BodyEncoding::Json => "application/json",
            BodyEncoding::Form => "application/x-www-form-urlencoded",
        };
        let mut sha256 = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
        sha256.update(body);
        let mut sha1 = Hmac::<Sha1>::new_from_slice(secret.as_bytes())?;
        sha1.update(body);
        let pairs = [
            (header::CONTENT_TYPE.as_str(), kind.to_owned()),
            (header::ACCEPT.as_str(), "*/*".to_owned()),
            ("x-github-event", prepared.event.clone()),
            ("x-github-delivery", prepared.delivery_id.clone()),
            ("x-github-hook-id", prepared.hook_id.to_string()),
            ("x-github-hook-installation-target-type", "integration".to_owned()),
            ("x-github-hook-installation-target-id", self.config.app_id.to_string()),
            ("x-hub-signature", format!("sha1={}", hex::encode(sha1.finalize().into_bytes()))),
            (
                "x-hub-signature-256",
                format!("sha256={}", hex::encode(sha256.finalize().into_bytes())),
            ),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::try_from(value)?);
        }
        Ok(headers)
    }
}

fn encode(payload: &Bytes, encoding: BodyEncoding) -> Bytes {
    match encoding {
        BodyEncoding::Json => payload.clone(),
        BodyEncoding::Form => {
            let escaped: String = form_urlencoded::byte_serialize(payload).collect();
            Bytes::from(format!("payload={escaped}"))
        }
    }
}
