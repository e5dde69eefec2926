//! What was received: every id with its calls, the last requests in full, and counts of all.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use jiff::Timestamp;
use serde::Serialize;

use super::answers::ProgrammedAnswer;

/// Requests that are kept whole; the oldest go first.
const REQUESTS_MAX: usize = 10_000;
/// Bytes of their bodies together.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Ids that are counted.
const IDS_MAX: usize = 1_000_000;
/// Calls of one id that are remembered singly.
const CALLS_OF_ID_MAX: usize = 64;
/// Paths that are counted singly.
const PATHS_MAX: usize = 10_000;
/// Standard Webhooks: the same on every attempt of a delivery.
const ID_HEADERS: [&str; 2] = ["webhook-id", "x-webhook-delivery"];

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Counted from 1.
    pub number: u64,
    pub at: Timestamp,
    /// When it was there with its whole body, on the clock of this process.
    pub instant: Instant,
    pub method: String,
    /// With the query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// `webhook-id`, or else `x-webhook-delivery`.
    pub webhook_id: Option<String>,
    /// The status that it is answered with; none if its answer is not a proper one.
    pub status: Option<u16>,
}

impl Received {
    /// A header's value, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// How often an id came, and how it was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedId {
    pub count: u64,
    /// How often it was promised success.
    pub accepted: u64,
    /// The first calls.
    pub calls: Vec<IdCall>,
}

/// One call of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IdCall {
    pub at: Timestamp,
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    total: u64,
    requests: VecDeque<Received>,
    body_bytes: usize,
    ids: HashMap<String, RecordedId>,
    paths: BTreeMap<String, u64>,
}

impl Log {
    /// Counts a request that nobody will ask about.
    pub(super) fn count(&mut self, path: &str) {
        self.total += 1;
        if let Some(count) = self.paths.get_mut(path) {
            *count += 1;
        } else if self.paths.len() < PATHS_MAX {
            self.paths.insert(path.to_owned(), 1);
        }
    }

    /// Keeps a request whose answer is chosen.
    pub(super) fn keep(
        &mut self,
        parts: Parts,
        body: Bytes,
        answer: &ProgrammedAnswer,
        at: Timestamp,
    ) {
        self.count(parts.uri.path());
        let id = ID_HEADERS.iter().find_map(|name| parts.headers.get(*name)?.to_str().ok());
        let id = id.map(str::to_owned);
        let status = answer.is_proper().then_some(answer.status);
        if let Some(id) = &id {
            self.keep_id(id, IdCall { at, status });
        }
        self.body_bytes += body.len();
        self.requests.push_back(Received {
            number: self.total,
            at,
            instant: Instant::now(),
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            headers: parts.headers,
            body,
            webhook_id: id,
            status,
        });
        while self.requests.len() > REQUESTS_MAX || self.body_bytes > BODY_BYTES_MAX {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.body_bytes -= oldest.body.len();
        }
    }

    fn keep_id(&mut self, id: &str, call: IdCall) {
        if !self.ids.contains_key(id) && self.ids.len() >= IDS_MAX {
            return;
        }
        let known = self.ids.entry(id.to_owned()).or_default();
        known.count += 1;
        known.accepted += u64::from(call.status.is_some_and(|status| (200..300).contains(&status)));
        if known.calls.len() < CALLS_OF_ID_MAX {
            known.calls.push(call);
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn count_of(&self, path: &str) -> u64 {
        self.paths.get(path).copied().unwrap_or_default()
    }

    pub(super) fn count_under(&self, prefix: &str) -> u64 {
        let from = self.paths.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(|(path, _)| path.starts_with(prefix)).map(|(_, count)| count).sum()
    }

    pub(super) fn requests(&self) -> impl DoubleEndedIterator<Item = &Received> {
        self.requests.iter()
    }

    pub(super) fn ids(&self) -> &HashMap<String, RecordedId> {
        &self.ids
    }

    pub(super) fn paths(&self) -> &BTreeMap<String, u64> {
        &self.paths
    }
}
