use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// The name of a git object: 40 hexadecimal digits, or 64 in repositories that use SHA-256.
///
/// Kept as bytes, because a tree may have a million of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(Hash);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Hash {
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

/// The text is not the full name of a git object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 40 or 64 hexadecimal digits")]
pub struct NotAnObjectId;

impl ObjectId {
    /// Whether this is the name of a blob with that content: git hashes `blob <length>\0` and the content.
    pub fn names_blob(&self, content: &[u8]) -> bool {
        let header = format!("blob {}\0", content.len());
        match self.0 {
            Hash::Sha1(expected) => {
                Sha1::new().chain_update(header).chain_update(content).finalize()[..] == expected
            }
            Hash::Sha256(expected) => {
                Sha256::new().chain_update(header).chain_update(content).finalize()[..] == expected
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Hash::Sha1(bytes) => bytes,
            Hash::Sha256(bytes) => bytes,
        }
    }
}

impl FromStr for ObjectId {
    type Err = NotAnObjectId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut short = [0; 20];
        let mut long = [0; 32];
        match text.len() {
            40 => hex::decode_to_slice(text, &mut short).map(|()| Self(Hash::Sha1(short))),
            64 => hex::decode_to_slice(text, &mut long).map(|()| Self(Hash::Sha256(long))),
            _ => return Err(NotAnObjectId),
        }
        .map_err(|_| NotAnObjectId)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        let used = &mut digits[..self.bytes().len() * 2];
        hex::encode_to_slice(self.bytes(), used).map_err(|_| fmt::Error)?;
        f.write_str(str::from_utf8(used).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl de::Visitor<'_> for Digits {
            type Value = ObjectId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("40 or 64 hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ObjectId, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_prints_as_it_was_read() {
        for text in ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", &"ab".repeat(32)] {
            assert_eq!(text.parse::<ObjectId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_but_forty_or_sixty_four_digits_is_refused() {
        for text in ["", "main", "e69de29", &"g".repeat(40), &"a".repeat(41), &"ü".repeat(20)] {
            assert_eq!(text.parse::<ObjectId>(), Err(NotAnObjectId), "{text}");
        }
    }

    /// The names are what `git hash-object` prints for these contents, with SHA-1 and with SHA-256.
    #[test]
    fn a_blob_is_known_by_its_hash() {
        let empty: ObjectId = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391".parse().unwrap();
        assert!(empty.names_blob(b""));
        assert!(!empty.names_blob(b"hello\n"));
        let hello: ObjectId = "ce013625030ba8dba906f756967f9e9ca394464a".parse().unwrap();
        assert!(hello.names_blob(b"hello\n"));
        let long: ObjectId =
            "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813".parse().unwrap();
        assert!(long.names_blob(b""));
    }
}
