//! Bytes that are no good HTTP, or that two readers could read in two ways.

use hookyard_testkit::gateway::{Call, Gateway};

use crate::support::{assert_queued, assert_refused, events};

#[tokio::test]
async fn a_body_in_chunks_is_a_body() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let mut connection = gateway.connect().await;
    connection.send(&call.clone().with("transfer-encoding", "chunked").head()).await;
    for chunk in call.body.chunks(7) {
        connection.send(format!("{:X};extension=1\r\n", chunk.len()).as_bytes()).await;
        connection.send(chunk).await;
        connection.send(b"\r\n").await;
    }
    connection.send(b"0\r\nx-trailer: not signed\r\n\r\n").await;
    assert_queued(&connection.answer().await.unwrap());
    gateway.finish().await;
}

#[tokio::test]
async fn broken_chunks_are_refused() {
    let gateway = Gateway::start().await;
    for chunks in
        ["xyz\r\n{}\r\n0\r\n\r\n", "2\r\n{}garbage\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}"]
    {
        let call = Call::from(gateway.github_push()).with("transfer-encoding", "chunked");
        let mut bytes = call.head();
        bytes.extend_from_slice(chunks.as_bytes());
        let answer = gateway.raw(&bytes).await.unwrap();
        assert_refused(&answer, 400, "body incomplete or wrongly framed");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

/// RFC 9112, section 6.3: whoever forwarded it may have read the other length, and what is left over would be read
/// as a request that nobody sent.
#[tokio::test]
async fn chunks_together_with_a_length_are_refused_and_end_the_connection() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let length = call.body.len().to_string();
    let length_first =
        call.clone().with("content-length", &length).with("transfer-encoding", "chunked");
    let chunks_first =
        call.clone().with("transfer-encoding", "chunked").with("content-length", &length);
    for both in [length_first, chunks_first] {
        let mut connection = gateway.connect().await;
        let mut bytes = both.head();
        bytes.extend_from_slice(format!("{:x}\r\n", both.body.len()).as_bytes());
        bytes.extend_from_slice(&both.body);
        bytes.extend_from_slice(b"\r\n0\r\n\r\n");
        // What a second reader would take for the next request.
        bytes.extend_from_slice(&Call::from(gateway.github_push()).bytes());
        connection.send(&bytes).await;
        assert_eq!(connection.answer().await.unwrap().status, 400);
        assert!(connection.is_closed().await);
    }
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn codings_other_than_chunks_are_refused_and_end_the_connection() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let mut connection = gateway.connect().await;
    let mut bytes = call.clone().with("transfer-encoding", "gzip, chunked").head();
    bytes.extend_from_slice(format!("{:x}\r\n", call.body.len()).as_bytes());
    bytes.extend_from_slice(&call.body);
    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    connection.send(&bytes).await;
    let answer = connection.answer().await.unwrap();
    assert_refused(&answer, 501, "transfer coding other than chunked");
    assert!(connection.is_closed().await);
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn lengths_that_differ_or_are_no_numbers_are_refused() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let length = call.body.len();
    let longer = (length + 1).to_string();
    for lengths in [
        vec![length.to_string(), longer.clone()],
        vec![format!("{length}, {longer}")],
        vec![format!("-{length}")],
        vec![format!("+{length}")],
        vec!["99999999999999999999".to_owned()],
        vec!["0x10".to_owned()],
    ] {
        let what = format!("{lengths:?}");
        let with = |call: Call, length: String| call.with("content-length", length);
        let mut bytes = lengths.into_iter().fold(call.clone(), with).head();
        bytes.extend_from_slice(&call.body);
        let mut connection = gateway.connect().await;
        connection.send(&bytes).await;
        assert_eq!(connection.answer().await.unwrap().status, 400, "{what}");
        assert!(connection.is_closed().await, "{what}");
    }
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_call_that_names_no_host_or_several_is_refused_and_one_of_http_1_0_need_not() {
    let gateway = Gateway::start().await;
    let call = String::from_utf8(Call::from(gateway.github_push()).bytes()).unwrap();
    let none = call.replace("host: hooks\r\n", "");
    let several = call.replace("host: hooks\r\n", "host: hooks\r\nhost: others\r\n");
    assert_ne!(none, call);
    for (what, bytes) in [("none", &none), ("several", &several)] {
        let answer = gateway.raw(bytes.as_bytes()).await.expect(what);
        assert_refused(&answer, 400, "not exactly one Host header");
    }
    assert_eq!(events(&gateway).await, 0);
    let old = none.replace("HTTP/1.1", "HTTP/1.0");
    assert_queued(&gateway.raw(old.as_bytes()).await.unwrap());
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_that_ends_early_leaves_no_trace() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let mut bytes = call.bytes();
    bytes.truncate(bytes.len() - 1);
    let mut connection = gateway.connect().await;
    connection.send(&bytes).await;
    drop(connection);
    assert_queued(&gateway.post(call).await);
    assert_eq!(events(&gateway).await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn pipelined_calls_are_answered_in_their_order() {
    let gateway = Gateway::start().await;
    let calls: Vec<Call> =
        (0..20).map(|n| Call::from(gateway.github_push().delivery(&format!("d-{n}")))).collect();
    let mut connection = gateway.connect().await;
    connection.send(&calls.iter().flat_map(Call::bytes).collect::<Vec<u8>>()).await;
    for n in 0..20 {
        let answer = connection.answer().await.unwrap();
        assert_queued(&answer);
        assert_eq!(answer.text("deliveryId"), format!("d-{n}"));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let no_request = (400, "not a valid HTTP/1.1 request");
    let broken: [(&str, Vec<u8>, (u16, &str)); 4] = [
        ("no HTTP", b"hello\r\n\r\n".to_vec(), no_request),
        ("a header without a colon", b"POST / HTTP/1.1\r\nnonsense\r\n\r\n".to_vec(), no_request),
        (
            "an endless target",
            format!("POST /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)).into_bytes(),
            (414, "request target too long"),
        ),
        (
            "another version",
            String::from_utf8(call.bytes()).unwrap().replace("HTTP/1.1", "HTTP/4.2").into_bytes(),
            no_request,
        ),
    ];
    for (what, bytes, (status, error)) in broken {
        let answer = gateway.raw(&bytes).await.unwrap_or_else(|| panic!("{what}: no answer"));
        assert_refused(&answer, status, error);
    }
    // A TLS client that was given the wrong URL.
    assert!(
        gateway
            .raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            .await
            .is_none_or(|it| it.status == 400)
    );
    assert_queued(&gateway.post(call).await);
    gateway.finish().await;
}
