use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;

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

/// What a name leads to in these tests: its labels are addresses, written with dashes.
fn labels(name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + '_>> {
    let address = |label: &str| Some(SocketAddr::new(label.replace('-', ".").parse().ok()?, 0));
    Box::pin(async move { Ok(name.split('.').filter_map(address).collect()) })
}

async fn resolve(allow: &str, reach: Reach, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
    let found = Resolver::new(policy(allow), reach, labels).addresses(name).await?;
    Ok(found.into_iter().map(|address| address.ip()).collect())
}

#[tokio::test]
async fn of_a_names_addresses_the_public_ones_are_called() {
    let found = resolve("", Reach::Everything, "10-0-0-8.93-184-215-14.example").await.unwrap();
    assert_eq!(found, ["93.184.215.14".parse::<IpAddr>().unwrap()]);
}

#[tokio::test]
async fn whoever_names_an_inner_address_is_not_told_it() {
    for reach in [Reach::Everything, Reach::AllowList] {
        let refused = resolve("10.1.0.0/16", reach, "10-0-0-8.example").await.unwrap_err();
        assert!(matches!(refused, ResolveError::NotPublic), "{refused}");
        assert_eq!(refused.to_string(), "the name leads to no address that may be called");
    }
}

#[tokio::test]
async fn plain_http_reaches_no_public_address_by_name() {
    let refused =
        resolve("10.0.0.0/8", Reach::AllowList, "93-184-215-14.example").await.unwrap_err();
    assert!(matches!(refused, ResolveError::NotHttps(_)), "{refused}");

    let both = "93-184-215-14.10-0-0-8.example";
    let found = resolve("10.0.0.0/8", Reach::AllowList, both).await.unwrap();
    assert_eq!(found, ["10.0.0.8".parse::<IpAddr>().unwrap()]);
}

#[tokio::test]
async fn the_system_knows_this_machine_by_its_name() {
    let allowed = Resolver::new(policy("127.0.0.0/8,::1"), Reach::AllowList, system);
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
