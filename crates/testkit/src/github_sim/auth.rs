//! Proofs of identity, checked as strictly as GitHub checks them.

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde::Deserialize;

/// GitHub's longest life of an App token.
const APP_TOKEN_LIFE_MAX_S: i64 = 600;
/// How far ahead GitHub lets a clock run.
const LEEWAY_S: i64 = 10;
/// The characters of a line of PEM.
const PEM_LINE_LEN: usize = 64;

/// The App's key: the private half for those who start the simulator, the public half to check tokens with.
pub(crate) struct AppKeys {
    pub(crate) private_pem: String,
    public: DecodingKey,
}

impl AppKeys {
    pub(crate) fn generate() -> Result<Self> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key could be made"))?;
        let der: Pkcs8V1Der<'_> =
            pair.as_der().map_err(|_| anyhow!("the RSA key could not be written"))?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let text = STANDARD.encode(der.as_ref());
        for line in text.as_bytes().chunks(PEM_LINE_LEN) {
            pem.push_str(str::from_utf8(line)?);
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(Self { private_pem: pem, public: DecodingKey::from_rsa_der(pair.public_key().as_ref()) })
    }

    pub(crate) fn from_pem(pem: String) -> Result<Self> {
        let key = EncodingKey::from_rsa_pem(pem.as_bytes())
            .context("the App's key is not RSA in PEM form")?;
        let pair =
            KeyPair::from_der(key.as_bytes()).map_err(|_| anyhow!("the App's key is not RSA"))?;
        Ok(Self { private_pem: pem, public: DecodingKey::from_rsa_der(pair.public_key().as_ref()) })
    }

    /// Checks an App's token; the error is GitHub's message of the 401.
    pub(crate) fn check(
        &self,
        token: &str,
        app_id: i64,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        #[derive(Deserialize)]
        struct Claims {
            iat: i64,
            exp: i64,
            iss: Issuer,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Issuer {
            Number(i64),
            Text(String),
        }
        let mut validation = Validation::new(Algorithm::RS256);
        // The times are checked below, by the simulator's clock and with GitHub's messages.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(token, &self.public, &validation)
            .map_err(|_| "A JSON web token could not be decoded")?
            .claims;
        let issued_by = match claims.iss {
            Issuer::Number(id) => id == app_id,
            Issuer::Text(id) => id == app_id.to_string(),
        };
        let now = now.as_second();
        if !issued_by {
            Err("Integration not found")
        } else if claims.iat > now + LEEWAY_S {
            Err(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            )
        } else if claims.exp <= now {
            Err(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which \
                 the assertion expires",
            )
        } else if claims.exp > now + APP_TOKEN_LIFE_MAX_S + LEEWAY_S {
            Err("'Expiration time' claim ('exp') is too far in the future")
        } else {
            Ok(())
        }
    }
}
