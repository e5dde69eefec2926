//! What may stand in the data of an event: whatever its later readers can take.
//!
//! They read it into memory as a tree. So it is read here by the same reader, without building anything: numbers that
//! no float holds and halves of surrogate pairs are found now.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep the data of an event may nest, itself included. `serde_json` reads 128 levels, and what is sent adds some
/// around it.
pub const DATA_DEPTH_MAX: usize = 64;

/// Why data is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadData {
    #[error("must be a JSON object")]
    NoObject,
    #[error("nests deeper than {DATA_DEPTH_MAX} levels")]
    TooDeep,
    #[error("contains a NUL character")]
    Nul,
    #[error("holds a number beyond a float's range, or half a surrogate pair")]
    Unreadable,
}

/// Checks JSON that is known to be well-formed.
pub(super) fn check(json: &str) -> Result<(), BadData> {
    if !json.starts_with('{') {
        return Err(BadData::NoObject);
    }
    let mut found = BadData::Unreadable;
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = Sound { levels_left: DATA_DEPTH_MAX, found: &mut found }.deserialize(&mut reader);
    read.map_err(|_| found)
}

/// Reads a value and keeps nothing of it.
struct Sound<'a> {
    levels_left: usize,
    /// What is wrong, if it is nothing that the reader finds by itself.
    found: &'a mut BadData,
}

impl Sound<'_> {
    fn refuse<E: Error>(&mut self, why: BadData) -> E {
        *self.found = why;
        E::custom(why)
    }

    /// One level further in.
    fn inner<E: Error>(&mut self) -> Result<Sound<'_>, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Sound { levels_left, found: self.found }),
            None => Err(self.refuse(BadData::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Sound<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sound<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(self.refuse(BadData::Nul)) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(self.inner()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while fields.next_key_seed(self.inner()?)?.is_some() {
            fields.next_value_seed(self.inner()?)?;
        }
        Ok(())
    }
}
