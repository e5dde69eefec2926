//! The bytes of a sealed value, cut into their parts. Nothing is decrypted here.

use aws_lc_rs::aead::NONCE_LEN;

use crate::ring_text::{KEY_BYTES, is_key_id};

pub(crate) const VERSION: u8 = 1;
pub(crate) const TAG_BYTES: usize = 16;
const WRAPPED_KEY_BYTES: usize = NONCE_LEN + KEY_BYTES + TAG_BYTES;

pub(crate) struct Envelope<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) wrapped_key: &'a [u8],
    pub(crate) text: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// `None` for bytes that no version of this format can be.
    pub(crate) fn parse(sealed: &'a [u8]) -> Option<Self> {
        let (&[version, key_id_bytes], rest) = sealed.split_first_chunk()?;
        if version != VERSION {
            return None;
        }
        let (key_id, rest) = rest.split_at_checked(key_id_bytes.into())?;
        let key_id = str::from_utf8(key_id).ok().filter(|id| is_key_id(id))?;
        let (wrapped_key, text) = rest.split_at_checked(WRAPPED_KEY_BYTES)?;
        (text.len() >= NONCE_LEN + TAG_BYTES).then_some(Self { key_id, wrapped_key, text })
    }
}

/// The id of the key under which these bytes say that they are sealed; `None` if they are no sealed value.
///
/// Nothing is verified: this serves to count and choose what must be sealed again.
pub fn sealed_under(sealed: &[u8]) -> Option<&str> {
    Envelope::parse(sealed).map(|envelope| envelope.key_id)
}
