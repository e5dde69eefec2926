//! Discord's Markdown, and text that is not to be understood as such.
//!
//! A backslash before a punctuation mark makes it text. `<` begins mentions and emoji, `@` the mention of everyone,
//! `:` ends the scheme of a bare URL, `[` and `(` begin masked links, `#`, `-`, `+` and `>` begin headings, lists and
//! quotations, the others format.

const MARKS: &str = r"\*_~`|<>@#:[]()-+";

/// Text that stays text, at most `max` units of UTF-16 long.
pub(crate) fn escape(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut used = 0;
    for c in text.chars() {
        let is_mark = MARKS.contains(c);
        used += c.len_utf16() + usize::from(is_mark);
        if used > max {
            break;
        }
        if is_mark {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
