//! Free loopback ports.

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, Result};
use rand::RngExt as _;

const LOWEST: u16 = 15_000;
/// Where Linux lets outgoing connections begin when nothing else is configured.
const EPHEMERAL_DEFAULT: u16 = 32_768;
const TRIES_MAX: usize = 1_000;

/// `N` different free ports on 127.0.0.1, below the range that the system gives to outgoing connections.
///
/// A port in that range could be taken by any client while its server is restarted; a client that keeps
/// reconnecting to it can even connect to itself, and hold the port against its own server.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    let top = ephemeral_start().max(LOWEST + 1_000);
    let mut taken = HashSet::new();
    let mut found = [0; N];
    for slot in &mut found {
        *slot = (0..TRIES_MAX)
            .map(|_| rand::rng().random_range(LOWEST..top))
            .find(|port| !taken.contains(port) && is_free(*port))
            .context("no free port on 127.0.0.1")?;
        taken.insert(*slot);
    }
    Ok(found)
}

/// `port` if it is still free, else another.
pub fn keep_or_find(port: u16) -> Result<u16> {
    if port != 0 && is_free(port) { Ok(port) } else { free().map(|[port]| port) }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn ephemeral_start() -> u16 {
    fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok())
        .unwrap_or(EPHEMERAL_DEFAULT)
}
