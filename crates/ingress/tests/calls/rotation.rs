//! A new secret, while calls keep coming.

use hookyard_testkit::gateway::{Gateway, PATIENCE, until};

use crate::support::Traffic;

async fn rotate(gateway: &Gateway, secret: &str, keep_old_for: &str) {
    let source = gateway.seeds().github_source.as_str();
    let args = ["source", "rotate", source, "--secret-stdin", "--keep-old-for", keep_old_for];
    gateway.admin().json_with_input(&args, secret).await;
}

#[tokio::test]
async fn during_a_rotation_no_good_call_is_refused() {
    let gateway = Gateway::start().await;
    let traffic = Traffic::start(&gateway);

    rotate(&gateway, "the new secret", "24h").await;
    let taken =
        async || gateway.post(gateway.github_push().secret("the new secret")).await.is_success();
    until("the new secret is known", PATIENCE, taken).await;
    for _ in 0..20 {
        assert_eq!(gateway.post(gateway.github_push().secret("the new secret")).await.status, 202);
    }

    assert!(traffic.stop().await > 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_secret_that_has_ended_is_refused_within_seconds() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.post(gateway.github_push()).await.status, 202);
    rotate(&gateway, "the new secret", "0s").await;
    let refused = async || gateway.post(gateway.github_push()).await.status == 401;
    until("the old secret is refused", PATIENCE, refused).await;
    assert_eq!(gateway.post(gateway.github_push().secret("the new secret")).await.status, 202);
    gateway.finish().await;
}
