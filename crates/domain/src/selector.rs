//! Path selectors: which files of a repository a mapping brings in.

use globset::{GlobBuilder, GlobMatcher};

/// A glob over repository paths, such as `skills/**`, `.claude/agents/*.md` or `.mcp.json`.
///
/// `*` and `?` stay within a folder, `**` crosses folders, `[...]` and `{a,b}` choose; a leading `/`
/// is dropped. Matching is case-sensitive, as Git's paths are.
#[derive(Debug, Clone)]
pub struct Selector {
    text: String,
    matcher: GlobMatcher,
}

/// A text that is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSelector {
    #[error("a selector is 1 to {SELECTOR_BYTES_MAX} bytes of text without control characters")]
    Shape,
    #[error("the selector does not parse: {0}")]
    Glob(#[from] globset::Error),
}

/// The longest selector, in bytes.
pub const SELECTOR_BYTES_MAX: usize = 512;

impl Selector {
    /// The text it was made of.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it selects the file at `path`, which is relative to the repository's root.
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }
}

impl std::str::FromStr for Selector {
    type Err = InvalidSelector;

    fn from_str(value: &str) -> Result<Self, InvalidSelector> {
        let text = value.strip_prefix('/').unwrap_or(value);
        if text.is_empty() || text.len() > SELECTOR_BYTES_MAX || text.chars().any(char::is_control)
        {
            return Err(InvalidSelector::Shape);
        }
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build()?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, path: &str) -> bool {
        selector.parse::<Selector>().unwrap().matches(path)
    }

    #[test]
    fn two_stars_cross_folders_and_one_does_not() {
        assert!(selects("skills/**", "skills/a/SKILL.md"));
        assert!(selects("/skills/**", "skills/top.md"));
        assert!(!selects("skills/**", "other/skills/a.md"));
        assert!(selects("agents/*.md", "agents/a.md"));
        assert!(!selects("agents/*.md", "agents/deep/a.md"));
        assert!(selects(".mcp.json", ".mcp.json"));
        assert!(!selects("Skills/**", "skills/a.md"));
    }

    #[test]
    fn odd_paths_are_only_text() {
        assert!(selects("skills/**", "skills/with space/\u{1f680} \"quoted\".md"));
        assert!(selects("skills/\\[x\\].md", "skills/[x].md"));
    }

    #[test]
    fn a_broken_selector_is_refused_with_the_place() {
        let error = "skills/[a".parse::<Selector>().unwrap_err();
        assert!(error.to_string().contains("does not parse"), "{error}");
        assert!("".parse::<Selector>().is_err());
        assert!("/".parse::<Selector>().is_err());
        assert!("a\nb".parse::<Selector>().is_err());
    }
}
