//! The private listener: who supervises the process asks here.
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | 200 as long as the process answers at all |
//! | `/readyz` | 200 when the process may take work, else 503 with the reasons; asks nobody, enqueues nothing |
//! | `/metrics` | Prometheus' text format |

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::BuildError;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};
use tracing::{debug, info, warn};

use crate::metrics::Exporter;
use crate::{Readiness, Stop};

/// Probes and scrapers are few; further callers wait for a place.
const CONNECTIONS_MAX: usize = 64;
/// A connection sends a request's headers within this time, the next one's too.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);
/// No connection lives longer than this, whatever its caller does.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(1);
const HEADERS_MAX: usize = 64;
const READ_BUFFER_BYTES_MAX: usize = 16 * 1024;
const TIDY_INTERVAL: Duration = Duration::from_secs(5);
/// When the process is out of file descriptors, accepting fails at once, again and again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const PROMETHEUS_TEXT: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Why the private listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    #[error("cannot listen on {address} for health checks")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("another metrics recorder is installed")]
    Recorder(#[from] BuildError),
}

/// The private listener, bound; [`serve`](Self::serve) answers.
pub struct HealthListener {
    listener: TcpListener,
    address: SocketAddr,
    exporter: Exporter,
}

impl HealthListener {
    /// Binds the address and begins to record metrics; what was measured earlier is lost.
    pub async fn bind(address: SocketAddr) -> Result<Self, HealthError> {
        let exporter = Exporter::install()?;
        let bind_error = |source| HealthError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        info!("health checks and metrics on http://{address}");
        Ok(Self { listener, address, exporter })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`.
    ///
    /// A process that drains is alive: give this a stop of its own and trigger it last.
    pub async fn serve(self, readiness: Readiness, stop: Stop) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        let mut tidy = interval(TIDY_INTERVAL);
        loop {
            tokio::select! {
                () = stop.stopped() => break,
                _ = tidy.tick() => self.exporter.tidy(),
                Some(_ended) = connections.join_next() => {}
                (stream, place) = accept(&self.listener, &places) => {
                    let connection = serve_connection(stream, self.exporter.clone(), readiness.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
            }
        }
        connections.shutdown().await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => return (stream, place),
            Err(error) => {
                warn!(%error, "a connection to the health listener could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, exporter: Exporter, readiness: Readiness) {
    let service = service_fn(move |request: Request<_>| {
        let response = answer(&request, &exporter, &readiness);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(READ_BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_LIFETIME, connection).await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) => debug!(%error, "a connection to the health listener broke"),
    }
}

fn answer<B>(
    request: &Request<B>,
    exporter: &Exporter,
    readiness: &Readiness,
) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if !matches!(path, "/healthz" | "/readyz" | "/metrics") {
        return response(StatusCode::NOT_FOUND, TEXT, "not found\n".to_owned());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = "only GET and HEAD\n".to_owned();
        let mut refusal = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, text);
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match path {
        "/healthz" => response(StatusCode::OK, JSON, json!({ "ok": true }).to_string()),
        "/readyz" => readyz(readiness),
        _ => response(StatusCode::OK, PROMETHEUS_TEXT, exporter.render()),
    }
}

fn readyz(readiness: &Readiness) -> Response<Full<Bytes>> {
    let reasons: Vec<Value> = readiness
        .closed()
        .into_iter()
        .map(|closed| json!({ "gate": closed.gate, "reason": closed.reason }))
        .collect();
    if reasons.is_empty() {
        response(StatusCode::OK, JSON, json!({ "ok": true }).to_string())
    } else {
        let body = json!({ "ok": false, "reasons": reasons }).to_string();
        response(StatusCode::SERVICE_UNAVAILABLE, JSON, body)
    }
}

fn response(status: StatusCode, content_type: HeaderValue, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
