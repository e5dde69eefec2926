//! Tenants and the names they go by.

/// What a workspace has paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Plan {
    Free,
    Starter,
    #[default]
    Professional,
}

crate::names!(Plan, "plan", { Free => "free", Starter => "starter", Professional => "professional" });

impl Plan {
    /// Why a workspace of this plan has no integrations, if so: in the words that featul's users know.
    pub const fn no_integrations(self) -> Option<&'static str> {
        match self {
            Self::Free => Some("Integrations are available on Starter or Professional plans"),
            Self::Starter | Self::Professional => None,
        }
    }
}

/// A label that is safe in a URL and a shell: 1 to 63 of `a-z`, `0-9`, `-`, starting with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slug(String);

/// A text that is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a slug: use 1 to 63 of a-z, 0-9 and -, starting with a letter or a digit")]
pub struct InvalidSlug(String);

impl Slug {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(value: &str) -> Result<Self, InvalidSlug> {
        /// The longest slug, in bytes (a DNS label's length).
        const SLUG_BYTES_MAX: usize = 63;
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let bytes = value.as_bytes();
        if (1..=SLUG_BYTES_MAX).contains(&bytes.len())
            && bytes[0] != b'-'
            && bytes.iter().copied().all(allowed)
        {
            Ok(Self(value.to_owned()))
        } else {
            Err(InvalidSlug(value.chars().take(SLUG_BYTES_MAX + 1).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_url_safe_labels() {
        for good in ["a", "demo", "team-7", "0day"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a b", "a/b", "ä", &"x".repeat(64)] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }
}
