//! A secret on its way to the one who asked for it, once.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};

/// A secret that Hookyard made, in the answer to whoever had it made. Serialising shows it, `Debug` does not.
#[derive(Clone)]
pub struct ShownOnce(SecretString);

impl ShownOnce {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<SecretString> for ShownOnce {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl Serialize for ShownOnce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl fmt::Debug for ShownOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownOnce(...)")
    }
}
