//! Signatures as the providers make them, for whoever plays a provider.

use crate::signature::sign;

/// The value of `X-Hub-Signature-256`.
pub fn sign_github(secret: &[u8], body: &[u8]) -> String {
    format!("sha256={}", hex::encode(sign(secret, body)))
}

/// The value of `Linear-Signature`.
pub fn sign_linear(secret: &[u8], body: &[u8]) -> String {
    hex::encode(sign(secret, body))
}
