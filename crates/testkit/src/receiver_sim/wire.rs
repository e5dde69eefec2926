//! Answers that no HTTP library would send, written to the bare connection.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::answers::{AnswerKind, ProgrammedAnswer};

/// What an endless answer sends at once.
const ENDLESS_PIECE_BYTES: usize = 16 * 1024;
const GARBAGE: &[u8] = b"\x16\x03\x01SSH-2.0-not http at all\r\n\x00\xff\xfe\r\n\r\n";

/// A connection that can be cut.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the end of the connection a reset.
    fn reset_at_end(&self) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn reset_at_end(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Wire for TlsStream<TcpStream> {
    fn reset_at_end(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

impl ProgrammedAnswer {
    /// Whether it is an answer as HTTP knows it.
    pub(super) fn is_proper(&self) -> bool {
        matches!(self.kind, AnswerKind::Answer | AnswerKind::Slow)
    }
}

/// Plays an answer on a connection whose request was read. An error is the caller's going.
pub(super) async fn play(mut wire: impl Wire, answer: &ProgrammedAnswer) -> io::Result<()> {
    let body = answer.body.as_bytes();
    match answer.kind {
        // The library's; only a broken promise leads here.
        AnswerKind::Answer | AnswerKind::Close => {}
        AnswerKind::Hang => gone(&mut wire).await?,
        // An orderly end would come before it.
        AnswerKind::Reset => return wire.reset_at_end(),
        AnswerKind::Half => {
            let announced = format!("content-length: {}\r\n", 2 * body.len().max(1));
            wire.write_all(head(answer, &announced).as_bytes()).await?;
            wire.write_all(body).await?;
        }
        AnswerKind::Garbage => wire.write_all(GARBAGE).await?,
        AnswerKind::Endless => endless(&mut wire, answer).await?,
        AnswerKind::Slow => {
            let announced = format!("content-length: {}\r\nconnection: close\r\n", body.len());
            let whole = head(answer, &announced).into_bytes();
            for byte in whole.iter().chain(body) {
                wire.write_all(std::slice::from_ref(byte)).await?;
                wire.flush().await?;
                tokio::time::sleep(Duration::from_millis(answer.pause_ms)).await;
            }
        }
    }
    wire.shutdown().await
}

async fn endless(wire: &mut impl Wire, answer: &ProgrammedAnswer) -> io::Result<()> {
    let filler = if answer.body.is_empty() { "ok" } else { &answer.body };
    let piece = filler.repeat(ENDLESS_PIECE_BYTES.div_ceil(filler.len()));
    let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
    wire.write_all(head(answer, "transfer-encoding: chunked\r\n").as_bytes()).await?;
    loop {
        wire.write_all(chunk.as_bytes()).await?;
    }
}

/// Waits until the caller has gone; what it still sends is thrown away.
async fn gone(wire: &mut impl Wire) -> io::Result<()> {
    let mut ignored = [0; 1024];
    while wire.read(&mut ignored).await? > 0 {}
    Ok(())
}

fn head(answer: &ProgrammedAnswer, framing: &str) -> String {
    let reason = StatusCode::from_u16(answer.status).ok();
    let reason = reason.and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n{framing}", answer.status);
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n").expect("a string takes everything");
    }
    head.push_str("\r\n");
    head
}
