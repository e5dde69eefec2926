//! Requests that say how long they are in two ways.
//!
//! A request with both `Transfer-Encoding` and `Content-Length` may be read by two readers as two different ones; what
//! is left over for one of them is a request that nobody sent (RFC 9112, sections 6.3 and 11.2). hyper follows the
//! former and removes the latter before anybody sees it, so the heads are looked at on their way to hyper.
//!
//! Heads are told from bodies by `Content-Length` alone: after a request in chunks the connection ends with the answer,
//! and nothing that follows it is looked at, by hyper neither.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Request, Version, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longer lines make hyper refuse the request.
const LINE_BYTES_MAX: usize = super::listener::BUFFER_BYTES_MAX;

/// Whether a request says its length in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Sound,
    Contradictory,
}

/// A stream whose requests are looked at as they are read.
pub(crate) struct Watched<S> {
    stream: S,
    heads: Heads,
    found: Arc<AtomicU64>,
}

/// What was found out about the requests of a connection.
#[derive(Debug)]
pub(crate) struct Lengths {
    /// The number of the first contradictory request; 0 as long as there is none.
    found: Arc<AtomicU64>,
    asked: AtomicU64,
}

/// Looks at what is read from `stream`.
pub(crate) fn watch<S>(stream: S) -> (Watched<S>, Lengths) {
    let found = Arc::new(AtomicU64::new(0));
    let lengths = Lengths { found: Arc::clone(&found), asked: AtomicU64::new(0) };
    (Watched { stream, heads: Heads::default(), found }, lengths)
}

/// Whether a request comes in chunks: its connection must end with the answer.
pub(crate) fn is_chunked(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
}

/// Whether the body is in chunks and nothing else, or in no transfer coding at all.
///
/// Of others hyper takes the chunks off only, and what is verified would not be what was sent (RFC 9112, section 6.1).
pub(crate) fn is_readable_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = codings.next().is_none_or(|it| it.as_bytes().eq_ignore_ascii_case(b"chunked"));
    first && codings.next().is_none()
}

/// Whether a request says once, and not twice, which host it is for (RFC 9112, section 3.2).
///
/// Of two hosts a proxy before this process may have taken one and this process would take the other.
pub(crate) fn names_its_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (named, again) = (hosts.next().is_some(), hosts.next().is_some());
    !again && (named || request.version() < Version::HTTP_11)
}

impl Lengths {
    /// Of the next request; to be asked once for each, in their order.
    pub(crate) fn of_next_request(&self) -> Framing {
        let number = 1 + self.asked.fetch_add(1, Ordering::Relaxed);
        if self.found.load(Ordering::Relaxed) == number {
            Framing::Contradictory
        } else {
            Framing::Sound
        }
    }
}

/// Where in the requests of a connection the reading is.
#[derive(Debug, Default)]
struct Heads {
    /// The line under way, as far as it was read.
    line: Vec<u8>,
    /// Bytes of a body that are still to come.
    body_left: u64,
    /// Requests that have begun.
    requests: u64,
    in_head: bool,
    length: Option<u64>,
    chunked: bool,
    /// No further head can be told from a body.
    done: bool,
}

impl Heads {
    /// Reads on; the number of a request that turns out to be contradictory.
    fn read(&mut self, mut bytes: &[u8]) -> Option<u64> {
        while !bytes.is_empty() && !self.done {
            if self.body_left > 0 {
                let body = bytes.len().min(usize::try_from(self.body_left).unwrap_or(usize::MAX));
                self.body_left -= body as u64;
                bytes = &bytes[body..];
                continue;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (part, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            bytes = rest;
            self.done = self.line.len() + part.len() > LINE_BYTES_MAX;
            self.line.extend_from_slice(part);
            if end.is_some() && !self.done {
                let line = std::mem::take(&mut self.line);
                if self.read_line(line.trim_ascii_end()) {
                    return Some(self.requests);
                }
                self.line = line;
                self.line.clear();
            }
        }
        None
    }

    /// Reads a line without its end; true at the end of a contradictory head.
    fn read_line(&mut self, line: &[u8]) -> bool {
        match (self.in_head, line) {
            (false, []) => {} // Empty lines may precede a request.
            (false, _) => {
                self.requests += 1;
                self.in_head = true;
            }
            (true, []) => return self.end_head(),
            (true, header) => self.read_header(header),
        }
        false
    }

    fn read_header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(header::TRANSFER_ENCODING.as_str().as_bytes()) {
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(header::CONTENT_LENGTH.as_str().as_bytes()) {
            let digits = std::str::from_utf8(value.trim_ascii()).ok();
            // What is no number, and two that differ, hyper refuses; then nothing follows.
            self.length = Some(digits.and_then(|it| it.parse().ok()).unwrap_or(u64::MAX));
        }
    }

    fn end_head(&mut self) -> bool {
        let length = self.length.take();
        self.in_head = false;
        self.body_left = length.unwrap_or(0);
        self.done = self.chunked;
        self.chunked && length.is_some()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if let Some(number) = self.heads.read(&buffer.filled()[before..]) {
            self.found.store(number, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contradictory request among these bytes, in pieces of every size.
    fn contradictory(bytes: &str) -> Option<u64> {
        let found = |size: usize| {
            let mut heads = Heads::default();
            bytes.as_bytes().chunks(size).find_map(|piece| heads.read(piece))
        };
        let whole = found(bytes.len());
        for size in 1..bytes.len() {
            assert_eq!(found(size), whole, "in pieces of {size}");
        }
        whole
    }

    const LENGTH: &str = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n";
    const CHUNKS: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

    #[test]
    fn both_together_contradict_in_any_order_and_case() {
        let length_first =
            "POST / HTTP/1.1\r\ncontent-length: 5\r\nTRANSFER-ENCODING: chunked\r\n\r\n";
        let chunks_first = "POST / HTTP/1.1\ntransfer-encoding:chunked\nContent-Length:5\n\n";
        assert_eq!(contradictory(length_first), Some(1));
        assert_eq!(contradictory(chunks_first), Some(1));
        assert_eq!(contradictory(&format!("{LENGTH}\r\n{LENGTH}{length_first}")), Some(3));
    }

    #[test]
    fn one_of_them_is_sound() {
        assert_eq!(contradictory(LENGTH), None);
        assert_eq!(contradictory(CHUNKS), None);
        assert_eq!(contradictory("GET / HTTP/1.1\r\n\r\n"), None);
        // Of two requests, each has one.
        assert_eq!(contradictory(&format!("{LENGTH}{CHUNKS}")), None);
    }

    #[test]
    fn what_a_body_says_does_not_matter() {
        let body = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let call = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert_eq!(contradictory(&format!("{call}{LENGTH}")), None);
    }
}
