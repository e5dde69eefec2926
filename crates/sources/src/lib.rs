//! Proves who sent a webhook, and reads from it what Hookyard needs to know; reads what applications publish.
//!
//! Pure: bytes, headers, secrets and the present time go in, [`Verified`] or a [`Rejection`] comes out. The order
//! is fixed: the signature over the raw bytes first; headers and body are looked at only when it is good.

mod call;
mod form;
mod freshness;
mod github;
mod json;
mod linear;
mod publication;
mod rejection;
pub mod sign;
mod signature;
mod stored_headers;
mod text;
mod verified;

use hookyard_domain::provider::Provider;
use jiff::Timestamp;
use secrecy::SecretSlice;

pub use call::Call;
pub use freshness::Freshness;
pub use github::{github_envelope, github_payload};
pub use linear::{LinearEnvelope, linear_envelope};
pub use publication::{
    DATA_DEPTH_MAX, Published, idempotency_key, is_idempotency_key, publications,
};
pub use rejection::{Malformed, Rejection};
pub use stored_headers::stored_headers;
pub use text::ID_BYTES_MAX;
pub use verified::{Envelope, Verified};

/// Verifies a call to a source of `provider`.
///
/// Every secret is tried, so that a rotation loses nothing; which one matched shows in nothing, not even in the
/// time it takes. Without any secret every call is refused: the caller decides whether that is the call's fault.
pub fn verify<'a>(
    provider: Provider,
    call: &Call<'a>,
    secrets: &[SecretSlice<u8>],
    now: Timestamp,
    freshness: &Freshness,
) -> Result<Verified<'a>, Rejection> {
    match provider {
        Provider::GitHub => github::verify(call, secrets),
        Provider::Linear => linear::verify(call, secrets, now, freshness),
    }
}
