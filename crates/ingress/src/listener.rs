//! The public listener: connections within their limits, ended gracefully.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use hookyard_process::{Stop, Tasks};
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use metrics::gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, info, warn};

use crate::framing;
use crate::gateway::Gateway;
use crate::last_word::{LastWord, TooSlow};
use crate::settings::Limits;

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

/// How the listener ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    /// How long calls are still taken after the stop, each connection's last.
    pub(crate) farewell: Duration,
    /// How long all of it may take.
    pub(crate) deadline: Duration,
}

/// Serves connections until the stop, then lets every call be answered that is under way or still comes.
///
/// A caller may be sending on a connection that it kept just as that is closed, and gets no answer. So after the stop
/// each connection first ends with its next answer, which says so, while whoever balances learns from `/readyz` to
/// call somebody else. What is closed after this farewell has been idle throughout.
pub(crate) async fn serve(
    listener: TcpListener,
    gateway: &Arc<Gateway>,
    stop: &Stop,
    tasks: &Tasks,
    ending: Ending,
) {
    let connections_max = usize::try_from(gateway.limits.connections_max).unwrap_or(usize::MAX);
    let slots = Arc::new(Semaphore::new(connections_max));
    let connections = Connections {
        gateway,
        stop,
        tasks,
        server: server(&gateway.limits),
        graceful: GracefulShutdown::new(),
    };
    let farewell = ending.farewell.min(ending.deadline / 2);
    let accept = async {
        loop {
            let slot =
                Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let (stream, peer) = accept(&listener).await;
            connections.serve(stream, peer, slot);
        }
    };
    let taken_leave = async {
        stop.stopped().await;
        info!("stopping; connections end with their next answer");
        tokio::time::sleep(farewell).await;
    };
    tokio::select! {
        () = accept => {}
        () = taken_leave => {}
    }
    // Who is connected already and waits to be accepted would be cut off.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { break };
        connections.serve(stream, peer, slot);
    }
    drop(listener);
    info!("no new connections; answering the calls in flight");
    let answered = connections.graceful.shutdown();
    if tokio::time::timeout(ending.deadline.saturating_sub(farewell), answered).await.is_err() {
        warn!("calls were still in flight after {:?}; they are cut off", ending.deadline);
    }
}

fn server(limits: &Limits) -> http1::Builder {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.header_ms_max))
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        // One buffer for a small answer. (Not pipeline_flush: it keeps the answer to what cannot be read.)
        .writev(false);
    server
}

/// What every connection is served with.
struct Connections<'a> {
    gateway: &'a Arc<Gateway>,
    stop: &'a Stop,
    tasks: &'a Tasks,
    server: http1::Builder,
    graceful: GracefulShutdown,
}

impl Connections<'_> {
    fn serve(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "a connection takes no TCP_NODELAY");
        }
        let too_slow = TooSlow::default();
        let (stream, lengths) = framing::watch(LastWord::new(stream, too_slow.clone()));
        let (gateway, stop) = (Arc::clone(self.gateway), self.stop.clone());
        let service = service_fn(move |request| {
            let (gateway, stop) = (Arc::clone(&gateway), stop.clone());
            let framing = lengths.of_next_request();
            async move {
                let mut answer = gateway.call(request, framing, peer.ip()).await;
                if stop.is_stopping() {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = self.server.serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        self.tasks.spawn("connection", async move {
            gauge!("hookyard_ingress_connections").increment(1);
            // Pinned here, so that its stream outlives the error and can still be told of it.
            let mut connection = std::pin::pin!(connection);
            if let Err(error) = connection.as_mut().await {
                if error.is_timeout() {
                    too_slow.set();
                }
                debug!(%peer, %error, "a connection ended badly");
            }
            gauge!("hookyard_ingress_connections").decrement(1);
            drop(slot);
        });
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
