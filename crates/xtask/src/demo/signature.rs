//! What a receiver does with a signed call, written down without any of Hookyard's own code.
//!
//! Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` under the secret's bytes, base64; the header holds one or
//! more signatures, each behind its version (<https://www.standardwebhooks.com>).

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A call as its receiver got it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    pub(super) timestamp: &'a str,
    /// `webhook-signature`
    pub(super) signatures: &'a str,
    pub(super) body: &'a str,
}

/// Fails unless one of the call's signatures is by this secret, `whsec_` and base64.
pub(super) fn verify(secret: &str, call: Call<'_>) -> Result<()> {
    let key = secret.strip_prefix("whsec_").context("a signing secret begins with whsec_")?;
    let key = BASE64_STANDARD.decode(key).context("a signing secret is base64")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).context("HMAC takes keys of any length")?;
    mac.update(format!("{}.{}.{}", call.id, call.timestamp, call.body).as_bytes());
    let signatures = call.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    let valid = signatures
        .filter_map(|one| BASE64_STANDARD.decode(one).ok())
        .any(|signature| mac.clone().verify_slice(&signature).is_ok());
    ensure!(valid, "no signature of {} is by the connection's secret", call.id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Call, verify};

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const CALL: Call<'static> = Call {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        body: r#"{"test": 2432232314}"#,
    };

    #[test]
    fn the_published_example_is_valid() {
        verify(SECRET, CALL).unwrap();
        let rotating = format!("v1,AAAA {}", CALL.signatures);
        verify(SECRET, Call { signatures: &rotating, ..CALL }).unwrap();
    }

    #[test]
    fn another_body_id_time_or_secret_is_not() {
        for call in [
            Call { body: r#"{"test":2432232314}"#, ..CALL },
            Call { id: "msg_other", ..CALL },
            Call { timestamp: "1614265331", ..CALL },
            Call { signatures: "", ..CALL },
        ] {
            assert!(verify(SECRET, call).is_err(), "{call:?}");
        }
        assert!(verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSX", CALL).is_err());
    }
}
