use std::{convert::Infallible, io, net::SocketAddr, ops::Deref, sync::Arc};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use super::{GithubSimConfig, Simulation, answer::Answer, rest::Reaction, simulation::now};

/// Enough for the largest payload in a control call.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A simulator that listens. It stops when it is dropped.
pub struct GithubSim {
    simulation: Arc<Simulation>,
    address: SocketAddr,
    tasks: TaskTracker,
}

impl GithubSim {
    /// Starts on the current runtime; answers as soon as this returns.
    pub async fn start(config: GithubSimConfig) -> Result<Self> {
        let listen = config.listen;
        let simulation = Simulation::new(config).await?;
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
        let address = listener.local_addr()?;
        let (stop, tasks) = (simulation.stop.clone(), TaskTracker::new());
        let accepting = accept(listener, Arc::clone(&simulation), stop.clone(), tasks.clone());
        drop(tasks.spawn(stop.clone().run_until_cancelled_owned(accepting)));
        Ok(Self { simulation, address, tasks })
    }

    /// The address of the REST API, and of the control API below `/_sim/`.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.address)).expect("a socket's address makes a URL")
    }

    /// Stops listening, ends all connections and unsent deliveries and waits until they have ended.
    pub async fn stop(self) {
        self.simulation.stop.cancel();
        for tasks in [&self.tasks, &self.simulation.background] {
            tasks.close();
            tasks.wait().await;
        }
    }
}

impl Deref for GithubSim {
    type Target = Arc<Simulation>;

    fn deref(&self) -> &Self::Target {
        &self.simulation
    }
}

impl Drop for GithubSim {
    fn drop(&mut self) {
        self.simulation.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    simulation: Arc<Simulation>,
    stop: CancellationToken,
    tasks: TaskTracker,
) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let serving = serve(stream, Arc::clone(&simulation));
                drop(tasks.spawn(stop.clone().run_until_cancelled_owned(serving)));
            }
            Err(error) => {
                tracing::warn!("the simulator could not accept a connection: {error}");
                // Out of file descriptors, most likely: others must end first.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, simulation: Arc<Simulation>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("no TCP_NODELAY: {error}");
    }
    let service = service_fn(move |request| {
        let simulation = Arc::clone(&simulation);
        async move { handle(simulation, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!("a connection to the simulator ended early: {error}");
    }
}

/// An error makes hyper end the connection without an answer.
async fn handle(
    simulation: Arc<Simulation>,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let reaction = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Err(error) => {
            Reaction::Answer(Answer::failure(StatusCode::BAD_REQUEST, &error.to_string()))
        }
        Ok(body) if parts.uri.path().starts_with("/_sim/") => {
            Reaction::Answer(simulation.control(&parts, &body.to_bytes()).await)
        }
        Ok(body) => simulation.rest(&parts, &body.to_bytes()).await,
    };
    match reaction {
        Reaction::Answer(answer) => Ok(answer.into_response(now())),
        Reaction::Hang => Err(io::ErrorKind::ConnectionReset.into()),
    }
}
