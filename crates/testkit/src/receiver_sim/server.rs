use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::answers::{AnswerKind, ProgrammedAnswer, Programmes};
use super::log::{Log, Received, RecordedId};
use super::wire::Wire;
use super::{tls, wire};

/// More than any delivery; larger ones are answered 413.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a receiver listens.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverSimConfig {
    /// For plain HTTP; port 0 takes a free one. TLS is on a free port of the same address.
    pub listen: SocketAddr,
}

impl Default for ReceiverSimConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }
}

/// A receiver that listens. It stops when it is dropped.
pub struct ReceiverSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls_address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What its connections share.
#[derive(Default)]
pub(super) struct Shared {
    programmes: Mutex<Programmes>,
    log: Mutex<Log>,
    tls_url: Mutex<String>,
}

impl ReceiverSim {
    /// Starts on the current runtime; answers as soon as this returns.
    pub async fn start(config: ReceiverSimConfig) -> Result<Self> {
        let listener = listen(config.listen).await?;
        let tls_listener = listen(SocketAddr::new(config.listen.ip(), 0)).await?;
        let (address, tls_address) = (listener.local_addr()?, tls_listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let sim = Self {
            shared: Arc::clone(&shared),
            address,
            tls_address,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        *locked(&shared.tls_url) = sim.self_signed_url().to_string();
        sim.accept(listener, None);
        sim.accept(tls_listener, Some(tls::self_signed()?));
        Ok(sim)
    }

    /// Where it is called over plain HTTP; the control API is below `/_sim/`.
    pub fn url(&self) -> Url {
        url("http", self.address)
    }

    /// The URL of a path that begins with `/`.
    pub fn url_of(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it is called over TLS, under a certificate that nobody has signed.
    pub fn self_signed_url(&self) -> Url {
        url("https", self.tls_address)
    }

    /// Promises TLS where there is none.
    pub fn no_tls_url(&self) -> Url {
        url("https", self.address)
    }

    /// Replaces the answers of a path, or of all paths that begin like one that ends in `*`.
    pub fn answer(&self, path: &str, answers: Vec<ProgrammedAnswer>) -> Result<()> {
        self.shared.programmes().set(path, answers)
    }

    /// All requests so far, the unrecorded ones too.
    pub fn total(&self) -> u64 {
        self.shared.log().total()
    }

    /// The requests of one path.
    pub fn count(&self, path: &str) -> u64 {
        self.shared.log().count_of(path)
    }

    /// The requests of all paths that begin so.
    pub fn count_under(&self, prefix: &str) -> u64 {
        self.shared.log().count_under(prefix)
    }

    /// The last requests, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.shared.log().requests().cloned().collect()
    }

    /// Those of one path.
    pub fn received_at(&self, path: &str) -> Vec<Received> {
        let at_path = |received: &&Received| received.path.split('?').next() == Some(path);
        self.shared.log().requests().filter(at_path).cloned().collect()
    }

    /// Every delivery's id with its calls.
    pub fn ids(&self) -> HashMap<String, RecordedId> {
        self.shared.log().ids().clone()
    }

    /// Forgets what was received.
    pub fn forget(&self) {
        *self.shared.log() = Log::default();
    }

    /// Stops listening and ends all connections.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn accept(&self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let accepting =
            accept(listener, tls, Arc::clone(&self.shared), self.stop.clone(), self.tasks.clone());
        drop(self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(accepting)));
    }
}

impl Drop for ReceiverSim {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    pub(super) fn programmes(&self) -> MutexGuard<'_, Programmes> {
        locked(&self.programmes)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        locked(&self.log)
    }

    pub(super) fn tls_url(&self) -> String {
        locked(&self.tls_url).clone()
    }
}

/// Nothing panics while it holds one of these for long; a test that failed may have.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
}

fn url(scheme: &str, address: SocketAddr) -> Url {
    Url::parse(&format!("{scheme}://{address}")).expect("a socket's address makes a URL")
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let serving = meet(stream, tls.clone(), Arc::clone(&shared));
                drop(tasks.spawn(stop.clone().run_until_cancelled_owned(serving)));
            }
            Err(error) => {
                tracing::warn!("the receiver could not accept a connection: {error}");
                // Out of file descriptors, most likely: others must end first.
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn meet(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let served = async {
        stream.set_nodelay(true)?;
        match tls {
            Some(tls) => serve(tls.accept(stream).await?, shared).await,
            None => serve(stream, shared).await,
        }
    };
    if let Err(error) = served.await {
        tracing::debug!("a connection to the receiver ended early: {error}");
    }
}

/// Serves a connection until it ends, or until an answer needs it bare.
async fn serve(stream: impl Wire, shared: Arc<Shared>) -> io::Result<()> {
    let bare = Arc::new(Mutex::new(None));
    let service = service_fn(|request| {
        let (shared, bare) = (Arc::clone(&shared), Arc::clone(&bare));
        Box::pin(async move { handle(&shared, &bare, request).await })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    let Some(answer) = locked(&bare).take() else {
        return ended.map_err(io::Error::other);
    };
    wire::play(stream, &answer).await
}

/// An error makes the library give the connection back; `bare` then holds what to do with it.
async fn handle(
    shared: &Shared,
    bare: &Mutex<Option<ProgrammedAnswer>>,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE));
    };
    if parts.uri.path().starts_with("/_sim/") {
        return Ok(shared.control(&parts, &body.to_bytes()));
    }
    let answer = shared.programmes().next(parts.uri.path());
    if answer.record {
        shared.log().keep(parts, body.to_bytes(), &answer, now());
    } else {
        shared.log().count(parts.uri.path());
    }
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    if answer.kind != AnswerKind::Answer {
        *locked(bare) = Some(answer);
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    Ok(response(answer))
}

fn response(answer: ProgrammedAnswer) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::from_u16(answer.status).unwrap_or_default());
    *response.body_mut() = Full::new(answer.body.into());
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is the outside world: the time is its own"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
