//! The answers that hyper gives by itself, or not at all, with a body that says what was wrong.
//!
//! What cannot be read as a request never reaches the gateway: hyper answers it with a bare status, and closes without
//! a word on a caller whose headers take too long. Both are looked after here, on their way to the socket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bare answers of hyper, by the beginning of their first line, and what is said instead.
const BARE: [(&str, &str, &str); 3] = [
    ("HTTP/1.1 400 ", "400 Bad Request", "not a valid HTTP/1.1 request"),
    ("HTTP/1.1 414 ", "414 URI Too Long", "request target too long"),
    ("HTTP/1.1 431 ", "431 Request Header Fields Too Large", "too many headers, or too long ones"),
];
/// No answer of the gateway is empty.
const EMPTY: &[u8] = b"content-length: 0\r\n";

/// A socket whose last answer has a body.
pub(crate) struct LastWord {
    stream: TcpStream,
    /// Bytes were read since the last answer.
    unanswered: bool,
    too_slow: TooSlow,
    instead: Option<Instead>,
}

/// Says that the headers took too long; to be set before the stream is dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct TooSlow(Arc<AtomicBool>);

/// What is written instead of hyper's words.
struct Instead {
    text: String,
    written: usize,
}

impl TooSlow {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl LastWord {
    pub(crate) fn new(stream: TcpStream, too_slow: TooSlow) -> Self {
        Self { stream, unanswered: false, too_slow, instead: None }
    }
}

impl Drop for LastWord {
    fn drop(&mut self) {
        // A connection that was merely idle ends without a word.
        if self.unanswered && self.too_slow.0.load(Ordering::Relaxed) {
            let text = answer("408 Request Timeout", "headers too slow");
            // Nothing was written before, so that the little text has room at once, or there is nobody to read it.
            if let Err(error) = self.stream.try_write(text.as_bytes()) {
                tracing::debug!(%error, "a caller with slow headers was not told");
            }
        }
    }
}

impl AsyncRead for LastWord {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.unanswered |= buffer.filled().len() > before;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LastWord {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.unanswered = false;
        if this.instead.is_none() {
            this.instead = bare(bytes).map(|text| Instead { text, written: 0 });
        }
        let Some(instead) = &mut this.instead else {
            return Pin::new(&mut this.stream).poll_write(context, bytes);
        };
        while let Some(rest) = instead.text.as_bytes().get(instead.written..)
            && !rest.is_empty()
        {
            match ready!(Pin::new(&mut this.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Ok(0)),
                written => instead.written += written,
            }
        }
        this.instead = None;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What is said instead of a bare answer; none if `bytes` are something else.
fn bare(bytes: &[u8]) -> Option<String> {
    let (_, status, error) = BARE.iter().find(|(line, ..)| bytes.starts_with(line.as_bytes()))?;
    let is_empty = bytes.windows(EMPTY.len()).any(|window| window == EMPTY);
    is_empty.then(|| answer(status, error))
}

fn answer(status: &str, error: &str) -> String {
    let body = format!("{{\"ok\":false,\"error\":\"{error}\"}}");
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
