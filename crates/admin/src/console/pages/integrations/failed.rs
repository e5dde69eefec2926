//! A test that failed, in three parts: what happened, what it means, what to do.

use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::delivery::ErrorClass;
use maud::{Markup, html};

use super::kinds;
use crate::console::components::payload;
use crate::console::components::status::answer_code;
use crate::console::components::text::{cut, outside};
use crate::console::pages::forms::sentence;

/// The longest error that is told, in characters.
const ERROR_CHARS_MAX: usize = 400;

/// A test that failed.
#[derive(Debug)]
pub(super) struct FailedTest<'a> {
    pub(super) kind: ConnectionKind,
    /// Whom it went to.
    pub(super) to: &'a str,
    pub(super) class: Option<ErrorClass>,
    pub(super) error: &'a str,
    pub(super) response_status: Option<u16>,
    /// The beginning of the answer's body, without secrets.
    pub(super) excerpt: Option<&'a str>,
    /// What it means for what is stored.
    pub(super) means: &'a str,
}

/// The note that tells it; it takes the focus.
pub(super) fn note(test: &FailedTest<'_>) -> Markup {
    let class = test.class.map(ErrorClass::as_str);
    html! {
        div.note.bad.stack-s role="alert" tabindex="-1" autofocus {
            p {
                b { (outside(test.to)) " " (happened(test.class)) } " "
                (answer_code(test.response_status.map(i32::from), class)) " "
                span.break { (outside(&sentence(&cut(test.error, ERROR_CHARS_MAX)))) }
            }
            p { b { "What it means. " } (test.means) }
            p { b { "What to do. " } (remedy(test.kind, test.class)) }
            @if let Some(excerpt) = test.excerpt.filter(|it| !it.is_empty()) {
                details.more { summary { "What it answered" } (payload::body(excerpt.as_bytes())) }
            }
        }
    }
}

const fn happened(class: Option<ErrorClass>) -> &'static str {
    match class {
        Some(ErrorClass::Dns) => "could not be found.",
        Some(ErrorClass::Address) => "may not be called.",
        Some(ErrorClass::Connect) => "could not be reached.",
        Some(ErrorClass::Tls) => "showed no certificate that can be trusted.",
        Some(ErrorClass::Timeout) => "did not answer in time.",
        Some(ErrorClass::Reset) => "broke the connection off.",
        Some(ErrorClass::Garbage) => "answered what cannot be read.",
        Some(ErrorClass::Redirect) => "sent the call elsewhere.",
        Some(ErrorClass::RateLimited) => "is called too often.",
        Some(ErrorClass::Gone) => "says that nobody is there any more.",
        Some(ErrorClass::Credentials) => "does not take these credentials.",
        Some(ErrorClass::Refused) => "refused the test.",
        Some(ErrorClass::ServerError) => "failed.",
        Some(ErrorClass::Rendering) => "was sent nothing: the sample could not be made.",
        Some(ErrorClass::Internal) | None => "was not called.",
    }
}

fn remedy(kind: ConnectionKind, class: Option<ErrorClass>) -> Markup {
    let what = match class {
        Some(ErrorClass::Dns) => "Compare the host in the URL with what the provider shows.",
        Some(ErrorClass::Address) => {
            "Give a public HTTPS address; private ones an operator allows by HOOKYARD_OUTBOUND_ALLOW."
        }
        Some(ErrorClass::Connect) => {
            "See that the endpoint runs and that its firewall lets Hookyard in, and try again."
        }
        Some(ErrorClass::Tls) => "Give the endpoint a certificate of its own name, and try again.",
        Some(ErrorClass::Timeout | ErrorClass::Reset | ErrorClass::Garbage) => {
            "Let the endpoint answer first and work afterwards, and try again."
        }
        Some(ErrorClass::Redirect) => "Give the URL that it leads to: redirects are not followed.",
        Some(ErrorClass::RateLimited) => "Wait a minute, and try again.",
        Some(ErrorClass::Gone | ErrorClass::Credentials) => {
            "Make a new URL with the provider, and give that one."
        }
        Some(ErrorClass::Refused) => {
            "Look at what it answered, correct the URL or the endpoint, and try again."
        }
        Some(ErrorClass::ServerError) => "Look at the endpoint's own log, and try again.",
        Some(ErrorClass::Rendering | ErrorClass::Internal) | None => {
            "Ask an operator: the log of the admin process says more."
        }
    };
    let (words, docs) = kinds::of(kind).docs;
    html! { (what) " " a href=(docs) rel="noreferrer" { (words) } "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_says_stays_text() {
        let told = note(&FailedTest {
            kind: ConnectionKind::Webhook,
            to: "<b>host",
            class: Some(ErrorClass::Refused),
            error: "it said <script>alert(1)</script>",
            response_status: Some(422),
            excerpt: Some("</pre><img src=x onerror=alert(1)>"),
            means: "Nothing was saved.",
        })
        .into_string();
        assert!(!told.contains("<script") && !told.contains("<img") && !told.contains("<b>host"));
        assert!(told.contains("422") && told.contains("What to do."), "{told}");
    }
}
