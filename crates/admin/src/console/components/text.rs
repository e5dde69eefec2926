//! Words, numbers, and text from outside.

use std::borrow::Cow;

use maud::{Markup, html};

/// How many characters of a commit's name a list shows, as git does.
const SHORT_SHA_CHARS: usize = 7;

/// A number in groups of three: `1,284`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 sync`, `1,284 syncs`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A size: `312 B`, `11.4 KiB`.
pub fn bytes(size: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    let tenths = |unit: u64, name: &str| {
        let tenths = size.saturating_mul(10) / unit;
        format!("{}.{} {name}", grouped(tenths / 10), tenths % 10)
    };
    match size {
        0..KIB => format!("{size} B"),
        KIB..MIB => tenths(KIB, "KiB"),
        MIB.. => tenths(MIB, "MiB"),
    }
}

/// The first characters of a text, and an ellipsis where there was more. Characters, so that none is torn.
pub fn cut(text: &str, chars_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Text from outside: escaped, and its direction kept to itself.
pub fn outside(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// Text from outside, cut; the whole of it is the element's title.
pub fn outside_cut(text: &str, chars_max: usize) -> Markup {
    match cut(text, chars_max) {
        Cow::Borrowed(whole) => outside(whole),
        Cow::Owned(start) => html! { bdi title=(text) { (start) } },
    }
}

/// A machine's word from outside, such as a path.
pub fn code(text: &str) -> Markup {
    html! { code { bdi { (text) } } }
}

/// What can be selected whole with one click.
pub fn id(text: &str) -> Markup {
    html! { span.mono.id { (text) } }
}

/// A commit's name as lists show it.
pub fn short_sha(sha: &str) -> Cow<'_, str> {
    match sha.char_indices().nth(SHORT_SHA_CHARS) {
        None => Cow::Borrowed(sha),
        Some((end, _)) => Cow::Borrowed(&sha[..end]),
    }
}

/// Where people see repositories.
pub const GITHUB_WEB: &str = "https://github.com";

/// A commit, linked to where GitHub shows it. No link where the repository or commit has not the form of one: a link
/// is only ever built of what was checked.
pub fn commit(github_web: &str, repository: &str, sha: &str) -> Markup {
    let is_sha = sha.len() >= SHORT_SHA_CHARS && sha.bytes().all(|c| c.is_ascii_hexdigit());
    let is_repository = repository.parse::<hookyard_domain::target::RepositoryFullName>().is_ok();
    html! {
        @if is_sha && is_repository {
            a.mono href={ (github_web) "/" (repository) "/commit/" (sha) } rel="noreferrer" {
                (short_sha(sha)) span.vh { " on GitHub" }
            }
        } @else {
            span.mono { bdi { (short_sha(sha)) } }
        }
    }
}

/// A branch as people say it: without `refs/heads/`.
pub fn branch(git_ref: &str) -> &str {
    git_ref.strip_prefix("refs/heads/").unwrap_or(git_ref)
}

/// What stands where there is nothing to say.
pub fn nothing() -> Markup {
    html! { span.dim { "–" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "sync", "syncs"), "1 sync");
        assert_eq!(counted(0, "sync", "syncs"), "0 syncs");
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (11_674, "11.4 KiB"),
            (1 << 20, "1.0 MiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("añb", 3), "añb");
        assert_eq!(cut("añb", 2), "añ…");
        assert_eq!(outside_cut("añb", 2).into_string(), r#"<bdi title="añb">añ…</bdi>"#);
    }

    #[test]
    fn text_from_outside_is_escaped_and_isolated() {
        let hostile = "</bdi><script>alert(1)</script>\u{202e}";
        let shown = outside(hostile).into_string();
        assert!(shown.starts_with("<bdi>&lt;/bdi&gt;&lt;script&gt;"), "{shown}");
        assert_eq!(shown.matches("<bdi>").count(), 1);
        assert_eq!(outside_cut(&hostile.repeat(9), 5).into_string().matches('<').count(), 2);
    }

    #[test]
    fn only_what_has_the_form_of_a_commit_is_linked() {
        let sha = "612dd272d1371c17149d439536b3216fdaeeb975";
        let web = "https://github.com";
        let linked = commit(web, "acme/skills", sha).into_string();
        assert!(linked.contains(&format!("href=\"{web}/acme/skills/commit/{sha}\"")), "{linked}");
        for (repository, sha) in
            [("acme/skills", "../../evil"), ("javascript:alert(1)", sha), ("acme/skills", "")]
        {
            assert!(!commit(web, repository, sha).into_string().contains("href"));
        }
    }
}
