use hookyard_testkit::gateway::Gateway;

async fn stops(what: &str, gateway: &Gateway) {
    let t = std::time::Instant::now();
    gateway.ingress().stop().await;
    eprintln!("{what}: {:?}", t.elapsed());
}

#[tokio::test]
async fn a() {
    let gateway = Gateway::start().await;
    stops("idle", &gateway).await;
    gateway.ingress().start().await;
    gateway.post(gateway.github_push().git_ref("refs/tags/x")).await;
    stops("ignored", &gateway).await;
    gateway.ingress().start().await;
    gateway.post(gateway.github_push()).await;
    stops("push", &gateway).await;
    gateway.ingress().start().await;
    gateway.post(gateway.github_push()).await;
    let t = std::time::Instant::now();
    while t.elapsed().as_secs() < 6 { tokio::time::sleep(std::time::Duration::from_millis(100)).await; }
    stops("push, later", &gateway).await;
    eprintln!("{}", gateway.ingress().log());
    gateway.finish().await;
}
