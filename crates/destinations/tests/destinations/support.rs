//! A receiver that answers with given bytes, and what the tests send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookyard_destinations::{
    AddressPolicy, Event, EventHead, Outgoing, Receiver, ReceiverUrl, Sender, SenderSettings,
    SigningKey, Workspace,
};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::ids::{DeliveryId, EventId, WorkspaceId};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const AT: Timestamp = Timestamp::constant(1_763_632_800, 0);

/// What a receiver does with each request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Writes these bytes and keeps the connection.
    Say(String),
    /// Writes these bytes and closes.
    SayAndClose(String),
    /// Writes the first bytes, and the second for ever.
    SayForEver(String, String),
    /// Reads and says nothing.
    Hang,
    /// Writes these bytes before anything was read, and closes.
    Greet(String),
    /// Closes at once, before anything was read.
    Reset,
}

pub(crate) struct TestReceiver {
    pub(crate) address: SocketAddr,
    /// The requests as they came.
    pub(crate) requests: mpsc::UnboundedReceiver<String>,
    pub(crate) connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for TestReceiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestReceiver {
    #[expect(clippy::disallowed_methods, reason = "the task is aborted with its owner")]
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, requests) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, behaviour.clone(), seen.clone()));
            }
        });
        Self { address, requests, connections, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, seen: mpsc::UnboundedSender<String>) {
    if matches!(behaviour, Behaviour::Reset) {
        stream.set_zero_linger().unwrap();
        return;
    }
    if let Behaviour::Greet(greeting) = &behaviour {
        stream.write_all(greeting.as_bytes()).await.unwrap();
        drop(read_request(&mut stream).await);
        return;
    }
    while let Some(request) = read_request(&mut stream).await {
        drop(seen.send(request));
        match &behaviour {
            Behaviour::Say(answer) => drop(stream.write_all(answer.as_bytes()).await),
            Behaviour::SayAndClose(answer) => {
                drop(stream.write_all(answer.as_bytes()).await);
                return;
            }
            Behaviour::SayForEver(first, then) => {
                drop(stream.write_all(first.as_bytes()).await);
                while stream.write_all(then.as_bytes()).await.is_ok() {}
                return;
            }
            Behaviour::Hang => std::future::pending().await,
            Behaviour::Greet(_) | Behaviour::Reset => return,
        }
    }
}

/// Head and body of the next request.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn loopback() -> AddressPolicy {
    AddressPolicy::new("127.0.0.0/8,::1".parse().unwrap())
}

pub(crate) fn sender() -> Sender {
    Sender::new(SenderSettings { policy: loopback(), ..SenderSettings::default() }).unwrap()
}

pub(crate) fn receiver(kind: ConnectionKind, url: &str) -> Receiver {
    let url = ReceiverUrl::parse(kind, url, &loopback()).unwrap();
    Receiver::connect(kind, url, || SigningKey::from_random([7; 32]))
}

pub(crate) fn workspace() -> Workspace {
    Workspace {
        id: WorkspaceId(Uuid::from_u128(2)),
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
    }
}

pub(crate) fn event(event_type: &str, body: &str) -> Event {
    let head = EventHead {
        id: EventId(Uuid::from_u128(1)),
        event_type: event_type.to_owned(),
        workspace: workspace(),
        occurred_at: AT,
    };
    Event::new(head, body.as_bytes()).unwrap()
}

pub(crate) fn delivery() -> DeliveryId {
    DeliveryId(Uuid::from_u128(0x0190_0000_0000_8000_8000_0000_0000_0007))
}

/// A signed call of a plain event.
pub(crate) fn call(url: &str) -> Outgoing {
    receiver(ConnectionKind::Webhook, url)
        .request(&event("order.paid", r#"{"total":9}"#), None, delivery(), AT)
        .unwrap()
}
