//! Discord's Markdown, and text that is not to be understood as such.
//!
//! A backslash before a punctuation mark makes it text. `<` begins mentions and emoji, `@` the mention of everyone,
//! `:` ends the scheme of a bare URL, `[` and `(` begin masked links, `#`, `-`, `+` and `>` begin headings, lists and
//! quotations, the others format. A number with a point at the beginning of a line begins a list, too.

const MARKS: &str = r"\*_~`|<>@#:[]()-+";

/// Text that stays text, at most `max` units of UTF-16 long.
pub(crate) fn escape(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut used = 0;
    let mut place = Place::Beginning;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_number = c == '.' && place == Place::Number;
        let is_mark = MARKS.contains(c)
            || (ends_number && chars.peek().is_none_or(|next| next.is_whitespace()));
        used += c.len_utf16() + usize::from(is_mark);
        if used > max {
            break;
        }
        if is_mark {
            out.push('\\');
        }
        out.push(c);
        place = place.after(c);
    }
    out
}

/// Where in its line a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing but white space is before it.
    Beginning,
    /// Nothing but a number is before it.
    Number,
    Within,
}

impl Place {
    fn after(self, c: char) -> Self {
        match (self, c) {
            (_, '\n') => Self::Beginning,
            (Self::Beginning, c) if c.is_whitespace() => Self::Beginning,
            (Self::Beginning | Self::Number, '0'..='9') => Self::Number,
            _ => Self::Within,
        }
    }
}
