//! The proxy's weather, seen from both sides of it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::net::SocketAddr;
use std::time::Duration;

use hookyard_testkit::proxy::{Proxy, Weather};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A server that sends everything back; it ends with the set.
async fn echo(tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = stream.split();
                drop(tokio::io::copy(&mut from, &mut to).await);
            });
        }
    });
    address
}

async fn answers(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4];
    stream.write_all(b"ping").await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer == *b"ping"
}

#[tokio::test]
async fn bytes_pass_in_clear_and_in_delayed_weather() {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(answers(&mut stream).await);
    proxy.set(Weather::Delay(Duration::from_millis(5)));
    assert!(answers(&mut stream).await);
}

#[tokio::test]
async fn a_cut_closes_what_is_open_and_nothing_else() {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(answers(&mut stream).await);
    proxy.cut();
    assert!(!answers(&mut stream).await);
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(answers(&mut next).await);
}

#[tokio::test]
async fn what_fell_into_a_blackhole_arrives_once_it_is_gone() {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(answers(&mut stream).await);
    proxy.set(Weather::Blackhole);
    let mut answering = Box::pin(answers(&mut stream));
    // Nothing arrives, however often the task is asked.
    for _ in 0..100 {
        assert!(futures_are_pending(&mut answering).await);
    }
    proxy.set(Weather::Clear);
    assert!(answering.await);
}

#[tokio::test]
async fn refused_connections_are_closed_while_open_ones_go_on() {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(answers(&mut stream).await);
    proxy.set(Weather::Refuse);
    assert!(answers(&mut stream).await);
    let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(!answers(&mut refused).await);
}

async fn futures_are_pending(future: &mut (impl Future<Output = bool> + Unpin)) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = tokio::task::yield_now() => true,
    }
}
