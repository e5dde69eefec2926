use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use zeroize::Zeroizing;

use crate::envelope::{Envelope, TAG_BYTES, VERSION};
use crate::label::Part;
use crate::ring_text::{self, Entry, KEY_BYTES};
use crate::{KeyRingError, Label, OpenError, ResealError, SealError};

/// Secrets are keys, tokens and passwords; nothing longer is sealed.
pub const PLAINTEXT_BYTES_MAX: usize = 1024 * 1024;

/// The keys that seal and open stored secrets. Cheap to clone; shows ids only.
#[derive(Clone)]
pub struct KeyRing {
    /// Never empty; the active key is the first.
    keys: Arc<[NamedKey]>,
}

struct NamedKey {
    id: String,
    cipher: RandomizedNonceKey,
}

impl KeyRing {
    /// Reads `id:base64,id2:base64`: 32-byte keys in standard base64 with or without padding, the active one first.
    ///
    /// Ids are unique and consist of 1 to 32 characters of `a-z`, `0-9`, `_` and `-`.
    pub fn parse(text: &SecretString) -> Result<Self, KeyRingError> {
        let keys = ring_text::parse(text.expose_secret())?.iter().map(NamedKey::new).collect();
        Ok(Self { keys })
    }

    /// The text of a new ring with one random key under a random id.
    pub fn generate() -> SecretString {
        let mut id = [0; 4];
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        for bytes in [id.as_mut_slice(), key.as_mut_slice()] {
            rand::fill(bytes).expect("AWS-LC aborts rather than return without randomness");
        }
        let id = format!("k{:08x}", u32::from_be_bytes(id));
        SecretString::from(Entry { id, key }.to_text().as_str())
    }

    /// The id of the key under which [`KeyRing::seal`] seals.
    pub fn active_id(&self) -> &str {
        &self.active().id
    }

    /// Seals `plaintext` for the place that `label` names, under the active key.
    pub fn seal(&self, label: &Label<'_>, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealError::TooLong { bytes: plaintext.len() });
        }
        let NamedKey { id, cipher } = self.active();
        let mut data_key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(data_key.as_mut_slice()).map_err(|_| SealError::Cipher)?;

        let id_bytes = u8::try_from(id.len()).expect("a key id is at most 32 bytes long");
        let mut sealed = vec![VERSION, id_bytes];
        sealed.extend_from_slice(id.as_bytes());
        encrypt(
            cipher,
            &label.associated_data(VERSION, id, Part::DataKey),
            data_key.as_slice(),
            &mut sealed,
        )?;
        encrypt(
            &aes_256_gcm(&data_key),
            &label.associated_data(VERSION, id, Part::Text),
            plaintext,
            &mut sealed,
        )?;
        Ok(sealed)
    }

    /// Opens what [`KeyRing::seal`] made under the same label with a key that this ring holds.
    pub fn open(&self, label: &Label<'_>, sealed: &[u8]) -> Result<SecretSlice<u8>, OpenError> {
        let Envelope { key_id: id, wrapped_key, text } =
            Envelope::parse(sealed).ok_or(OpenError::Malformed)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == id)
            .ok_or_else(|| OpenError::UnknownKey(id.to_owned()))?;

        let mut wrapped_key = Zeroizing::new(wrapped_key.to_vec());
        let data_key = decrypt(
            &key.cipher,
            &label.associated_data(VERSION, id, Part::DataKey),
            &mut wrapped_key,
        )?;
        let data_key = data_key.try_into().map_err(|_| OpenError::Malformed)?;
        let mut text = Zeroizing::new(text.to_vec());
        let plaintext = decrypt(
            &aes_256_gcm(data_key),
            &label.associated_data(VERSION, id, Part::Text),
            &mut text,
        )?;
        // Of exact size: growing or shrinking would leave a copy of the secret behind.
        Ok(SecretSlice::from(Box::<[u8]>::from(plaintext)))
    }

    /// Seals a stored value again, whole, under the active key; `None` when it is sealed under it already.
    pub fn reseal(&self, label: &Label<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, ResealError> {
        if crate::sealed_under(sealed) == Some(self.active_id()) {
            return Ok(None);
        }
        let plaintext = self.open(label, sealed)?;
        Ok(Some(self.seal(label, plaintext.expose_secret())?))
    }

    fn active(&self) -> &NamedKey {
        self.keys.first().expect("a key ring is never empty")
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        formatter.debug_struct("KeyRing").field("ids", &ids).finish_non_exhaustive()
    }
}

impl NamedKey {
    fn new(entry: &Entry) -> Self {
        Self { id: entry.id.clone(), cipher: aes_256_gcm(&entry.key) }
    }
}

fn aes_256_gcm(key: &[u8; KEY_BYTES]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, key).expect("the key has the cipher's length")
}

/// Appends nonce, ciphertext and tag to `out`.
fn encrypt(
    cipher: &RandomizedNonceKey,
    associated_data: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), SealError> {
    let mut text = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
    text.extend_from_slice(plaintext);
    let nonce = cipher
        .seal_in_place_append_tag(Aad::from(associated_data), &mut *text)
        .map_err(|_| SealError::Cipher)?;
    out.extend_from_slice(nonce.as_ref());
    out.extend_from_slice(&text);
    Ok(())
}

/// Decrypts nonce, ciphertext and tag in place.
fn decrypt<'a>(
    cipher: &RandomizedNonceKey,
    associated_data: &[u8],
    encrypted: &'a mut [u8],
) -> Result<&'a [u8], OpenError> {
    let (nonce, text) =
        encrypted.split_first_chunk_mut::<NONCE_LEN>().ok_or(OpenError::Malformed)?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    cipher
        .open_in_place(nonce, Aad::from(associated_data), text)
        .map(|plaintext| &*plaintext)
        .map_err(|_| OpenError::Forged)
}
