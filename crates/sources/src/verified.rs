use std::borrow::Cow;

use hookyard_domain::github_event;

use crate::LinearEnvelope;

/// A call whose sender knew the secret, and what it says.
///
/// Every string fits PostgreSQL's `text`: it is bounded and contains no NUL. Header values are not covered by the
/// signature; only the payload and what was read from it are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<'a> {
    /// Hookyard's name for what happened, such as `github.push`, `github.installation.deleted` or
    /// `linear.Issue.create`.
    pub event_type: String,
    /// The provider's name for it, such as `push` or `Issue`.
    pub provider_event: String,
    /// The provider's id of this delivery, which stays the same when it is repeated. Not signed.
    pub delivery_id: Option<String>,
    /// The provider's id of the hook that sent it: delivery ids are unique only within one hook.
    pub hook_id: Option<String>,
    /// The JSON: the body itself, or what its form field held.
    pub payload: Cow<'a, [u8]>,
    /// What was read from the payload.
    pub envelope: Envelope,
    /// False if the signed time is old, as a late repetition's is: then the call may be accepted only if neither
    /// its delivery id nor its body was seen before. True where the provider signs no time.
    pub fresh: bool,
}

/// The facts that Hookyard reads from a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envelope {
    GitHub(Box<github_event::Envelope>),
    Linear(LinearEnvelope),
}
