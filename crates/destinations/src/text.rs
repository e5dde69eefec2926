//! Text from payloads, made fit for messages.

use jiff::Timestamp;

/// What a cut text ends with.
const CUT_MARK: &str = "...";

/// At most `chars_max` characters, plus `...` if something was cut.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}{CUT_MARK}", &text[..end]),
    }
}

/// At most `chars_max` characters in all, the last three of them `...` if something was cut.
pub(crate) fn cut_within(text: &str, chars_max: usize) -> String {
    if text.chars().nth(chars_max).is_none() {
        text.to_owned()
    } else {
        cut(text, chars_max.saturating_sub(CUT_MARK.len()))
    }
}

/// The beginning of a text that is at most `max` units of UTF-16 long, which is how providers may count.
pub(crate) fn within_units(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (start, c) in text.char_indices() {
        used += c.len_utf16();
        if used > max {
            return &text[..start];
        }
    }
    text
}

/// The text without control characters and without those that change the direction of what follows, which make a
/// message show something else than it says. Line breaks and tabs stay.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).collect()
}

/// As [`plain`], in one line.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_hidden(c: char) -> bool {
    let is_break = matches!(c, '\n' | '\t');
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && !is_break) || turns
}

/// A time as receivers get it, to the millisecond: the form that JavaScript writes.
pub(crate) fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The URL of a link, if it is one to the web. No character of it ends a link in any markup.
pub(crate) fn link(text: &str) -> Option<String> {
    /// Longer ones are no use in a message.
    const LINK_BYTES_MAX: usize = 1000;

    let url: url::Url = text.trim().parse().ok()?;
    let is_web = matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    let mut link = String::with_capacity(url.as_str().len());
    for c in url.as_str().chars() {
        match c {
            '<' | '>' | '|' | '"' | '\'' | '(' | ')' | '[' | ']' | '`' | '\\' | '*' => {
                use std::fmt::Write as _;
                write!(link, "%{:02X}", u32::from(c)).expect("a string takes every text");
            }
            c => link.push(c),
        }
    }
    (is_web && link.len() <= LINK_BYTES_MAX).then_some(link)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_is_not_cut() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äöü...");
        assert_eq!(cut_within("äöüßé", 4), "ä...");
        assert_eq!(cut_within("äöüß", 4), "äöüß");
    }

    #[test]
    fn only_web_links_are_links() {
        assert_eq!(link("https://a.example/x|y>").as_deref(), Some("https://a.example/x%7Cy%3E"));
        for text in ["javascript:alert(1)", "/relative", "https://u@a.example/", "slack://open"] {
            assert_eq!(link(text), None, "{text}");
        }
    }

    #[test]
    fn text_cannot_turn_its_direction() {
        assert_eq!(one_line("a\u{202e}b\n\tc\u{0}\u{61c}"), "ab c");
    }

    proptest! {
        #[test]
        fn a_cut_text_is_no_longer_than_it_may_be(text: String, max in 3usize..50) {
            prop_assert!(cut(&text, max).chars().count() <= max + 3);
            prop_assert!(cut_within(&text, max).chars().count() <= max);
        }

        #[test]
        fn a_link_ends_no_markup(text in "https://a.example/.*") {
            if let Some(link) = link(&text) {
                let opens = |c: char| "<>|\"'()[]`\\* ".contains(c);
                prop_assert!(!link.contains(opens), "{}", link);
            }
        }
    }
}
