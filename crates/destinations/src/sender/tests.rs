use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use http::{HeaderMap, Method};
use tokio::net::TcpListener;

use super::*;

/// Every name leads to this machine.
fn here(_: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + '_>> {
    Box::pin(async { Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]) })
}

fn never(_: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + '_>> {
    Box::pin(std::future::pending())
}

fn sender(allow: &str, lookup: Lookup) -> Sender {
    let policy = AddressPolicy::new(allow.parse().unwrap());
    Sender::with_lookup(SenderSettings { policy, ..SenderSettings::default() }, lookup).unwrap()
}

fn call(url: &str) -> Outgoing {
    let (url, headers, body) = (url.parse().unwrap(), HeaderMap::new(), Bytes::new());
    Outgoing { method: Method::POST, url, headers, body }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_dialled_by_neither_client() {
    // Somebody listens there: a call that got through would end otherwise.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // The second policy lets the name pass, as one that may be meant for its network.
    for (allow, scheme) in [("", "https"), ("10.0.0.0/8", "https"), ("10.0.0.0/8", "http")] {
        let url = format!("{scheme}://receiver.example:{port}/");
        let sender = sender(allow, here);
        let refused = sender.send(call(&url)).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Address, "{refused}");
        assert!(!refused.error.contains("127.0.0.1"), "{refused}");
        let refused = sender.check(&url.parse().unwrap()).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Address, "{refused}");
        assert!(!refused.error.contains("127.0.0.1"), "{refused}");
    }
}

#[tokio::test]
async fn a_url_whose_name_never_resolves_is_told_so_in_time() {
    let url = "https://receiver.example/".parse().unwrap();
    let refused = sender("", never).check_within(Duration::ZERO, &url).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Dns);
}
