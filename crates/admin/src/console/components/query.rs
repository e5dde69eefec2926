//! The query of a page's address: which view it is. Equal views have equal addresses.

use url::form_urlencoded::Serializer;

/// The parameters of a view, in the order in which a page states them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// The view with this parameter; an empty value drops it.
    #[must_use]
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        let mut pairs = self.0.clone();
        match pairs.iter().position(|(known, _)| *known == name) {
            Some(index) if value.is_empty() => drop(pairs.remove(index)),
            Some(index) => pairs[index].1 = value,
            None if value.is_empty() => {}
            None => pairs.push((name, value)),
        }
        Self(pairs)
    }

    /// The view without this parameter.
    #[must_use]
    pub fn without(&self, name: &'static str) -> Self {
        self.with(name, "")
    }

    /// The view with all parameters of another one, too.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        other.0.iter().fold(self.clone(), |query, (name, value)| query.with(name, value.as_str()))
    }

    /// The address of this view of the page at `path`.
    pub fn href(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", self.encoded())
    }

    /// The parameters, ready for an address.
    pub fn encoded(&self) -> String {
        let mut out = Serializer::new(String::new());
        out.extend_pairs(&self.0);
        // Commas join the values of one parameter, and are allowed as they are (RFC 3986, 3.4).
        out.finish().replace("%2C", ",").replace("%3A", ":")
    }

    /// Its value, if the view has it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// All parameters, for the hidden fields of a form.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_one_address_without_what_is_empty() {
        let view = Query::new().with("status", "partial,failed").with("q", "").with("since", "7d");
        assert_eq!(
            view.href("/w/acme/sync-events"),
            "/w/acme/sync-events?status=partial,failed&since=7d"
        );
        assert_eq!(view.with("status", "failed").encoded(), "status=failed&since=7d");
        assert_eq!(view.without("since").without("status").href("/x"), "/x");
        assert_eq!(Query::new().with("q", "a b&c=d").encoded(), "q=a+b%26c%3Dd");
    }
}
