//! HMAC-SHA256 over the raw body, in hexadecimal: what GitHub and Linear send.

use constant_time_eq::constant_time_eq_32;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;

use crate::{Call, Rejection};

type Signature = [u8; 32];

pub(crate) fn sign(secret: &[u8], body: &[u8]) -> Signature {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Checks what the headers of these names announce against the body under every secret.
pub(crate) fn check(
    call: &Call<'_>,
    names: &[&str],
    prefix: &str,
    secrets: &[SecretSlice<u8>],
) -> Result<(), Rejection> {
    let announced = announced(call.headers, names, prefix)?;
    let mut matched = false;
    for secret in secrets.iter().map(SecretSlice::expose_secret) {
        // Anyone can sign with an empty secret.
        let is_usable = !secret.is_empty();
        matched |= constant_time_eq_32(&announced, &sign(secret, call.body)) & is_usable;
    }
    if matched { Ok(()) } else { Err(Rejection::WrongSignature) }
}

/// The one signature that all headers of these names announce.
///
/// The digits are decoded, not compared as text, so that their case does not matter.
fn announced(headers: &HeaderMap, names: &[&str], prefix: &str) -> Result<Signature, Rejection> {
    let mut announced = None;
    for header in names.iter().flat_map(|name| headers.get_all(*name)) {
        let mut signature = Signature::default();
        header
            .as_bytes()
            .strip_prefix(prefix.as_bytes())
            .and_then(|digits| hex::decode_to_slice(digits, &mut signature).ok())
            .ok_or(Rejection::WrongSignature)?;
        if *announced.get_or_insert(signature) != signature {
            return Err(Rejection::WrongSignature);
        }
    }
    announced.ok_or(Rejection::MissingSignature)
}
