//! What a person types to find a sync event.

use hookyard_domain::target::RepositoryFullName;

/// A commit by its first characters: fewer are too many commits.
const SHA_CHARS_MIN: usize = 7;
/// The characters of a whole SHA-256 object id.
const SHA_CHARS_MAX: usize = 64;

/// A text to find sync events by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// A delivery id, or the first characters of the announced or the applied commit.
    DeliveryOrCommit(String),
    /// A delivery id.
    Delivery(String),
    /// All targets of a repository, whatever it was called when they were synced.
    Repository(RepositoryFullName),
}

impl Search {
    /// Understands `owner/name` as a repository, 7 to 64 hexadecimal digits as a commit or a delivery, and anything
    /// else as a delivery.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Ok(repository) = text.parse() {
            return Self::Repository(repository);
        }
        let hex = text.bytes().all(|c| c.is_ascii_hexdigit());
        if hex && (SHA_CHARS_MIN..=SHA_CHARS_MAX).contains(&text.len()) {
            return Self::DeliveryOrCommit(text.to_owned());
        }
        Self::Delivery(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_searched_as_what_it_looks_like() {
        let repository = Search::Repository("octo/skills".parse().unwrap());
        assert_eq!(Search::parse(" octo/skills "), repository);
        assert_eq!(Search::parse("0a1b2c3"), Search::DeliveryOrCommit("0a1b2c3".to_owned()));
        for delivery in ["0a1b2c", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "octo/", "%"] {
            assert_eq!(Search::parse(delivery), Search::Delivery(delivery.to_owned()));
        }
    }
}
