use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::SetupError;

/// Backdating allows for a clock that runs ahead of GitHub's.
const ISSUED_BEFORE: SignedDuration = SignedDuration::from_secs(60);
/// GitHub refuses more than ten minutes; the missing minute allows for a clock that runs ahead.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_secs(540);

/// What an App proves itself with.
#[derive(Debug, Clone)]
pub struct AppKey {
    /// The App's id or its client id.
    pub app_id: String,
    /// RSA, PEM, PKCS#1 (as GitHub hands it out) or PKCS#8. A literal `\n` is read as a line's end, because
    /// environments and forms often hold keys in that shape.
    pub private_key: SecretString,
}

/// An [`AppKey`] that was understood.
pub(crate) struct Signer {
    app_id: String,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

impl Signer {
    pub(crate) fn new(key: &AppKey) -> Result<Self, SetupError> {
        let pem = SecretString::from(key.private_key.expose_secret().trim().replace("\\n", "\n"));
        let encoding = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes())
            .map_err(SetupError::PrivateKey)?;
        let signer = Self { app_id: key.app_id.clone(), key: encoding };
        // A key may be well-formed PEM and still be none: only signing tells.
        signer.token(Timestamp::UNIX_EPOCH).map_err(SetupError::PrivateKey)?;
        Ok(signer)
    }

    /// The App's own token (RS256) for calls at this time.
    pub(crate) fn token(
        &self,
        now: Timestamp,
    ) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iat: now.saturating_sub(ISSUED_BEFORE).map_or(0, Timestamp::as_second),
            exp: now.saturating_add(EXPIRES_AFTER).map_or(0, Timestamp::as_second),
            iss: &self.app_id,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(SecretString::from)
    }
}
