//! The addresses that are not called, and why.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;

/// Networks that hold no public service, by the registries of special-purpose addresses of the IANA (RFC 6890), and
/// metadata services of clouds. The first that contains an address names the reason: the narrow ones come first.
///
/// docs/integrations/addresses.md has the same table; a test compares them.
pub const REFUSED: &[(&str, &str)] = &[
    ("169.254.169.254/32", "cloud metadata"),
    ("100.100.100.200/32", "cloud metadata"),
    ("168.63.129.16/32", "cloud metadata"),
    ("192.0.0.192/32", "cloud metadata"),
    ("fd00:ec2::254/128", "cloud metadata"),
    ("fd20:ce::254/128", "cloud metadata"),
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::ffff:0:0/96", "IPv4-mapped"),
    ("::/96", "IPv4-compatible"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "local NAT64"),
    ("100::/64", "discard-only"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "benchmarking"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];

/// The only block of IPv6 that is handed out for public use.
const GLOBAL_UNICAST: &str = "2000::/3";

static NETWORKS: LazyLock<Vec<(IpNet, &'static str)>> =
    LazyLock::new(|| REFUSED.iter().map(|(text, why)| (network(text), *why)).collect());

static PUBLIC_V6: LazyLock<IpNet> = LazyLock::new(|| network(GLOBAL_UNICAST));

fn network(text: &str) -> IpNet {
    text.parse().expect("the networks above are well-formed")
}

/// Why an address is not public; `None` if it is.
pub(crate) fn why_not_public(address: IpAddr) -> Option<&'static str> {
    let listed = NETWORKS.iter().find(|(network, _)| network.contains(&address));
    let reserved = address.is_ipv6() && !PUBLIC_V6.contains(&address);
    listed.map(|(_, why)| *why).or(reserved.then_some("reserved"))
}
