//! The private listener, asked over real sockets.

use std::net::{Ipv4Addr, SocketAddr};

use hookyard_process::{HealthError, HealthListener, Readiness, Stop, Tasks};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DRAIN: std::time::Duration = std::time::Duration::from_secs(30);

struct Running {
    address: SocketAddr,
    readiness: Readiness,
    /// The process' wish to stop; the listener has one of its own.
    stop: Stop,
    listener_stop: Stop,
    tasks: Tasks,
}

impl Running {
    async fn start() -> Self {
        let listener = HealthListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .expect("a free port can be bound");
        let (stop, listener_stop) = (Stop::new(), Stop::new());
        let readiness = Readiness::new(stop.clone());
        let tasks = Tasks::new(listener_stop.clone());
        let address = listener.local_addr();
        tasks.spawn("health listener", listener.serve(readiness.clone(), listener_stop.clone()));
        Self { address, readiness, stop, listener_stop, tasks }
    }

    /// The whole answer to `method path`, head and body.
    async fn ask(&self, request_line: &str) -> String {
        let request = format!("{request_line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        self.send(request.as_bytes()).await
    }

    async fn send(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("the listener accepts");
        stream.write_all(request).await.expect("the listener reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the listener answers in UTF-8");
        answer
    }
}

#[tokio::test]
async fn a_process_that_answers_is_alive() {
    let process = Running::start().await;
    process.readiness.gate("database").set(false, "no connection");
    let answer = process.ask("GET /healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"ok\":true}"), "{answer}");
}

#[tokio::test]
async fn readiness_follows_its_gates_and_names_the_closed_ones() {
    let process = Running::start().await;
    assert!(process.ask("GET /readyz").await.starts_with("HTTP/1.1 200 "));

    let database = process.readiness.gate("database");
    let broker = process.readiness.gate("broker");
    let answer = process.ask("GET /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains(r#"{"gate":"database","reason":"starting"}"#), "{answer}");

    database.set(true, "");
    broker.set(false, "no \"connection\"");
    let answer = process.ask("GET /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(!answer.contains("database"), "{answer}");
    assert!(answer.contains(r#"{"gate":"broker","reason":"no \"connection\""}"#), "{answer}");

    process.readiness.gate("broker").set(true, "");
    assert!(process.ask("GET /readyz").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_stopping_process_is_alive_but_not_ready() {
    let process = Running::start().await;
    process.stop.trigger();
    let answer = process.ask("GET /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("stopping"), "{answer}");
    assert!(process.ask("GET /healthz").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn metrics_tell_what_was_measured_and_what_the_process_uses() {
    let process = Running::start().await;
    metrics::counter!("test_calls_total", "kind" => "a").increment(3);
    metrics::histogram!("test_wait_seconds").record(0.004);

    let answer = process.ask("GET /metrics").await;
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("\ntest_calls_total{kind=\"a\"} 3\n"), "{answer}");
    assert!(answer.contains("\ntest_wait_seconds_bucket{le=\"0.005\"} 1\n"), "{answer}");
    assert!(answer.contains("\ntest_wait_seconds_bucket{le=\"0.0025\"} 0\n"), "{answer}");

    let value = |metric: &str| -> f64 {
        let line = answer.lines().find_map(|line| line.strip_prefix(metric));
        line.expect("the metric is there").trim().parse().expect("its value is a number")
    };
    assert!(value("process_resident_memory_bytes ") > 100_000.0);
    assert!(
        value("process_resident_memory_peak_bytes ") >= value("process_resident_memory_bytes ")
    );
    assert!(value("process_open_fds ") >= 3.0);
    assert!(value("process_threads ") >= 1.0);
    assert!(value("process_uptime_seconds ") > 0.0);
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let process = Running::start().await;
    assert!(process.ask("GET /").await.starts_with("HTTP/1.1 404 "));
    assert!(process.ask("GET /healthz/x").await.starts_with("HTTP/1.1 404 "));
    let answer = process.ask("DELETE /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
}

#[tokio::test]
async fn a_head_request_gets_no_body_and_a_body_is_ignored() {
    let process = Running::start().await;
    let answer = process.ask("HEAD /healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    let request =
        b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc";
    assert!(process.send(request).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn garbage_is_refused_and_harms_nobody() {
    let process = Running::start().await;
    assert!(process.send(b"\x16\x03\x01 nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    assert!(process.ask("GET /healthz").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn an_open_connection_does_not_hold_up_the_stop() {
    let process = Running::start().await;
    let mut idle = TcpStream::connect(process.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    idle.read_u8().await.unwrap();
    process.listener_stop.trigger();
    assert!(process.tasks.drain(DRAIN).await);
    assert!(TcpStream::connect(process.address).await.is_err());
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let process = Running::start().await;
    let Err(error) = HealthListener::bind(process.address).await else {
        panic!("the address is in use");
    };
    assert!(matches!(error, HealthError::Bind { address, .. } if address == process.address));
    assert!(error.to_string().contains(&process.address.to_string()));
}
