//! The answers: one place that turns what happened into a status and a body.

mod published;

use bytes::Bytes;
use hookyard_domain::github_event::Ignored;
use hookyard_sources::{Malformed, Rejection};
use hookyard_store::ingest::{Rearmed, Recorded};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;

use crate::arrival::Named;
use crate::body::Unread;
use crate::recorder::{Known, Outcome};

pub(crate) use published::published;

/// What the caller gets.
pub(crate) type Answer = Response<Full<Bytes>>;

/// How long a caller that met no room should wait, in seconds.
const RETRY_AFTER_S: u16 = 2;

/// Why a call got no further, other than by its signature or its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    UnknownPath,
    MethodNotAllowed,
    UnknownSource,
    /// No such workspace, or not the token's.
    UnknownWorkspace,
    NoSecret,
    TokenMissing,
    /// Unknown, revoked, expired, or nothing like a token.
    TokenWrong,
    ScopeMissing,
    /// An `Idempotency-Key` came again with another body.
    KeyReused,
    Unread(Unread),
    /// It says its length in two ways.
    Contradictory,
    /// It names no host, or several.
    NoHost,
    /// Its transfer coding is not, or not only, `chunked`.
    UnknownCoding,
    /// The database cannot be reached, or cannot keep up.
    Unavailable,
    /// The database takes everything but this call.
    Unstorable,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the answer's fields are the predecessors'")]
struct Accepted<'a> {
    ok: bool,
    accepted: bool,
    event: &'a str,
    delivery_id: Option<&'a str>,
    queued: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NothingToDo<'a> {
    ok: bool,
    accepted: bool,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    event: &'a str,
    delivery_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Failed<'a> {
    ok: bool,
    error: &'a str,
}

/// The answer to a call that was recorded, or had been before.
pub(crate) fn recorded(named: &Named, outcome: &Outcome, accepted_status: u16) -> Answer {
    let status = StatusCode::from_u16(accepted_status).unwrap_or(StatusCode::ACCEPTED);
    let recorded = outcome.recorded.first().unwrap_or(&Recorded::Refused);
    match (recorded, &outcome.known) {
        (Recorded::Accepted { .. }, _)
        | (Recorded::Duplicate, Some(Known::Delivery(Rearmed::Queued(_)))) => {
            accepted(named, status)
        }
        (Recorded::Ignored { reason }, _) => {
            let answer = reason.parse::<Ignored>().map_or("event ignored", Ignored::answer);
            nothing_to_do(named, answer, Some(reason))
        }
        (Recorded::Replay, _) => nothing_to_do(named, "duplicate", Some("replay")),
        (Recorded::Duplicate, _) => nothing_to_do(named, "duplicate", None),
        (Recorded::Refused, _) => refused(Refused::Unstorable),
    }
}

fn accepted(named: &Named, status: StatusCode) -> Answer {
    json(
        status,
        &Accepted {
            ok: true,
            accepted: true,
            event: &named.event,
            delivery_id: named.delivery_id.as_deref(),
            queued: true,
        },
    )
}

fn nothing_to_do(named: &Named, reason: &str, detail: Option<&str>) -> Answer {
    json(
        StatusCode::OK,
        &NothingToDo {
            ok: true,
            accepted: false,
            reason,
            detail,
            event: &named.event,
            delivery_id: named.delivery_id.as_deref(),
        },
    )
}

/// The answer to a call whose signature or content is not good.
pub(crate) fn rejected(rejection: &Rejection) -> Answer {
    let status = if rejection.is_unauthorized() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::BAD_REQUEST
    };
    json(status, &Failed { ok: false, error: &rejection.to_string() })
}

/// The answer to a proven sender whose call cannot be read.
pub(crate) fn malformed(reason: &Malformed) -> Answer {
    json(StatusCode::BAD_REQUEST, &Failed { ok: false, error: &reason.to_string() })
}

/// The answer to a call that got no further.
pub(crate) fn refused(refused: Refused) -> Answer {
    let (status, error) = status_and_error(refused);
    let mut answer = json(status, &Failed { ok: false, error });
    let headers = answer.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(challenge) = challenge(refused) {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    }
    if matches!(refused, Refused::Unread(_)) {
        // The rest of the body is not read: nothing else can come over this connection.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

fn status_and_error(refused: Refused) -> (StatusCode, &'static str) {
    match refused {
        Refused::UnknownPath => (StatusCode::NOT_FOUND, "no such path"),
        Refused::UnknownSource => (StatusCode::NOT_FOUND, "unknown source"),
        Refused::UnknownWorkspace => (StatusCode::NOT_FOUND, "unknown workspace"),
        Refused::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "use POST"),
        Refused::NoSecret => (StatusCode::SERVICE_UNAVAILABLE, "no secret configured"),
        Refused::TokenMissing => (StatusCode::UNAUTHORIZED, "no bearer token"),
        Refused::TokenWrong => (StatusCode::UNAUTHORIZED, "invalid token"),
        Refused::ScopeMissing => {
            (StatusCode::FORBIDDEN, "the token lacks the scope `events:write`")
        }
        Refused::KeyReused => {
            (StatusCode::CONFLICT, "this Idempotency-Key was used with another body")
        }
        Refused::Unread(Unread::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "body too large"),
        Refused::Unread(Unread::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "body too slow"),
        Refused::Unread(Unread::Broken) => {
            (StatusCode::BAD_REQUEST, "body incomplete or wrongly framed")
        }
        Refused::Unread(Unread::BudgetExhausted) => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many large bodies at once")
        }
        Refused::Contradictory => {
            (StatusCode::BAD_REQUEST, "both a length and a transfer encoding")
        }
        Refused::NoHost => (StatusCode::BAD_REQUEST, "not exactly one Host header"),
        Refused::UnknownCoding => {
            (StatusCode::NOT_IMPLEMENTED, "transfer coding other than chunked")
        }
        Refused::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily unavailable"),
        Refused::Unstorable => (StatusCode::BAD_REQUEST, "the event cannot be stored"),
    }
}

/// What a token must be to pass (RFC 6750, section 3).
fn challenge(refused: Refused) -> Option<&'static str> {
    match refused {
        Refused::TokenMissing => Some(r#"Bearer realm="hookyard""#),
        Refused::TokenWrong => Some(r#"Bearer realm="hookyard", error="invalid_token""#),
        Refused::ScopeMissing => {
            Some(r#"Bearer realm="hookyard", error="insufficient_scope", scope="events:write""#)
        }
        Refused::UnknownPath
        | Refused::MethodNotAllowed
        | Refused::UnknownSource
        | Refused::UnknownWorkspace
        | Refused::NoSecret
        | Refused::KeyReused
        | Refused::Unread(_)
        | Refused::Contradictory
        | Refused::NoHost
        | Refused::UnknownCoding
        | Refused::Unavailable
        | Refused::Unstorable => None,
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).expect("strings and booleans always serialize");
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
