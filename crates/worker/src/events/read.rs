//! Reading leased events: what each asks for, from the body that was stored.

use std::borrow::Cow;
use std::collections::HashMap;

use hookyard_domain::github_event::{self, Disposition, Ignored};
use hookyard_domain::job::RUNS_MAX;
use hookyard_sources::{Malformed, github_envelope, github_payload};
use hookyard_store::events::{self, Routable};
use hookyard_store::jobs::Lease;
use hookyard_store::{Store, StoreError};
use uuid::Uuid;

use super::group::Action;

/// Bytes of bodies that are held at once, but for a single larger body.
const BODY_BYTES_MAX: i64 = 8 * 1024 * 1024;

/// An event whose work ends without being done.
#[derive(Debug)]
pub(super) struct Hopeless {
    pub(super) lease: Lease,
    /// None when the event is gone: there is nothing left that could be done about it.
    pub(super) failure: Option<(&'static str, String)>,
}

/// Leased events, as many as may be held at once.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub(super) actions: Vec<Action>,
    pub(super) hopeless: Vec<Hopeless>,
    /// Those that did not fit.
    pub(super) left: Vec<Lease>,
}

/// Reads leased events.
pub(super) async fn read(store: &Store, leases: &[Lease]) -> Result<Portion, StoreError> {
    let subjects: Vec<Uuid> = leases.iter().map(|lease| lease.subject).collect();
    let read = events::routables(&store.conn().await?, &subjects, BODY_BYTES_MAX).await?;
    let mut found: HashMap<Uuid, Routable> =
        read.events.into_iter().map(|event| (event.id.0, event)).collect();
    let mut portion = Portion::default();
    for lease in leases {
        if read.left.contains(&lease.subject) {
            portion.left.push(*lease);
            continue;
        }
        match judge(lease, found.remove(&lease.subject)) {
            Ok(action) => portion.actions.push(action),
            Err(failure) => portion.hopeless.push(Hopeless { lease: *lease, failure }),
        }
    }
    Ok(portion)
}

fn judge(
    lease: &Lease,
    routable: Option<Routable>,
) -> Result<Action, Option<(&'static str, String)>> {
    // Retention drops no event that has a job: somebody did it by hand.
    let routable = routable.ok_or(None)?;
    if lease.runs > RUNS_MAX {
        let error = format!("{RUNS_MAX} workers ended while they routed it");
        return Err(Some(("worker_died", error)));
    }
    let disposition = disposition(&routable).map_err(Some)?;
    Ok(Action { lease: *lease, routable, disposition })
}

/// The JSON of a stored body: GitHub may send it as a field of a form.
pub(crate) fn payload<'a>(
    event_type: &str,
    content_type: Option<&str>,
    body: &'a [u8],
) -> Result<Cow<'a, [u8]>, Malformed> {
    if event_type.starts_with("github.") {
        github_payload(content_type, body)
    } else {
        Ok(Cow::Borrowed(body))
    }
}

/// Reads what is to be done from the stored body; an error is the reason to give the event up.
fn disposition(routable: &Routable) -> Result<Disposition, (&'static str, String)> {
    let Some(body) = &routable.body else {
        return Err(("body_expired", "its body is no longer stored".to_owned()));
    };
    let Some(name) = routable.event_type.strip_prefix("github.") else {
        return Ok(Disposition::Ignored(Ignored::NotHandled));
    };
    let name = name.split('.').next().unwrap_or(name);
    let envelope = github_payload(routable.content_type.as_deref(), body)
        .and_then(|payload| github_envelope(&payload))
        .map_err(|error| ("unreadable_body", error.to_string()))?;
    Ok(github_event::disposition(name, &envelope))
}
