//! What went wrong, from the chain of errors that the client gives.

use std::error::Error;
use std::io;

use hookyard_domain::delivery::ErrorClass;

use crate::SendError;
use crate::address::ResolveError;

/// The longest error text that is kept, in bytes.
const ERROR_BYTES_MAX: usize = 300;

/// The request was not answered.
pub(super) fn sending(error: &reqwest::Error) -> SendError {
    let class = match find(error) {
        Some(Cause::Resolve(cause)) => return resolving(cause),
        Some(Cause::Exhausted) => ErrorClass::Internal,
        Some(Cause::Tls) => ErrorClass::Tls,
        // A timeout while connecting: the name, the TCP handshake or the TLS handshake takes too long.
        _ if error.is_connect() => match io_kind(error) {
            // TCP ends no handshake like this; TLS does.
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => ErrorClass::Tls,
            Some(_) | None => ErrorClass::Connect,
        },
        _ if error.is_timeout() => ErrorClass::Timeout,
        _ if error.is_builder() => ErrorClass::Address,
        Some(Cause::NotHttp) => ErrorClass::Garbage,
        None => ErrorClass::Reset,
    };
    SendError { class, error: words(class, error) }
}

/// The answer broke off.
pub(super) fn reading(error: &reqwest::Error) -> SendError {
    let class = match find(error) {
        _ if error.is_timeout() => ErrorClass::Timeout,
        Some(Cause::NotHttp) => ErrorClass::Garbage,
        Some(Cause::Resolve(_) | Cause::Tls | Cause::Exhausted) | None => match io_kind(error) {
            // A chunk's length that is none.
            Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => ErrorClass::Garbage,
            Some(_) | None => ErrorClass::Reset,
        },
    };
    SendError { class, error: words(class, error) }
}

/// A name leads nowhere.
pub(super) fn resolving(error: &ResolveError) -> SendError {
    let class = match error {
        ResolveError::Unknown(_) => ErrorClass::Dns,
        ResolveError::NotPublic | ResolveError::NotHttps(_) => ErrorClass::Address,
    };
    SendError { class, error: error.to_string() }
}

enum Cause<'a> {
    Resolve(&'a ResolveError),
    Tls,
    NotHttp,
    /// This machine has no file descriptor, port or memory left for a connection: no fault of the receiver's.
    Exhausted,
}

/// `ENOMEM`, `ENFILE`, `EMFILE`, `EADDRNOTAVAIL` and `ENOBUFS` of Linux.
const EXHAUSTED: [i32; 5] = [12, 23, 24, 99, 105];

fn find(error: &reqwest::Error) -> Option<Cause<'_>> {
    chain(error).find_map(|cause| {
        if let Some(cause) = cause.downcast_ref::<ResolveError>() {
            return Some(Cause::Resolve(cause));
        }
        if cause.is::<rustls::Error>() {
            return Some(Cause::Tls);
        }
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            let is_ours = cause.raw_os_error().is_some_and(|code| EXHAUSTED.contains(&code));
            return is_ours.then_some(Cause::Exhausted);
        }
        let cause = cause.downcast_ref::<hyper::Error>()?;
        cause.is_parse().then_some(Cause::NotHttp)
    })
}

fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    chain(error).filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind())).last()
}

/// The error and its causes. What an `io::Error` wraps is a cause, too; its `source` would skip it.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |cause| below(*cause))
}

fn below<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match cause.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => cause.source(),
    }
}

/// The class in words and the innermost cause, which names no URL.
fn words(class: ErrorClass, error: &reqwest::Error) -> String {
    let what = if class == ErrorClass::Timeout {
        return "no complete answer in time".to_owned();
    } else if class == ErrorClass::Connect && error.is_timeout() {
        return "connecting took too long".to_owned();
    } else if class == ErrorClass::Connect {
        "no connection"
    } else if class == ErrorClass::Tls {
        "the TLS handshake failed"
    } else if class == ErrorClass::Garbage {
        "the answer is not HTTP"
    } else if class == ErrorClass::Address {
        "the URL cannot be called"
    } else if class == ErrorClass::Internal {
        "this machine can open no connection"
    } else {
        "the connection broke before the answer was complete"
    };
    let cause = chain(error).last().filter(|cause| !cause.is::<reqwest::Error>());
    let mut text = cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"));
    text.truncate(text.floor_char_boundary(ERROR_BYTES_MAX));
    text
}
