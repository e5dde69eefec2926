//! The control API, below `/_sim/`. What each call takes is described in `docs/github-simulator.md`.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{DeliveryReport, answer::Answer, faults::FaultPlan, simulation::Simulation};

impl Simulation {
    pub(crate) async fn control(self: &Arc<Self>, parts: &Parts, body: &Bytes) -> Answer {
        match self.controlled(parts, body).await {
            Ok(Some(answer)) => answer,
            Ok(None) => complaint(StatusCode::NOT_FOUND, "there is no such control call"),
            Err(error) => complaint(StatusCode::BAD_REQUEST, &format!("{error:#}")),
        }
    }

    async fn controlled(self: &Arc<Self>, parts: &Parts, body: &Bytes) -> Result<Option<Answer>> {
        let path = parts.uri.path().trim_start_matches("/_sim/");
        if let Some(branch) = path.strip_prefix("branches/")
            && parts.method == Method::POST
        {
            let branch = percent_decode_str(branch).decode_utf8()?;
            return Ok(Some(Answer::ok(&self.move_branch(&branch, read(body)?).await?)));
        }
        let segments: Vec<&str> = path.split('/').collect();
        let answer = match (parts.method.as_str(), &*segments) {
            ("GET", ["state"]) => Answer::ok(&self.describe()),
            ("POST", ["deliver"]) => deliveries(&self.deliver(read(body)?).await?),
            ("POST", ["deliveries", "order"]) => deliveries(&self.order(read(body)?).await?),
            ("POST", ["deliveries", id, "redeliver"]) => {
                let id = id.parse().context("a delivery's id is a number")?;
                Answer::ok(&self.redeliver(id).await?)
            }
            ("POST", ["faults"]) => {
                self.faults(read(body)?);
                Answer::ok(&self.describe())
            }
            ("DELETE", ["faults"]) => {
                self.faults(FaultPlan::default());
                Answer::ok(&self.describe())
            }
            ("POST", [part]) if self.changed(part, body).await? => Answer::ok(&self.describe()),
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }

    /// Changes a part of the simulated GitHub; false when there is no such part.
    async fn changed(&self, part: &str, body: &Bytes) -> Result<bool> {
        match part {
            "repositories" => self.add_repository(read(body)?).await?,
            "repository" => self.change_repository(read(body)?)?,
            "installation" => self.change_installation(read(body)?),
            "tokens" => self.change_tokens(read(body)?),
            "webhook" => self.change_webhook(read(body)?),
            "rate-limit" => self.change_rate_limit(read(body)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// An empty body asks for nothing special.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).context("the body is not what this call takes")
}

fn deliveries(reports: &[DeliveryReport]) -> Answer {
    Answer::ok(&json!({ "deliveries": reports }))
}

fn complaint(status: StatusCode, error: &str) -> Answer {
    Answer::json(status, &json!({ "error": error }))
}
