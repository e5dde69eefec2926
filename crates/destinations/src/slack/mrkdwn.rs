//! Slack's markup, `mrkdwn`, and text that is not to be understood as such.
//!
//! `&`, `<` and `>` are the control characters: mentions, links and dates all begin with `<`. As entities they are
//! text. Formatting (`*`, `_`, `~` and the grave accent) has no escape; where its signs could act, which is beside
//! anything but letters and digits, signs that look alike stand for them.

/// Text without control characters, at most `max` units of UTF-16 long.
pub(crate) fn escape(text: &str, max: usize) -> String {
    within(text, max, |c, _, _| match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        c => c.into(),
    })
}

/// Text that stays text inside of markup, in one line.
pub(crate) fn escape_title(text: &str, max: usize) -> String {
    within(text, max, |c, before, after| match c {
        '\n' | '\t' => ' '.into(),
        c => neutral(c, before, after),
    })
}

/// A value in a template's text.
pub(crate) fn escape_value(text: &str) -> String {
    within(text, usize::MAX, neutral)
}

fn neutral(c: char, before: Option<char>, after: Option<char>) -> Piece {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let acts = !(inside(before) && inside(after));
    match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        // At the beginning of a line it would make a quotation, also as an entity.
        '>' if matches!(before, None | Some('\n')) => "\u{200b}&gt;".into(),
        '>' => "&gt;".into(),
        '`' => 'ˋ'.into(),
        '*' if acts => '∗'.into(),
        '_' if acts => '＿'.into(),
        '~' if acts => '∼'.into(),
        c => c.into(),
    }
}

enum Piece {
    Char(char),
    Text(&'static str),
}

impl From<char> for Piece {
    fn from(c: char) -> Self {
        Self::Char(c)
    }
}

impl From<&'static str> for Piece {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

fn within(
    text: &str,
    max: usize,
    piece: impl Fn(char, Option<char>, Option<char>) -> Piece,
) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut used, mut before) = (0, None);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let piece = piece(c, before, chars.peek().copied());
        let units = match &piece {
            Piece::Char(c) => c.len_utf16(),
            Piece::Text(text) => text.encode_utf16().count(),
        };
        used += units;
        if used > max {
            break;
        }
        match piece {
            Piece::Char(c) => out.push(c),
            Piece::Text(text) => out.push_str(text),
        }
        before = Some(c);
    }
    out
}
