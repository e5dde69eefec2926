use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The most networks of one allow-list.
const NETWORKS_MAX: usize = 100;

/// Networks that may be called although they are not public, and by plain HTTP: `HOOKYARD_OUTBOUND_ALLOW`.
///
/// Written as networks or single addresses, separated by commas: `10.1.0.0/16, 192.168.7.5, fd12::/64`. Empty by
/// default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboundAllow(Vec<IpNet>);

/// A text that is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAllowList {
    /// One of its entries is neither a network nor an address.
    #[error("{0:?} is neither a network such as 10.1.0.0/16 nor an address")]
    Network(String),
    /// More entries than [`OutboundAllow`] takes.
    #[error("more than {NETWORKS_MAX} networks")]
    TooMany,
}

impl OutboundAllow {
    /// Whether the list names nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address lies in one of the networks; an IPv4-mapped address counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for OutboundAllow {
    type Err = InvalidAllowList;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let networks = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(network)
            .collect::<Result<Vec<_>, _>>()?;
        if networks.len() > NETWORKS_MAX {
            return Err(InvalidAllowList::TooMany);
        }
        Ok(Self(networks))
    }
}

fn network(entry: &str) -> Result<IpNet, InvalidAllowList> {
    entry
        .parse::<IpNet>()
        .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| InvalidAllowList::Network(entry.to_owned()))
}

impl fmt::Display for OutboundAllow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{network}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_read_and_written() {
        let allow: OutboundAllow = " 10.1.0.0/16, 192.168.7.5 ,fd12::/64,".parse().unwrap();
        assert_eq!(allow.to_string(), "10.1.0.0/16,192.168.7.5/32,fd12::/64");
        assert!(allow.contains("10.1.255.1".parse().unwrap()));
        assert!(allow.contains("::ffff:192.168.7.5".parse().unwrap()));
        assert!(!allow.contains("192.168.7.6".parse().unwrap()));
        assert!("".parse::<OutboundAllow>().unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        let error = "10.0.0.0/8,intranet".parse::<OutboundAllow>().unwrap_err();
        assert!(error.to_string().contains("\"intranet\""), "{error}");
        assert!("10.0.0.0/33".parse::<OutboundAllow>().is_err());
    }
}
