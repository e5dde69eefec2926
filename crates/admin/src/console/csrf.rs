//! Against forms of other sites: a token in every form that only the session's own pages know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

/// Told apart from the session's own hash in the database, which is made of the same bytes.
const CONTEXT: &[u8] = b"hookyard console form\0";

/// The token of a session's forms. It is made of the session's secret, so nothing is stored for it, and it dies with
/// the session.
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// The token of the session with this cookie.
    pub fn of_session(cookie: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(CONTEXT).chain_update(cookie).finalize();
        Self(URL_SAFE_NO_PAD.encode(digest))
    }

    /// Whether a form sent this token, compared in constant time.
    pub fn is(&self, sent: &str) -> bool {
        let (own, sent) = (self.0.as_bytes(), sent.as_bytes());
        own.len() == sent.len() && own.iter().zip(sent).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
    }

    /// The hidden field of a form.
    pub fn field(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.0); }
    }
}

impl std::fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_one_session_is_no_other_ones() {
        let token = CsrfToken::of_session(b"one");
        assert!(token.is(&token.0));
        assert!(!token.is(&CsrfToken::of_session(b"two").0));
        assert!(!token.is("") && !token.is(&token.0[1..]));
    }

    #[test]
    fn the_token_does_not_tell_the_session() {
        let plain = URL_SAFE_NO_PAD.encode(Sha256::digest(b"one"));
        assert!(!CsrfToken::of_session(b"one").is(&plain));
    }
}
