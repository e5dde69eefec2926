//! Signing in: by a token, or by a link that works once.

use maud::{Markup, html};

use crate::console::components::icons::{Icon, icon};
use crate::console::frame::{Theme, door};

/// The form that asks for a token. `error` is one sentence, whatever is wrong with the token that was tried.
pub fn view(theme: Theme, next: Option<&str>, error: Option<&str>) -> Markup {
    let body = html! {
        form.stack-s method="post" action="/sign-in" {
            h1 { "Sign in" }
            p.answer.small {
                "With a token of your workspace. You stay signed in on this browser for 12 hours; the token itself is \
                 not kept in it."
            }
            @if let Some(next) = next { input type="hidden" name="next" value=(next); }
            div.field {
                label for="token" { "Token" }
                input #token name="token" type="password" autocomplete="current-password" spellcheck="false"
                    placeholder="hky_…" required autofocus maxlength="200" aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[error.map(|_| "token-error")];
                @if let Some(error) = error {
                    span.err #token-error role="alert" { (icon(Icon::Octagon)) (error) }
                }
            }
            button.btn.primary { "Sign in" }
        }
        details.more {
            summary { "I have no token" }
            p.small.dim { "Ask an owner or an admin of your workspace, or on the machine that runs Hookyard:" }
            pre tabindex="0" aria-label="Command" {
                code { "hookyard-admin token create \\\n  --workspace <slug> --member <name>" }
            }
        }
    };
    door("Sign in", theme, &body)
}

/// The page of a link: one button, so that a preview of the link cannot use it up. `path` is the link's own.
pub fn link_view(theme: Theme, path: &str) -> Markup {
    let body = html! {
        form.stack-s method="post" action=(path) {
            h1 { "Sign in" }
            p.answer.small { "This link works once, and for ten minutes." }
            button.btn.primary autofocus { "Sign in" }
        }
    };
    door("Sign in", theme, &body)
}

/// What a link says that signs nobody in.
pub fn used_link_view(theme: Theme) -> Markup {
    let body = html! {
        div.stack-s {
            h1 { "This link signs nobody in" }
            p.answer.small { "It was used, or its ten minutes are over. Ask for a new one, or use a token." }
            a.btn.primary href="/sign-in" { "Sign in with a token" }
        }
    };
    door("Sign in", theme, &body)
}

/// Where a browser goes after signing in: a path of this console, whatever was asked for. Anything that a browser may
/// read as another host is none.
pub fn local_path(next: &str) -> Option<&str> {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|c| c.is_ascii_graphic() && c != b'\\');
    local.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for next in ["/w/acme/sync-events?status=failed", "/", "/w/a//b"] {
            assert_eq!(local_path(next), Some(next));
        }
        for next in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil",
            "",
            "/a\r\nb",
            "/\t/evil",
        ] {
            assert_eq!(local_path(next), None, "{next:?}");
        }
    }

    #[test]
    fn the_door_says_one_thing_and_shows_no_token() {
        let shown = view(
            Theme::System,
            Some("/w/acme/\"><script>"),
            Some("That token does not open the console."),
        )
        .into_string();
        assert!(shown.contains("role=\"alert\""), "{shown}");
        assert!(!shown.contains("\"><script>"));
        assert!(shown.contains("type=\"password\""));
    }
}
