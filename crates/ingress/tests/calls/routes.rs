//! Paths and methods.

use hookyard_testkit::gateway::{Call, Gateway};

use crate::support::{assert_no_trace, assert_queued, assert_refused};

#[tokio::test]
async fn only_the_documented_paths_and_post_are_answered() {
    let gateway = Gateway::builder().without_target().start().await;
    for path in [
        "/",
        "/healthz",
        "/v1/webhooks/connectors/gitlab",
        "/v1/webhooks/connectors/github/",
        "/v1/webhooks/connectors/GITHUB",
        "/v1/webhooks/sources/github",
        "/v1/webhooks/../webhooks/connectors/github",
    ] {
        let call = Call::from(gateway.github_push().path(path));
        assert_refused(&gateway.raw(&call.bytes()).await.unwrap(), 404, "no such path");
    }
    let unknown = gateway.github_push().path("/v1/webhooks/sources/src_01h455vb4pex5vsknk084sn02q");
    assert_refused(&gateway.post(unknown).await, 404, "unknown source");
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let answer = gateway.post(Call::from(gateway.github_push()).method(method)).await;
        assert_refused(&answer, 405, "use POST");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    assert_no_trace(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn the_query_does_not_matter() {
    let gateway = Gateway::start().await;
    let call = gateway.github_push().path("/v1/webhooks/connectors/github?token=x");
    assert_queued(&gateway.post(call).await);
    gateway.finish().await;
}

#[tokio::test]
async fn a_source_that_is_switched_off_is_as_unknown() {
    let gateway = Gateway::start().await;
    let args = [
        "source",
        "create",
        "--provider",
        "github",
        "--workspace",
        "acme",
        "--slug",
        "own",
        "--secret-stdin",
    ];
    let source = gateway.admin().json_with_input(&args, "another secret").await;
    let (id, path) = (source["id"].as_str().unwrap(), source["path"].as_str().unwrap());
    gateway.admin().json(&["source", "disable", id]).await;
    let call = gateway.github_push().path(path).secret("another secret");
    assert_refused(&gateway.post(call).await, 404, "unknown source");
    gateway.finish().await;
}
