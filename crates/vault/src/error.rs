use thiserror::Error;

use crate::PLAINTEXT_BYTES_MAX;
use crate::ring_text::{KEY_BYTES, KEY_ID_BYTES_MAX};

/// Why a key ring's text is not a key ring. Names an entry by its position (from 1) or id, never by its key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyRingError {
    #[error("the key ring is empty; it needs at least one entry `id:base64`")]
    Empty,
    #[error("entry {position} of the key ring has no `:` between id and key")]
    NoColon { position: usize },
    #[error(
        "the id of entry {position} of the key ring must be 1 to {KEY_ID_BYTES_MAX} characters of a-z, 0-9, _ and -"
    )]
    BadId { position: usize },
    #[error("entry {position} of the key ring repeats the id `{id}`")]
    RepeatedId { position: usize, id: String },
    #[error("the key of entry `{id}` of the key ring is not standard base64")]
    NotBase64 { id: String },
    #[error("the key of entry `{id}` of the key ring has {bytes} bytes instead of {KEY_BYTES}")]
    WrongLength { id: String, bytes: usize },
}

/// Why a value was not sealed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    #[error(
        "a secret of {bytes} bytes is longer than the {PLAINTEXT_BYTES_MAX} bytes that are sealed"
    )]
    TooLong { bytes: usize },
    #[error("the cipher refused to seal")]
    Cipher,
}

/// Why a sealed value was not opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The bytes were never a sealed value, or were cut short.
    #[error("the stored bytes are not a sealed secret")]
    Malformed,
    /// The value is sealed under a key that the ring does not hold.
    #[error("the secret is sealed under the key `{0}`, which the key ring does not hold")]
    UnknownKey(String),
    /// The value was altered, was sealed for another place, or another key bears the same id.
    #[error(
        "the sealed secret does not belong here, was altered, or was sealed under another key of the same id"
    )]
    Forged,
}

/// Why a value was not sealed again under the active key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResealError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Seal(#[from] SealError),
}
