//! A call of an application: who it is, then what it publishes.

use std::net::IpAddr;

use hookyard_domain::ids::{SourceId, WorkspaceId};
use hookyard_domain::workspace::Slug;
use hookyard_sources::{Malformed, idempotency_key};
use hookyard_store::ingest::{Arrival, PublishedCall};
use http::{HeaderMap, Request};
use hyper::body::Incoming;

use super::{Gateway, LONG_BODY_BYTES};
use crate::answer::{Answer, Refused, malformed, published};
use crate::body::{self, Unread};
use crate::publication::{BODY_BYTES_MAX, EVENT_BYTES, arrivals};
use crate::token_cache::{Shown, shown};

impl Gateway {
    /// Records what an application publishes. Nothing of its body is read before it is known to be allowed to.
    pub(super) async fn publish(
        &self,
        slug: Slug,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Result<Answer, Refused> {
        let (head, body) = request.into_parts();
        let workspace = self.publisher(&slug, &head.headers).await?;
        let mut charge = self.budget.charge(SourceId(workspace.0), peer);
        let body = body::read(body, BODY_BYTES_MAX, &self.limits, &mut charge)
            .await
            .map_err(Refused::Unread)?;
        let read = || -> Result<Vec<Arrival>, Malformed> {
            let idempotency_key = idempotency_key(&head.headers)?;
            let idempotency_key = idempotency_key.as_deref();
            let first = self.recorder.clock().event_id();
            arrivals(&PublishedCall { workspace, idempotency_key, body: &body, first }, &body)
        };
        let long = body.len() >= LONG_BODY_BYTES;
        let arrivals = if long { tokio::task::block_in_place(read) } else { read() };
        let arrivals = match arrivals {
            Ok(arrivals) => arrivals,
            Err(reason) => return Ok(malformed(&reason)),
        };
        charge
            .grow_to(body.len() + arrivals.len() * EVENT_BYTES)
            .map_err(|_| Refused::Unread(Unread::BudgetExhausted))?;
        let events = arrivals.iter().map(|it| (it.event, it.event_type.clone())).collect();
        let outcome = self.record(arrivals, true, charge).await?;
        published(events, &outcome)
    }

    /// The workspace that a call's token opens, if it is the one that the call names.
    async fn publisher(&self, slug: &Slug, headers: &HeaderMap) -> Result<WorkspaceId, Refused> {
        let hash = match shown(headers) {
            Shown::Nothing => return Err(Refused::TokenMissing),
            Shown::NoToken => return Err(Refused::TokenWrong),
            Shown::Token(hash) => hash,
        };
        let found = tokio::time::timeout(self.record_within, self.tokens.get(hash))
            .await
            .map_err(|_| Refused::Unavailable)?
            .map_err(|_| Refused::Unavailable)?;
        let now = self.recorder.clock().now();
        let token = found
            .filter(|token| token.expires_at.is_none_or(|end| now < end))
            .ok_or(Refused::TokenWrong)?;
        if token.slug != slug.as_str() {
            Err(Refused::UnknownWorkspace)
        } else if !token.may_publish {
            Err(Refused::ScopeMissing)
        } else {
            Ok(token.workspace)
        }
    }
}
