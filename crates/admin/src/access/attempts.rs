//! Slows down whoever shows tokens that open nothing.
//!
//! After some failures within a minute, further attempts from the same address, or with the same first characters, are
//! refused unseen until the minute is over. A token that opened something lately is let pass all the same: behind a
//! proxy everybody has one address, and nobody shall lock the others out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Failures from one address within a window.
const PEER_FAILURES_MAX: u32 = 20;
/// Failures with the same first characters within a window: somebody tries the rest.
const PREFIX_FAILURES_MAX: u32 = 10;
/// How long a window is.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// How many addresses and prefixes are remembered. What does not fit goes unnoticed until old windows end.
const KEYS_MAX: usize = 10_000;
/// How many good tokens are remembered, and for how long.
const GOOD_MAX: usize = 1_000;
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(15);
/// The characters of a token that are no secret.
const PREFIX_BYTES: usize = 10;

/// The address that a connection comes from. An extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Failed attempts of the last minute.
#[derive(Debug, Default)]
pub struct Attempts {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    failures: HashMap<Key, Window>,
    good: HashMap<[u8; 32], Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Peer(IpAddr),
    Prefix([u8; PREFIX_BYTES]),
}

#[derive(Debug, Clone, Copy)]
struct Window {
    failures: u32,
    ends_at: Timestamp,
}

impl Attempts {
    /// How many seconds an attempt has to wait; none: it may be made now.
    pub fn wait_s(&self, peer: Peer, token: &str, hash: &[u8; 32], now: Timestamp) -> Option<i64> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.good.get(hash).is_some_and(|until| *until > now) {
            return None;
        }
        keys(peer, token)
            .into_iter()
            .flatten()
            .filter_map(|(key, max)| {
                let window = seen.failures.get(&key)?;
                let waits = window.failures >= max && window.ends_at > now;
                waits.then(|| (window.ends_at.duration_since(now).as_secs()).max(0) + 1)
            })
            .max()
    }

    /// Notes an attempt that opened nothing.
    pub fn failed(&self, peer: Peer, token: &str, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.failures.len() >= KEYS_MAX {
            seen.failures.retain(|_, window| window.ends_at > now);
        }
        for (key, _) in keys(peer, token).into_iter().flatten() {
            if seen.failures.len() >= KEYS_MAX && !seen.failures.contains_key(&key) {
                continue;
            }
            let fresh = Window { failures: 0, ends_at: after(now, WINDOW) };
            let window = seen.failures.entry(key).or_insert(fresh);
            if window.ends_at <= now {
                *window = fresh;
            }
            window.failures = window.failures.saturating_add(1);
        }
    }

    /// Notes a token that opened something.
    pub fn succeeded(&self, hash: [u8; 32], now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.good.len() >= GOOD_MAX {
            seen.good.retain(|_, until| *until > now);
        }
        if seen.good.len() < GOOD_MAX || seen.good.contains_key(&hash) {
            seen.good.insert(hash, after(now, GOOD_FOR));
        }
    }
}

fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn keys(peer: Peer, token: &str) -> [Option<(Key, u32)>; 2] {
    let prefix = token.as_bytes().first_chunk::<PREFIX_BYTES>();
    [
        Some((Key::Peer(network(peer.0)), PEER_FAILURES_MAX)),
        prefix.map(|prefix| (Key::Prefix(*prefix), PREFIX_FAILURES_MAX)),
    ]
}

/// Whoever has one IPv6 address has the 2^64 beside it, too.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = Peer(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)));
    const NEIGHBOUR: Peer = Peer(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9)));
    const OTHER: Peer = Peer(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1)));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_address_that_fails_often_waits_until_its_minute_is_over() {
        let attempts = Attempts::default();
        for n in 0..PEER_FAILURES_MAX {
            assert_eq!(attempts.wait_s(PEER, "x", &[0; 32], at(5)), None, "{n}");
            attempts.failed(PEER, "x", at(5));
        }
        assert_eq!(attempts.wait_s(PEER, "x", &[0; 32], at(10)), Some(56));
        assert_eq!(attempts.wait_s(NEIGHBOUR, "x", &[0; 32], at(10)), Some(56));
        assert_eq!(attempts.wait_s(OTHER, "x", &[0; 32], at(10)), None);
        assert_eq!(attempts.wait_s(PEER, "x", &[0; 32], at(65)), None);
    }

    #[test]
    fn one_token_s_beginning_is_not_tried_from_everywhere() {
        let attempts = Attempts::default();
        for _ in 0..PREFIX_FAILURES_MAX {
            attempts.failed(PEER, "hky_abcdef1", at(0));
        }
        assert!(attempts.wait_s(OTHER, "hky_abcdef2", &[0; 32], at(1)).is_some());
        assert_eq!(attempts.wait_s(OTHER, "hky_abcdeg2", &[0; 32], at(1)), None);
    }

    #[test]
    fn a_token_that_opened_something_is_locked_out_by_nobody() {
        let attempts = Attempts::default();
        attempts.succeeded([7; 32], at(0));
        for _ in 0..PEER_FAILURES_MAX {
            attempts.failed(PEER, "x", at(0));
        }
        assert_eq!(attempts.wait_s(PEER, "good", &[7; 32], at(1)), None);
        assert!(attempts.wait_s(PEER, "bad", &[8; 32], at(1)).is_some());
    }
}
