//! A connection that sends exactly what it is told.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Answer, PATIENCE};

/// A raw connection to an ingress.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
    received: BytesMut,
}

impl RawConnection {
    /// # Panics
    /// When nobody accepts the connection.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the ingress accepts a connection");
        stream.set_nodelay(true).expect("a connection takes TCP_NODELAY");
        Self { stream, received: BytesMut::new() }
    }

    /// Sends bytes; false when the other side has closed the connection, as it may after an early answer.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// The next answer; none if the connection ends before it.
    ///
    /// # Panics
    /// When there is neither within [`PATIENCE`], or the answer is no HTTP.
    pub async fn answer(&mut self) -> Option<Answer> {
        self.answer_within(PATIENCE).await
    }

    /// The same with another limit.
    pub async fn answer_within(&mut self, limit: Duration) -> Option<Answer> {
        timeout(limit, self.read_answer()).await.expect("an answer or the end of the connection")
    }

    /// Whether the other side ends the connection without another byte.
    ///
    /// # Panics
    /// When it does neither within [`PATIENCE`].
    pub async fn is_closed(&mut self) -> bool {
        let more = timeout(PATIENCE, self.receive()).await.expect("bytes or the end");
        !more && self.received.is_empty()
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break self.received.split_to(end + 4).freeze();
            }
            if !self.receive().await {
                return None;
            }
        };
        let (status, headers) = parse(&head).expect("an HTTP/1.1 answer");
        let length = headers.get("content-length").and_then(|it| it.to_str().ok()?.parse().ok());
        let length = length.unwrap_or(0);
        while self.received.len() < length {
            if !self.receive().await {
                return None;
            }
        }
        let body = self.received.copy_to_bytes(length);
        Some(Answer { status, headers, body })
    }

    /// False at the end of the connection, orderly or not.
    async fn receive(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.received).await, Ok(count) if count > 0)
    }
}

fn parse(head: &Bytes) -> Option<(u16, HeaderMap)> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some((status, headers))
}
