//! Signatures of what is sent: [Standard Webhooks](https://www.standardwebhooks.com), and the headers of Hookyard's
//! predecessors.
//!
//! `webhook-signature` is `v1,` and the Base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, one for
//! each key, separated by spaces. A key is written `whsec_` and the Base64 of its 24 to 64 bytes. The timestamp is the
//! time of the attempt in seconds, so that every attempt is signed anew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const KEY_BYTES_MIN: usize = 24;
const KEY_BYTES_MAX: usize = 64;
/// A new key's length, in bytes.
pub const NEW_KEY_BYTES: usize = 32;
/// The current key, and the one before it while receivers change over.
const KEYS_MAX: usize = 2;

/// One signing key.
#[derive(Debug, Clone)]
pub struct SigningKey {
    bytes: SecretSlice<u8>,
    text: SecretString,
}

/// A text that is no signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key is {PREFIX} and the Base64 of {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes")]
pub struct InvalidSigningKey;

impl SigningKey {
    /// A new key from random bytes.
    pub fn from_random(bytes: [u8; NEW_KEY_BYTES]) -> Self {
        Self::of(bytes.to_vec())
    }

    fn of(bytes: Vec<u8>) -> Self {
        let text = SecretString::from(format!("{PREFIX}{}", STANDARD.encode(&bytes)));
        Self { bytes: SecretSlice::from(bytes), text }
    }

    /// Reads `whsec_...`.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidSigningKey> {
        let encoded = text.expose_secret().strip_prefix(PREFIX).ok_or(InvalidSigningKey)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidSigningKey)?;
        if (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
            Ok(Self::of(bytes))
        } else {
            Err(InvalidSigningKey)
        }
    }

    /// What of the key must not be shown: as its receiver gets it, and its bare Base64, also without padding.
    pub(crate) fn written(&self) -> [SecretString; 2] {
        let text = self.text.expose_secret();
        let bare = text.strip_prefix(PREFIX).unwrap_or(text).trim_end_matches('=');
        [self.text.clone(), SecretString::from(bare)]
    }

    /// The key as its receiver gets it, once: `whsec_...`.
    pub fn text(&self) -> &SecretString {
        &self.text
    }
}

/// The keys of one receiver, the newest first; each call is signed with all of them.
#[derive(Debug, Clone)]
pub struct SigningKeys(Vec<SigningKey>);

impl SigningKeys {
    /// A receiver's first key.
    pub fn new(key: SigningKey) -> Self {
        Self(vec![key])
    }

    /// Keys as they were saved, the newest first; `None` without any.
    pub(crate) fn saved(mut keys: Vec<SigningKey>) -> Option<Self> {
        keys.truncate(KEYS_MAX);
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The same keys with a new one before them; the oldest goes when there were two.
    #[must_use]
    pub fn rotated(&self, new: SigningKey) -> Self {
        let kept = self.0.iter().take(KEYS_MAX - 1).cloned();
        Self(std::iter::once(new).chain(kept).collect())
    }

    /// The newest key alone: the end of a rotation.
    #[must_use]
    pub fn newest_only(&self) -> Self {
        Self::new(self.newest().clone())
    }

    /// The newest key.
    pub fn newest(&self) -> &SigningKey {
        self.0.first().expect("there is no set of keys without a key")
    }

    /// The keys, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        self.0.iter()
    }

    /// The value of `webhook-signature`.
    pub fn signature(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut header = String::with_capacity(48 * self.0.len());
        for key in &self.0 {
            let mut mac = mac(key.bytes.expose_secret());
            for part in [id.as_bytes(), b".", at.as_second().to_string().as_bytes(), b".", body] {
                mac.update(part);
            }
            let separator = if header.is_empty() { "v1," } else { " v1," };
            header.push_str(separator);
            STANDARD.encode_string(mac.finalize().into_bytes(), &mut header);
        }
        header
    }
}

/// The value of `X-Webhook-Secret`: the HMAC-SHA256 of the body in hexadecimal. The key is the secret's text as its
/// receiver was given it; the secret itself is never sent.
pub fn body_signature(secret: &SecretString, body: &[u8]) -> String {
    let mut mac = mac(secret.expose_secret().as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const AT: Timestamp = Timestamp::constant(1_649_367_553, 0);
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    fn key(text: &str) -> SigningKey {
        SigningKey::parse(&SecretString::from(text)).unwrap()
    }

    #[test]
    fn the_published_vector_of_standard_webhooks_is_signed_alike() {
        assert_eq!(
            SigningKeys::new(key(NEW)).signature(ID, AT, BODY),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn while_keys_rotate_both_sign_the_newest_first() {
        let rotated = SigningKeys::new(key(OLD)).rotated(key(NEW));
        assert_eq!(
            rotated.signature(ID, AT, BODY),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw= \
             v1,bmED0YkXIwCHhhZjbHn8qMCbczjpYwHGju/WMUmDqOQ="
        );
        assert_eq!(rotated.rotated(SigningKey::from_random([7; 32])).iter().count(), 2);
        assert_eq!(
            rotated.newest_only().signature(ID, AT, BODY),
            SigningKeys::new(key(NEW)).signature(ID, AT, BODY)
        );
    }

    #[test]
    fn the_vector_of_rfc_4231_gives_the_predecessors_header() {
        // Test case 2.
        assert_eq!(
            body_signature(&SecretString::from("Jefe"), b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_key_reads_back_what_it_wrote_and_shows_nothing() {
        let new = SigningKey::from_random([7; NEW_KEY_BYTES]);
        let text = new.text();
        assert!(text.expose_secret().starts_with("whsec_BwcH"));
        let read = SigningKey::parse(text).unwrap();
        assert_eq!(read.text().expose_secret(), text.expose_secret());
        assert!(!format!("{read:?}").contains("Bwc"));
    }

    #[test]
    fn keys_of_another_length_or_form_are_refused() {
        for text in ["", "whsec_", "whsec_c2hvcnQ=", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_%%"]
        {
            assert!(SigningKey::parse(&SecretString::from(text)).is_err(), "{text}");
        }
        let long = format!("whsec_{}", STANDARD.encode([0; 65]));
        assert!(SigningKey::parse(&SecretString::from(long)).is_err());
    }
}
