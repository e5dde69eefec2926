use hookyard_github::{Clock, GitHub, GitHubError, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

use crate::support::{World, key, now};

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let world = World::small().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let elsewhere = world.sim.url().join("/app").unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let answer =
            format!("HTTP/1.1 301 Moved\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let settings = Settings::new(url.parse().unwrap());
    let github = GitHub::new(&settings, &key(&world.sim), Clock::new(now)).unwrap();
    let error = github.app().await.unwrap_err();
    assert!(matches!(error, GitHubError::Unexpected { .. }), "{error:?}");
    assert_eq!(world.sim.requests_total(), 0);
}
