//! Seals the secrets that Hookyard stores, and opens them again.
//!
//! # Protocol
//!
//! Every value is sealed under a data key of its own; the data key is wrapped under the active key of a
//! [`KeyRing`]. Both steps are AES-256-GCM with random nonces, and both authenticate the [`Label`] of the place
//! where the value is stored: a sealed value that is copied to another row, column or table does not open there.
//!
//! ```text
//! version (1) | length of key id (1) | key id | wrapped data key (12 + 32 + 16) | nonce (12) | text | tag (16)
//! ```
//!
//! Keys are rotated by putting a new one in front of the ring and calling [`KeyRing::reseal`] on every stored
//! value; the old key may be removed once [`sealed_under`] names it nowhere.

mod envelope;
mod error;
mod key_ring;
mod label;
mod ring_text;

pub use envelope::sealed_under;
pub use error::{KeyRingError, OpenError, ResealError, SealError};
pub use key_ring::{KeyRing, PLAINTEXT_BYTES_MAX};
pub use label::Label;
