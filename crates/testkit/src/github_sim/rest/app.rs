//! What the App asks in its own name.

use std::sync::Arc;

use anyhow::Result;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{StatusCode, request::Parts};
use rand::RngExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        answer::Answer,
        config::BodyEncoding,
        delivery_log::{DeliveryOutcome, Record},
        payload,
        routes::Route,
        simulation::{Simulation, now},
        state::Token,
    },
    next_page, number,
};

const PAGE_LEN: usize = 30;
const PAGE_LEN_MAX: usize = 100;

impl Simulation {
    pub(super) fn app_route(
        self: &Arc<Self>,
        route: &Route,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<Answer> {
        match route {
            Route::App => Ok(Answer::ok(&json!({
                "id": self.config.app_id,
                "slug": "hookyard",
                "name": "Hookyard",
                "owner": payload::account(&self.config.account_login, "Organization"),
                "permissions": { "contents": "read", "metadata": "read" },
                "events": ["push", "repository"],
            }))),
            Route::Installation(id) => Ok(self.installation(*id)),
            Route::Token(id) => Ok(self.mint(*id, body)),
            Route::HookDeliveries => Ok(self.hook_deliveries(parts)),
            Route::HookDelivery(id) => self.hook_delivery(*id),
            Route::HookAttempts(id) => Ok(self.hook_attempt(*id)),
            Route::RateLimit | Route::InstallationRepositories | Route::Repository(..) => {
                Ok(Answer::not_found())
            }
        }
    }

    fn installation(&self, id: i64) -> Answer {
        let state = self.state();
        if id != self.config.installation_id || state.uninstalled {
            return Answer::not_found();
        }
        Answer::ok(&json!({
            "id": id,
            "app_id": self.config.app_id,
            "account": payload::account(&self.config.account_login, "Organization"),
            "repository_selection": "selected",
            "permissions": { "contents": "read", "metadata": "read" },
            "events": ["push", "repository"],
            "suspended_at": state.suspended_at.map(|at| at.to_string()),
        }))
    }

    fn mint(&self, id: i64, body: &Bytes) -> Answer {
        #[derive(Deserialize, Default)]
        struct Wanted {
            permissions: Option<Value>,
        }
        let known_from = self.token_known_from();
        let mut state = self.state();
        if id != self.config.installation_id || state.uninstalled {
            return Answer::not_found();
        }
        if state.suspended_at.is_some() {
            return Answer::failure(StatusCode::FORBIDDEN, "This installation has been suspended");
        }
        let wanted: Wanted = if body.is_empty() {
            Wanted::default()
        } else {
            match serde_json::from_slice(body) {
                Ok(wanted) => wanted,
                Err(_) => return Answer::failure(StatusCode::BAD_REQUEST, "Problems parsing JSON"),
            }
        };
        let now = now();
        let expires_at = now.saturating_add(state.token_lifetime).unwrap_or(now);
        // GitHub's newer tokens carry the App's id and a JSON web token, and are far longer than the old 40 characters.
        let random: [u8; 96] = rand::rng().random();
        let token = format!("ghs_{}_eyJ{}", self.config.app_id, URL_SAFE_NO_PAD.encode(random));
        state.tokens.retain(|_, token| token.expires_at > now);
        state.tokens.insert(token.clone(), Token { known_from, expires_at });
        let everything = json!({ "contents": "read", "metadata": "read" });
        Answer::json(
            StatusCode::CREATED,
            &json!({
                "token": token,
                "expires_at": expires_at.to_string(),
                "permissions": wanted.permissions.unwrap_or(everything),
                "repository_selection": "selected",
            }),
        )
    }

    fn hook_deliveries(&self, parts: &Parts) -> Answer {
        let length = number(parts, "per_page").unwrap_or(PAGE_LEN).clamp(1, PAGE_LEN_MAX);
        let before = number(parts, "cursor").and_then(|id| i64::try_from(id).ok());
        let state = self.state();
        let mut sent = state
            .deliveries
            .newest_first()
            .filter(|record| record.was_sent() && before.is_none_or(|id| record.report.id < id));
        let page: Vec<&Record> = sent.by_ref().take(length).collect();
        let more = sent.next().is_some();
        let items: Vec<Value> = page.iter().map(|record| self.item(record)).collect();
        let answer = Answer::ok(&items);
        match page.last() {
            Some(last) if more => {
                let query = format!("per_page={length}&cursor={}", last.report.id);
                answer.with_all(vec![next_page(parts, &query)])
            }
            Some(_) | None => answer,
        }
    }

    fn hook_delivery(&self, id: i64) -> Result<Answer> {
        let Some(record) =
            self.state().deliveries.get(id).filter(|record| record.was_sent()).cloned()
        else {
            return Ok(Answer::not_found());
        };
        let headers = self.delivery_headers(
            &record.prepared,
            &record.prepared.payload,
            "",
            BodyEncoding::Json,
        )?;
        let headers: serde_json::Map<String, Value> = headers
            .iter()
            .filter(|(name, _)| !name.as_str().starts_with("x-hub-signature"))
            .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap_or_default())))
            .collect();
        let mut item = self.item(&record);
        let payload: Value = serde_json::from_slice(&record.prepared.payload)?;
        item["request"] = json!({ "headers": headers, "payload": payload });
        item["response"] = json!({ "headers": {}, "payload": record.report.body });
        Ok(Answer::ok(&item))
    }

    fn hook_attempt(self: &Arc<Self>, id: i64) -> Answer {
        if self.state().deliveries.get(id).is_none() {
            return Answer::not_found();
        }
        let simulation = Arc::clone(self);
        let sending = async move { simulation.redeliver(id).await };
        drop(self.background.spawn(self.stop.clone().run_until_cancelled_owned(sending)));
        Answer::json(StatusCode::ACCEPTED, &json!({}))
    }

    /// A delivery as GitHub lists it.
    fn item(&self, record: &Record) -> Value {
        let report = &record.report;
        let status = match report.status {
            Some(200..=299) => "OK".to_owned(),
            Some(code) => format!("Invalid HTTP Response: {code}"),
            None => "failed to connect to host".to_owned(),
        };
        json!({
            "id": report.id,
            "guid": report.delivery_id,
            "delivered_at": record.delivered_at.to_string(),
            "redelivery": record.prepared.redelivery,
            "duration": record.duration.as_secs_f64(),
            "status": status,
            "status_code": report.status.unwrap_or(0),
            "event": report.event,
            "action": record.prepared.action,
            "installation_id": self.config.installation_id,
            "repository_id": null,
            "throttled_at": null,
        })
    }
}

impl Record {
    fn was_sent(&self) -> bool {
        matches!(self.report.outcome, DeliveryOutcome::Answered | DeliveryOutcome::Failed)
    }
}
