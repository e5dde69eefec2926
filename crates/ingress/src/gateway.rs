//! One call from the first byte to the answer: bound, verify, record, answer.

mod publish;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard_process::Tasks;
use hookyard_sources::{Call, Rejection, Verified};
use hookyard_store::Store;
use hookyard_store::ingest::{Arrival, Door};
use hookyard_vault::KeyRing;
use http::{HeaderMap, HeaderValue, Request, header};
use hyper::body::Incoming;
use metrics::counter;
use tokio::time::Instant;

use crate::answer::{Answer, Refused, recorded, refused, rejected};
use crate::arrival::arrival;
use crate::body;
use crate::budget::{Budget, Charge};
use crate::framing::{Framing, is_chunked, is_readable_coding, names_its_host};
use crate::recorder::{Outcome, Recorder};
use crate::route::{Route, route};
use crate::settings::{Limits, Settings};
use crate::signature_failures::SignatureFailures;
use crate::source_cache::{OpenSource, SourceCache};
use crate::token_cache::TokenCache;

/// Bodies from this size on are verified or read off the runtime's usual turns: that takes milliseconds.
const LONG_BODY_BYTES: usize = 512 * 1024;

/// Everything that a call meets.
pub(crate) struct Gateway {
    pub(crate) limits: Limits,
    record_within: Duration,
    sources: SourceCache,
    tokens: TokenCache,
    budget: Arc<Budget>,
    recorder: Recorder,
    signature_failures: SignatureFailures,
}

impl Gateway {
    pub(crate) fn new(
        settings: &Settings,
        keys: KeyRing,
        store: Store,
        recorder: Recorder,
        tasks: &Tasks,
    ) -> Self {
        let limits = settings.limits.clone();
        Self {
            record_within: Duration::from_millis(settings.recording.record_ms_max),
            sources: SourceCache::new(store.clone(), keys),
            tokens: TokenCache::new(store.clone()),
            signature_failures: SignatureFailures::start(store, tasks),
            budget: Arc::new(Budget::new(limits.body_budget_bytes, limits.body_budget_share)),
            limits,
            recorder,
        }
    }

    /// Answers a call.
    pub(crate) async fn call(
        &self,
        request: Request<Incoming>,
        framing: Framing,
        peer: IpAddr,
    ) -> Answer {
        let ends_connection = is_chunked(request.headers());
        let mut answer = match route(&request) {
            _ if framing == Framing::Contradictory => refused(Refused::Contradictory),
            _ if !names_its_host(&request) => refused(Refused::NoHost),
            _ if !is_readable_coding(request.headers()) => refused(Refused::UnknownCoding),
            Route::Unknown => refused(Refused::UnknownPath),
            Route::MethodNotAllowed => refused(Refused::MethodNotAllowed),
            Route::Door(door) => self.receive(door, request, peer).await.unwrap_or_else(refused),
            Route::Events(slug) => self.publish(slug, request, peer).await.unwrap_or_else(refused),
        };
        if ends_connection {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        counter!("hookyard_ingress_answers_total", "status" => answer.status().as_str().to_owned())
            .increment(1);
        answer
    }

    async fn receive(
        &self,
        door: Door,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Result<Answer, Refused> {
        let source = self.source(door).await?;
        let (head, body) = request.into_parts();
        let bytes_max = usize::try_from(source.source.body_bytes_max).unwrap_or_default();
        let mut charge = self.budget.charge(source.source.id, peer);
        let body = body::read(body, bytes_max, &self.limits, &mut charge)
            .await
            .map_err(Refused::Unread)?;

        let arrived = Instant::now();
        let id = source.source.id;
        let verified = self.verify(door, source, &head.headers, &body, arrived).await?;
        let (source, verified) = match verified {
            Ok(verified) => verified,
            Err(rejection) => {
                if rejection == Rejection::WrongSignature {
                    self.signature_failures.count(id, Instant::now());
                }
                return Ok(rejected(&rejection));
            }
        };
        let clock = self.recorder.clock();
        let fresh = verified.fresh;
        let (named, arrival) =
            arrival(&source.source, verified, &head.headers, body.clone(), clock);
        let outcome = self.record(vec![arrival], fresh, charge).await?;
        Ok(recorded(&named, &outcome, source.source.accepted_status.unsigned_abs()))
    }

    /// Records the events of a call, if that is possible in time.
    async fn record(
        &self,
        arrivals: Vec<Arrival>,
        fresh: bool,
        charge: Charge,
    ) -> Result<Outcome, Refused> {
        tokio::time::timeout(self.record_within, self.recorder.record(arrivals, fresh, charge))
            .await
            .map_err(|_| Refused::Unavailable)?
            .map_err(|_| Refused::Unavailable)
    }

    async fn source(&self, door: Door) -> Result<Arc<OpenSource>, Refused> {
        match self.sources.get(door).await {
            Err(_) => Err(Refused::Unavailable),
            Ok(Some(source)) if source.secrets.is_empty() => Err(Refused::NoSecret),
            Ok(Some(source)) => Ok(source),
            // A connector URL exists whether or not it was set up; a source's URL only names what exists.
            Ok(None) => Err(match door {
                Door::Connector(_) => Refused::NoSecret,
                Door::Source(_) => Refused::UnknownSource,
            }),
        }
    }

    /// Verifies, and before refusing a signature makes sure that the secrets were not rotated just now.
    async fn verify<'a>(
        &self,
        door: Door,
        source: Arc<OpenSource>,
        headers: &'a HeaderMap,
        body: &'a Bytes,
        arrived: Instant,
    ) -> Result<Result<(Arc<OpenSource>, Verified<'a>), Rejection>, Refused> {
        let rejection = match self.verify_once(&source, headers, body) {
            Ok(verified) => return Ok(Ok((source, verified))),
            Err(rejection) => rejection,
        };
        if rejection != Rejection::WrongSignature {
            return Ok(Err(rejection));
        }
        let Some(source) =
            self.sources.as_of(door, arrived).await.map_err(|_| Refused::Unavailable)?
        else {
            return Ok(Err(rejection));
        };
        Ok(self.verify_once(&source, headers, body).map(|verified| (source, verified)))
    }

    fn verify_once<'a>(
        &self,
        source: &OpenSource,
        headers: &'a HeaderMap,
        body: &'a Bytes,
    ) -> Result<Verified<'a>, Rejection> {
        let verify = || {
            let call = Call { headers, body };
            hookyard_sources::verify(
                source.source.provider,
                &call,
                &source.secrets,
                self.recorder.clock().now(),
                &source.freshness,
            )
        };
        if body.len() < LONG_BODY_BYTES { verify() } else { tokio::task::block_in_place(verify) }
    }
}
