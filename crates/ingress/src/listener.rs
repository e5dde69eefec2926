//! The public listener: connections within their limits, ended gracefully.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hookyard_process::{Stop, Tasks};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use metrics::gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::{debug, info, warn};

use crate::framing;
use crate::gateway::Gateway;

/// Bytes of a request's headers, and of what is read at once.
pub(crate) const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// How long the listener rests when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Opens the public listener.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (HOOKYARD_LISTEN)"))
}

/// Serves connections until the stop, then lets every call in flight be answered within the deadline.
pub(crate) async fn serve(
    listener: TcpListener,
    gateway: &Arc<Gateway>,
    stop: &Stop,
    tasks: &Tasks,
    deadline: Duration,
) {
    let connections_max = usize::try_from(gateway.limits.connections_max).unwrap_or(usize::MAX);
    let slots = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(gateway.limits.header_ms_max))
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        // One buffer for a small answer. (Not pipeline_flush: it keeps the answer to what cannot be read.)
        .writev(false);
    let accept = async {
        loop {
            let slot =
                Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let (stream, peer) = accept(&listener).await;
            let (stream, lengths) = framing::watch(stream);
            let gateway = Arc::clone(gateway);
            let service = service_fn(move |request| {
                let (gateway, framing) = (Arc::clone(&gateway), lengths.of_next_request());
                async move { Ok::<_, Infallible>(gateway.call(request, framing, peer.ip()).await) }
            });
            let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
            tasks.spawn("connection", async move {
                gauge!("hookyard_ingress_connections").increment(1);
                if let Err(error) = connection.await {
                    debug!(%peer, %error, "a connection ended badly");
                }
                gauge!("hookyard_ingress_connections").decrement(1);
                drop(slot);
            });
        }
    };
    let _stopped: Option<Infallible> = stop.run_until_stopped(accept).await;
    drop(listener);
    info!("no new connections; answering the calls in flight");
    if tokio::time::timeout(deadline, graceful.shutdown()).await.is_err() {
        warn!("calls were still in flight after {deadline:?}; they are cut off");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    debug!(%error, "a connection takes no TCP_NODELAY");
                }
                return (stream, peer);
            }
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
