//! The sender against receivers that answer well, badly or not at all.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::{AT, Behaviour, TestReceiver, call, loopback, ok, receiver, sender};
use hookyard_destinations::{
    ANSWER_BYTES_MAX, AddressPolicy, Ending, SendError, Sender, SenderSettings, Verdict,
};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::delivery::ErrorClass;
use tokio::net::TcpListener;

async fn failure(behaviour: Behaviour) -> SendError {
    let receiver = TestReceiver::start(behaviour).await;
    sender().send(call(&receiver.url("/hook"))).await.unwrap_err()
}

#[tokio::test]
async fn a_call_is_sent_once_and_its_answer_read() {
    let mut receiver = TestReceiver::start(Behaviour::Say(ok("thanks"))).await;
    let answer = sender().send(call(&receiver.url("/hook?tenant=7"))).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (200, b"thanks".as_ref()));
    assert_eq!(answer.ending, Ending::Complete);

    let request = receiver.requests.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?tenant=7 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nuser-agent: Hookyard-Webhooks/"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert_eq!(
        body,
        r#"{"type":"order.paid","timestamp":"2025-11-20T10:00:00.000Z","data":{"total":9}}"#
    );
    assert!(receiver.requests.try_recv().is_err(), "nothing is repeated");
}

#[tokio::test]
async fn connections_are_used_again() {
    let receiver = TestReceiver::start(Behaviour::Say(ok(""))).await;
    let sender = sender();
    for _ in 0..20 {
        sender.send(call(&receiver.url("/"))).await.unwrap();
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = TestReceiver::start(Behaviour::Say(ok(""))).await;
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        target.url("/latest/meta-data/")
    );
    let redirecting = TestReceiver::start(Behaviour::Say(answer)).await;
    let url = redirecting.url("/");
    let answer = sender().send(call(&url)).await.unwrap();
    let Verdict::Failed(failure) = receiver(ConnectionKind::Webhook, &url).judge(&answer, AT)
    else {
        panic!("a redirect is no success");
    };
    assert_eq!(failure.class, ErrorClass::Redirect);
    assert_eq!(target.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_endless_answer_is_read_up_to_its_bound() {
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for first in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        let endless = Behaviour::SayForEver(first.to_owned(), chunk.clone());
        let server = TestReceiver::start(endless).await;
        let url = server.url("/");
        let answer = sender().send(call(&url)).await.unwrap();
        assert_eq!((answer.body.len(), &answer.ending), (ANSWER_BYTES_MAX, &Ending::TooLong));
        // A signed call is answered by its status; more than that is the endpoint's own affair.
        match receiver(ConnectionKind::Webhook, &url).judge(&answer, AT) {
            Verdict::Delivered { .. } => assert_eq!(answer.status, 200),
            Verdict::Failed(failure) => {
                assert_eq!((failure.class, failure.status), (ErrorClass::ServerError, Some(503)));
            }
        }
    }
}

/// A chunked answer of these parts.
fn in_parts(parts: &[&str]) -> Behaviour {
    use std::fmt::Write as _;
    let mut answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    for part in parts.iter().chain(&[""]) {
        write!(answer, "{:x}\r\n{part}\r\n", part.len()).unwrap();
    }
    Behaviour::Say(answer)
}

#[tokio::test]
async fn an_answer_in_parts_is_read_whole_and_in_order() {
    for parts in [&["one,", "two,", "three"][..], &["one,", "two,", "three,", "four"], &[]] {
        let server = TestReceiver::start(in_parts(parts)).await;
        let answer = sender().send(call(&server.url("/"))).await.unwrap();
        assert_eq!(answer.body, parts.concat());
        assert_eq!(answer.ending, Ending::Complete);
    }
}

#[tokio::test]
async fn an_answer_in_parts_is_bounded_as_one() {
    let [long, short] = ["l".repeat(30_000), "s".repeat(200)];
    for parts in [[&long, &short, &long, &short, &long], [&short, &long, &short, &long, &long]] {
        let parts = parts.map(String::as_str);
        let server = TestReceiver::start(in_parts(&parts)).await;
        let answer = sender().send(call(&server.url("/"))).await.unwrap();
        assert_eq!(answer.body, parts.concat()[..ANSWER_BYTES_MAX]);
        assert_eq!(answer.ending, Ending::TooLong);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_success() {
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned();
    let server = TestReceiver::start(Behaviour::SayAndClose(short)).await;
    let answer = sender().send(call(&server.url("/"))).await.unwrap();
    assert_eq!(answer.body.as_ref(), b"half");
    assert!(matches!(answer.ending, Ending::Broken(SendError { class: ErrorClass::Reset, .. })));

    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n".to_owned();
    let server = TestReceiver::start(Behaviour::Say(chunks)).await;
    let answer = sender().send(call(&server.url("/"))).await.unwrap();
    assert!(
        matches!(answer.ending, Ending::Broken(SendError { class: ErrorClass::Garbage, .. })),
        "{:?}",
        answer.ending
    );
}

#[tokio::test]
async fn failures_of_the_network_have_their_class() {
    let garbage = failure(Behaviour::SayAndClose("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned())).await;
    assert_eq!(garbage.class, ErrorClass::Garbage, "{garbage}");
    let cut = failure(Behaviour::SayAndClose("HTTP/1.1 200 OK\r\nconte".to_owned())).await;
    assert_eq!(cut.class, ErrorClass::Reset, "{cut}");
    let silent = failure(Behaviour::SayAndClose(String::new())).await;
    assert_eq!(silent.class, ErrorClass::Reset, "{silent}");
    let reset = failure(Behaviour::Reset).await;
    assert_eq!(reset.class, ErrorClass::Reset, "{reset}");

    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", unused.local_addr().unwrap());
    drop(unused);
    let refused = sender().send(call(&closed)).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Connect, "{refused}");
}

#[tokio::test]
async fn a_receiver_without_tls_fails_the_handshake() {
    let plain =
        TestReceiver::start(Behaviour::Greet("220 mail.example ESMTP\r\n".to_owned())).await;
    let url = plain.url("/").replace("http://", "https://");
    let error = sender().send(call(&url)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Tls, "{error}");

    let closing = TestReceiver::start(Behaviour::Reset).await;
    let url = closing.url("/").replace("http://", "https://");
    let reset = sender().send(call(&url)).await.unwrap_err();
    assert!(matches!(reset.class, ErrorClass::Connect | ErrorClass::Tls), "{reset}");
}

#[tokio::test]
async fn a_receiver_that_hangs_ends_by_the_timeout() {
    let server = TestReceiver::start(Behaviour::Hang).await;
    let settings = SenderSettings {
        policy: loopback(),
        timeout: Duration::from_millis(100),
        ..SenderSettings::default()
    };
    let error = Sender::new(settings).unwrap().send(call(&server.url("/"))).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout);
}

#[tokio::test]
async fn without_an_allow_list_nothing_inside_is_reached() {
    let server = TestReceiver::start(Behaviour::Say(ok(""))).await;
    let port = server.address.port();
    let strict = Sender::new(SenderSettings {
        policy: AddressPolicy::default(),
        ..SenderSettings::default()
    })
    .unwrap();
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"] {
        for scheme in ["http", "https"] {
            // The URL was saved while an allow-list was in force.
            let url = format!("{scheme}://{host}:{port}/");
            let error = strict.send(call(&url)).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::Address, "{host}: {error}");
        }
        let url = format!("https://{host}:{port}/").parse().unwrap();
        assert_eq!(strict.check(&url).await.unwrap_err().class, ErrorClass::Address, "{host}");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn plain_http_reaches_the_allow_list_only_also_by_name() {
    let server = TestReceiver::start(Behaviour::Say(ok(""))).await;
    let url = format!("http://localhost:{}/", server.address.port());
    sender().send(call(&url)).await.unwrap();

    let policy = AddressPolicy::new("10.0.0.0/8".parse().unwrap());
    let elsewhere = Sender::new(SenderSettings { policy, ..SenderSettings::default() }).unwrap();
    let error = elsewhere.send(call(&url)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Address, "{error}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_so() {
    // RFC 6761: no name under `invalid` exists.
    let error = sender().send(call("https://hookyard-test.invalid/")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Dns, "{error}");
    assert!(!error.to_string().contains("https://"), "{error}");
}
