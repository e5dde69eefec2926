//! Free loopback ports.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use rand::RngExt as _;

const LOWEST: u16 = 15_000;
/// Where Linux lets outgoing connections begin when nothing else is configured.
const EPHEMERAL_DEFAULT: u16 = 32_768;
const TRIES_MAX: usize = 1_000;

/// The claims of this process, held until it ends: between the choice of a port and its server's start nobody else may
/// choose it. Tests run in many processes, and one would take another's server for its own.
static CLAIMS: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// `N` different free ports on 127.0.0.1, below the range that the system gives to outgoing connections.
///
/// A port in that range could be taken by any client while its server is restarted; a client that keeps
/// reconnecting to it can even connect to itself, and hold the port against its own server.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    let top = ephemeral_start().max(LOWEST + 1_000);
    let mut found = [0; N];
    for slot in &mut found {
        *slot = (0..TRIES_MAX)
            .map(|_| rand::rng().random_range(LOWEST..top))
            .find(|port| is_free(*port) && claim(*port))
            .context("no free port on 127.0.0.1")?;
    }
    Ok(found)
}

/// `port` if it is still free, else another.
pub fn keep_or_find(port: u16) -> Result<u16> {
    if port != 0 && is_free(port) { Ok(port) } else { free().map(|[port]| port) }
}

/// Whether nobody else has chosen the port; where no claims can be kept, whoever asks may have it.
fn claim(port: u16) -> bool {
    let dir = std::env::temp_dir().join("hookyard-ports");
    let Ok(()) = fs::create_dir_all(&dir) else { return true };
    let Ok(file) = File::create(dir.join(port.to_string())) else { return true };
    let claimed = file.try_lock().is_ok();
    if claimed {
        CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }
    claimed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_to_one_process_though_nobody_listens_there_yet() {
        let [port] = free().unwrap();
        assert!(is_free(port));
        assert!(!claim(port));
    }
}
