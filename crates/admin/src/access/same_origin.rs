//! Whether a request that a browser sent comes from our own pages.
//!
//! Browsers say so by themselves: `Sec-Fetch-Site` (Fetch Metadata) and, on every POST, `Origin` (RFC 6454). A page of
//! another site can set neither. What has none of the two is no browser of these days, and has our cookie only if its
//! user put it there.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};

/// Whether this changes something at the wish of another site.
pub(super) fn is_cross_site(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        // `none`: the user typed the address; a form is sent by nobody like that.
        return site != "same-origin";
    }
    match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (None, _) => false,
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_none_or(|(_, authority)| authority != host)
        }
        (Some(_), None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        is_cross_site(method, &headers)
    }

    #[test]
    fn what_another_site_makes_a_browser_send_is_told_apart() {
        let host = ("host", "127.0.0.1:8082");
        for headers in [
            &[host, ("sec-fetch-site", "same-origin")][..],
            &[host, ("origin", "http://127.0.0.1:8082")],
            &[host],
        ] {
            assert!(!asked(&Method::POST, headers), "{headers:?}");
        }
        for headers in [
            &[host, ("sec-fetch-site", "cross-site")][..],
            &[host, ("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:8082")],
            &[host, ("origin", "http://127.0.0.1:9000")],
            &[host, ("origin", "null")],
            &[("origin", "http://127.0.0.1:8082")],
        ] {
            assert!(asked(&Method::POST, headers), "{headers:?}");
            assert!(!asked(&Method::GET, headers), "{headers:?}");
        }
    }
}
