//! The text of a key ring: `id:base64,id2:base64`, the active key first.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::KeyRingError;

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const KEY_ID_BYTES_MAX: usize = 32;

/// Standard base64, with padding or without it: both are what people's tools print.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) key: Zeroizing<[u8; KEY_BYTES]>,
}

impl Entry {
    fn parse(position: usize, text: &str) -> Result<Self, KeyRingError> {
        let (id, encoded) = text.split_once(':').ok_or(KeyRingError::NoColon { position })?;
        if !is_key_id(id) {
            return Err(KeyRingError::BadId { position });
        }
        let id = id.to_owned();
        let Ok(decoded) = BASE64.decode(encoded).map(Zeroizing::new) else {
            return Err(KeyRingError::NotBase64 { id });
        };
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if decoded.len() != KEY_BYTES {
            return Err(KeyRingError::WrongLength { id, bytes: decoded.len() });
        }
        key.copy_from_slice(&decoded);
        Ok(Self { id, key })
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let encoded = Zeroizing::new(BASE64.encode(*self.key));
        Zeroizing::new(format!("{}:{}", self.id, *encoded))
    }
}

pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, KeyRingError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(KeyRingError::Empty);
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (index, part) in text.split(',').enumerate() {
        let position = index + 1;
        let entry = Entry::parse(position, part.trim())?;
        if entries.iter().any(|earlier| earlier.id == entry.id) {
            return Err(KeyRingError::RepeatedId { position, id: entry.id });
        }
        entries.push(entry);
    }
    Ok(entries)
}

pub(crate) fn is_key_id(id: &str) -> bool {
    (1..=KEY_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}
