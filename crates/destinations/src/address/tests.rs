use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn policy(allow: &str) -> AddressPolicy {
    AddressPolicy::new(allow.parse().unwrap())
}

fn is_refused(url: &str) -> bool {
    policy("").check_url(&url.parse().unwrap()).is_err()
}

#[test]
fn every_way_to_write_an_inner_address_is_refused() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://①②⑦.0.0.1/",
        "https://0/",
        "https://10.0.0.8:8443/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:1::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[4000::1]/",
    ] {
        assert!(is_refused(url), "{url}");
    }
}

#[test]
fn names_of_this_machine_and_network_are_refused() {
    for url in [
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
    ] {
        assert!(is_refused(url), "{url}");
    }
    assert!(!is_refused("https://notlocalhost.example/"));
    assert!(!is_refused("https://internal.example/"));
}

#[test]
fn public_addresses_are_called_by_https_only() {
    assert!(!is_refused("https://93.184.215.14/"));
    assert!(!is_refused("https://[2606:4700::1111]/"));
    assert_eq!(
        policy("").check_url(&"http://example.com/".parse().unwrap()),
        Err(AddressRefused::NotHttps)
    );
    assert_eq!(
        policy("").check_url(&"ftp://example.com/".parse().unwrap()),
        Err(AddressRefused::NotHttps)
    );
}

#[test]
fn an_allow_list_opens_its_networks_also_for_plain_http() {
    let policy = policy("127.0.0.0/8,10.1.0.0/16");
    let check = |url: &str| policy.check_url(&url.parse().unwrap());
    assert_eq!(check("http://127.0.0.1:9000/x"), Ok(()));
    assert_eq!(check("http://localhost:9000/x"), Ok(()));
    assert_eq!(check("https://10.1.2.3/"), Ok(()));
    assert_eq!(check("http://receiver:9000/"), Ok(()), "its addresses will tell");
    assert_eq!(check("http://93.184.215.14/"), Err(AddressRefused::NotHttps));
    assert!(check("https://10.2.0.1/").is_err());
    assert!(check("https://[::1]/").is_err());
}

#[test]
fn the_reason_names_the_range() {
    let refused = policy("").check("169.254.169.254".parse().unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "169.254.169.254 may not be called: cloud metadata");
}

#[tokio::test]
async fn a_name_that_resolves_to_an_inner_address_is_refused() {
    let resolver = Resolver::new(policy(""), Reach::Everything);
    let refused = resolver.addresses("localhost").await.unwrap_err();
    assert!(matches!(refused, ResolveError::Refused(AddressRefused::NotPublic { .. })));

    let allowed = Resolver::new(policy("127.0.0.0/8,::1"), Reach::AllowList);
    let addresses = allowed.addresses("localhost").await.unwrap();
    assert!(addresses.iter().all(|address| address.ip().is_loopback()));
}

/// What the standard library knows of special addresses; it knows fewer than the table.
fn is_special(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_unspecified()
}

proptest! {
    #[test]
    fn what_the_standard_library_calls_special_is_refused(bits: u32) {
        let address = Ipv4Addr::from(bits);
        if is_special(address) {
            prop_assert!(policy("").check(address.into()).is_err());
        }
    }

    #[test]
    fn no_ipv6_form_carries_an_ipv4_address_past_the_check(bits: u32) {
        let [a, b, c, d] = bits.to_be_bytes();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        for form in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 0),
            Ipv6Addr::new(0x2001, 0, high, low, 0, 0, 0, 0),
        ] {
            prop_assert!(policy("").check(form.into()).is_err(), "{form}");
        }
    }

    #[test]
    fn ipv6_outside_of_global_unicast_is_refused(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if address.segments()[0] >> 13 != 1 {
            prop_assert!(policy("").check(address.into()).is_err());
        }
    }

    #[test]
    fn a_number_for_a_host_is_judged_as_the_address_that_it_is(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let url: Url = format!("https://{bits}/").parse().unwrap();
        prop_assert_eq!(
            policy("").check_url(&url).is_ok(),
            policy("").check(address.into()).is_ok()
        );
    }
}
