//! A TCP proxy that can cut, delay and blackhole.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const BUFFER_BYTES: usize = 64 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What happens to bytes on their way, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Clear,
    /// Every piece arrives this much later.
    Delay(Duration),
    /// Connections are accepted and stay open, and nothing arrives any more.
    Blackhole,
    /// New connections are closed at once; open ones go on.
    Refuse,
}

#[derive(Debug, Clone)]
struct State {
    weather: Weather,
    /// Cancelled when the connections of this generation are cut.
    generation: CancellationToken,
}

/// A running proxy; it ends, with all its connections, on drop.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    stop: CancellationToken,
}

impl Proxy {
    /// Listens on a free loopback port and passes every connection on to `target`.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let first = State { weather: Weather::Clear, generation: stop.child_token() };
        let state = Arc::new(watch::Sender::new(first));
        let tasks = TaskTracker::new();
        let accepting = accept(listener, target, state.subscribe(), tasks.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(accepting));
        Ok(Self { address, state, stop })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, weather: Weather) {
        self.state.send_modify(|state| state.weather = weather);
    }

    /// Closes every open connection; new ones are accepted as before.
    pub fn cut(&self) {
        let next = self.stop.child_token();
        self.state.send_modify(|state| std::mem::replace(&mut state.generation, next).cancel());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    state: watch::Receiver<State>,
    tasks: TaskTracker,
) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // This process has no socket left for the moment.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let now = state.borrow().clone();
        if now.weather != Weather::Refuse {
            let passing = pass(client, target, state.clone());
            tasks.spawn(now.generation.run_until_cancelled_owned(passing));
        }
    }
}

async fn pass(client: TcpStream, target: SocketAddr, state: watch::Receiver<State>) {
    // A target that is away looks to the client like a connection that is closed at once.
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = copy(from_client, to_server, state.clone());
    let back = copy(from_server, to_client, state);
    if let Err(error) = tokio::try_join!(there, back) {
        tracing::debug!("a proxied connection ended: {error}");
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        let weather = state.borrow().weather;
        if let Weather::Delay(delay) = weather {
            tokio::time::sleep(delay).await;
        }
        if state.wait_for(|state| state.weather != Weather::Blackhole).await.is_err() {
            return Ok(());
        }
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}
