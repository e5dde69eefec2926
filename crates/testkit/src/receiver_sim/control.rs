//! The control API, below `/_sim/`. What each call takes is described in `docs/receiver-simulator.md`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answers::{ProgrammedAnswer, Programmes};
use super::log::{Log, Received, RecordedId};
use super::server::Shared;

/// Requests that are shown when nobody says how many.
const REQUESTS_SHOWN: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetAnswers {
    #[serde(default = "every_path")]
    path: String,
    answers: Vec<ProgrammedAnswer>,
}

fn every_path() -> String {
    "/*".to_owned()
}

impl Shared {
    pub(super) fn control(&self, parts: &Parts, body: &Bytes) -> Response<Full<Bytes>> {
        match self.controlled(parts, body) {
            Ok(Some(answer)) => json_response(StatusCode::OK, &answer),
            Ok(None) => complaint(StatusCode::NOT_FOUND, "there is no such control call"),
            Err(error) => complaint(StatusCode::BAD_REQUEST, &format!("{error:#}")),
        }
    }

    fn controlled(&self, parts: &Parts, body: &Bytes) -> Result<Option<Value>> {
        let query = Query::of(parts);
        let call = parts.uri.path().trim_start_matches("/_sim/");
        match (parts.method.as_str(), call) {
            ("GET", "state") => {}
            ("POST", "answers") => {
                let set: SetAnswers =
                    serde_json::from_slice(body).context("the body is not what this call takes")?;
                self.programmes().set(&set.path, set.answers)?;
            }
            ("DELETE", "answers") => match query.path {
                Some(path) => self.programmes().forget(&path),
                None => *self.programmes() = Programmes::default(),
            },
            ("GET", "requests") => return Ok(Some(requests(&self.log(), &query))),
            ("DELETE", "requests") => *self.log() = Log::default(),
            ("GET", "ids") => return Ok(Some(ids(&self.log(), &query)?)),
            _ => return Ok(None),
        }
        Ok(Some(self.state()))
    }

    fn state(&self) -> Value {
        let log = self.log();
        let repeated = log.ids().values().filter(|id| id.count > 1).count();
        json!({
            "total": log.total(),
            "ids": log.ids().len(),
            "repeatedIds": repeated,
            "paths": log.paths(),
            "selfSignedUrl": self.tls_url().trim_end_matches('/'),
        })
    }
}

/// What a call asks for behind its `?`.
struct Query {
    path: Option<String>,
    id: Option<String>,
    limit: usize,
    repeated: bool,
}

impl Query {
    fn of(parts: &Parts) -> Self {
        let text = parts.uri.query().unwrap_or_default().as_bytes();
        let mut pairs: BTreeMap<_, _> = url::form_urlencoded::parse(text).into_owned().collect();
        Self {
            path: pairs.remove("path"),
            id: pairs.remove("id"),
            limit: pairs
                .remove("limit")
                .and_then(|limit| limit.parse().ok())
                .unwrap_or(REQUESTS_SHOWN),
            repeated: pairs.remove("repeated").is_some_and(|repeated| repeated != "false"),
        }
    }

    fn takes(&self, received: &Received) -> bool {
        let path = received.path.split('?').next();
        self.path.as_deref().is_none_or(|asked| path == Some(asked))
            && self.id.as_ref().is_none_or(|asked| received.webhook_id.as_ref() == Some(asked))
    }
}

/// The newest requests first.
fn requests(log: &Log, query: &Query) -> Value {
    let shown = log.requests().rev().filter(|received| query.takes(received)).take(query.limit);
    json!({ "total": log.total(), "requests": shown.map(request).collect::<Vec<_>>() })
}

fn request(received: &Received) -> Value {
    let headers: BTreeMap<&str, String> = received
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    json!({
        "number": received.number,
        "at": received.at,
        "method": received.method,
        "path": received.path,
        "headers": headers,
        "body": String::from_utf8_lossy(&received.body),
        "webhookId": received.webhook_id,
        "status": received.status,
    })
}

fn ids(log: &Log, query: &Query) -> Result<Value> {
    let asked = |(id, known): &(&String, &RecordedId)| {
        query.id.as_ref().is_none_or(|asked| asked == *id) && (!query.repeated || known.count > 1)
    };
    let ids: BTreeMap<&String, &RecordedId> = log.ids().iter().filter(asked).collect();
    Ok(json!({ "ids": serde_json::to_value(ids)? }))
}

fn complaint(status: StatusCode, error: &str) -> Response<Full<Bytes>> {
    json_response(status, &json!({ "error": error }))
}

fn json_response(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let (status, body) = match serde_json::to_vec(body) {
        Ok(body) => (status, body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
    };
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
