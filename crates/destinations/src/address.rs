//! Which addresses may be called.
//!
//! A URL comes from a user, and the answer to it is shown to that user: without this check Hookyard would fetch for
//! anybody what only its own network may see. It is made for literal addresses when a URL is saved and before each
//! request, and for names in the resolver of the client itself, so that what was checked is what is dialled.

mod ranges;
mod resolver;

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::OutboundAllow;

pub use ranges::REFUSED;
pub(crate) use ranges::why_not_public;
pub(crate) use resolver::{Lookup, Reach, ResolveError, Resolver, system};

/// Names that mean this machine or this network wherever they are asked (RFC 6761, RFC 6762, RFC 8375, RFC 9476 and
/// the private-use name `internal`).
const LOCAL_NAMES: [&str; 6] =
    ["localhost", "localdomain", "local", "home.arpa", "internal", "alt"];

/// Public addresses, and those of an allow-list.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allow: OutboundAllow,
}

/// Why an address or a name is not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefused {
    /// An address that is not public.
    #[error("{address} may not be called: {why}")]
    NotPublic {
        /// The address, as it was given.
        address: IpAddr,
        /// The range it lies in.
        why: &'static str,
    },
    /// A name of this machine or network.
    #[error("{0} may not be called: it names this machine or network")]
    LocalName(String),
    /// Plain HTTP to an address outside of the allow-list.
    #[error("only https:// may be called")]
    NotHttps,
}

impl AddressPolicy {
    /// Public addresses and those of `allow`.
    pub fn new(allow: OutboundAllow) -> Self {
        Self { allow }
    }

    /// Whether an address may be called.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        if self.is_allowed_by_list(address) {
            return Ok(());
        }
        match why_not_public(address) {
            None => Ok(()),
            Some(why) => Err(AddressRefused::NotPublic { address, why }),
        }
    }

    /// Whether the allow-list names the address.
    pub fn is_allowed_by_list(&self, address: IpAddr) -> bool {
        self.allow.contains(address)
    }

    /// Checks what can be known of a URL without asking for its name's addresses: scheme and literal host. The `url`
    /// crate has turned decimal, octal and hexadecimal forms of IPv4 into addresses before.
    ///
    /// With an allow-list, a name may be meant for it, also over plain HTTP: whether it is, its addresses tell.
    pub fn check_url(&self, url: &Url) -> Result<(), AddressRefused> {
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) => self.check_name(name)?,
            None => None,
        };
        if let Some(address) = literal {
            self.check(address)?;
        }
        let may_be_plain =
            literal.map_or(!self.allow.is_empty(), |address| self.is_allowed_by_list(address));
        if url.scheme() == "https" || (url.scheme() == "http" && may_be_plain) {
            Ok(())
        } else {
            Err(AddressRefused::NotHttps)
        }
    }

    /// Refuses local names; answers the address that a name has by definition.
    fn check_name(&self, name: &str) -> Result<Option<IpAddr>, AddressRefused> {
        let name = name.trim_end_matches('.');
        let is_in = |local: &str| {
            name.strip_suffix(local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if is_in("localhost") && !self.allow.is_empty() {
            return Ok(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        if self.allow.is_empty() && LOCAL_NAMES.iter().any(|local| is_in(local)) {
            return Err(AddressRefused::LocalName(name.to_owned()));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
