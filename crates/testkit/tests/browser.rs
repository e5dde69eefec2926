//! The browser: what it shows, what it finds by its words, and what it complains of.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use hookyard_testkit::browser::{Browser, Look, Scheme, Size};
use hookyard_testkit::servers::test_browser;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const POLICY: &str = "default-src 'none'; img-src 'self'; script-src 'self'; style-src 'self'; connect-src *; form-action 'self'";

const FORM: &str = "<!doctype html><title>A form</title><link rel=icon href=/favicon.ico><h1>Who are you?</h1>
    <form action=/hello><label for=name>Your name</label><input id=name name=name value=nobody>
    <label>Greeting <select name=greeting><option>Hello</option><option>Welcome</option></select></label>
    <button hidden>Send it</button><button><svg></svg> Send  it</button></form>";

fn page(path: &str) -> (u16, &'static str, String) {
    match path.split('?').next().unwrap() {
        "/form" => (200, "text/html", FORM.to_owned()),
        "/hello" => (200, "text/html", format!("<!doctype html><h1>You came by</h1><p>{path}")),
        "/styled" => (
            200,
            "text/html",
            "<!doctype html><meta name=viewport content=width=device-width><link rel=stylesheet href=/look.css><p>How I look".to_owned(),
        ),
        "/look.css" => (
            200,
            "text/css",
            "p { color: black } @media (prefers-color-scheme: dark) { p { color: rgb(255, 0, 0) } }".to_owned(),
        ),
        "/inline" => (
            200,
            "text/html",
            "<!doctype html><p>Ready</p><script>document.title = 'obeyed'</script>".to_owned(),
        ),
        "/outside" => (
            200,
            "text/html",
            "<!doctype html><p>Ready</p><script src=/outside.js></script>".to_owned(),
        ),
        "/outside.js" => {
            (200, "text/javascript", "fetch('http://elsewhere.test/pixel').catch(() => 0)".to_owned())
        }
        "/broken" => (
            200,
            "text/html",
            "<!doctype html><p>Ready</p><script src=/missing.js></script><script src=/throws.js></script>".to_owned(),
        ),
        "/throws.js" => (200, "text/javascript", "throw new Error('it was too much')".to_owned()),
        "/favicon.ico" => (200, "image/x-icon", String::new()),
        _ => (404, "text/html", "<!doctype html><h1>Nothing is here".to_owned()),
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, kind, body) = page(request.uri().path_and_query().unwrap().as_str());
    let response = Response::builder()
        .status(status)
        .header("content-type", format!("{kind}; charset=utf-8"))
        .header("content-security-policy", POLICY)
        .body(Full::new(Bytes::from(body)));
    Ok(response.unwrap())
}

/// Serves the pages above; ends with the test's runtime.
#[expect(clippy::disallowed_methods, reason = "a test's server ends with the test")]
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
    address
}

async fn browser() -> Browser {
    Browser::start(&test_browser(), &format!("http://{}", serve().await)).await
}

#[tokio::test]
async fn a_form_is_filled_and_sent_by_the_words_that_a_person_sees() {
    let browser = browser().await;
    browser.open("/form").await;
    browser.sees("Who are you?").await;
    browser.fill("Your name", "Ada").await;
    browser.choose("Greeting", "Welcome").await;
    browser.click("Send it").await;
    browser.arrives("/hello").await;
    browser.sees("You came by").await;
    assert_eq!(browser.path().await, "/hello?name=Ada&greeting=Welcome");
    assert!(!browser.offers("Send it").await);
    browser.finish().await;
}

#[tokio::test]
async fn it_looks_as_it_is_told() {
    let browser = browser().await;
    browser.open("/styled").await;
    let color = "return getComputedStyle(document.querySelector('p')).color";
    assert_eq!(browser.run(color, vec![]).await.unwrap(), "rgb(0, 0, 0)");
    browser.look(Look { size: Size::Phone, scheme: Scheme::Dark }).await;
    assert_eq!(browser.run(color, vec![]).await.unwrap(), "rgb(255, 0, 0)");
    assert_eq!(browser.run("return innerWidth", vec![]).await.unwrap(), 390);
    let picture = browser.picture().await;
    assert_eq!(picture[..8], *b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (390, 844));
    browser.finish().await;
}

#[tokio::test]
async fn what_a_person_does_not_see_is_complained_of() {
    let browser = browser().await;
    browser.open("/inline").await;
    browser.sees("Ready").await;
    let complaints = browser.take_complaints().await.join("\n");
    assert!(complaints.contains("Content Security Policy"), "{complaints}");

    browser.open("/outside").await;
    browser.sees("Ready").await;
    let complaints = browser.take_complaints().await.join("\n");
    assert!(
        complaints.contains("a request left the origin: http://elsewhere.test/pixel"),
        "{complaints}"
    );

    browser.open("/broken").await;
    browser.sees("Ready").await;
    let complaints = browser.take_complaints().await.join("\n");
    assert!(complaints.contains("it was too much"), "{complaints}");
    assert!(complaints.contains("404 for http"), "{complaints}");

    browser.open("/nowhere").await;
    browser.sees("Nothing is here").await;
    assert_eq!(browser.take_complaints().await, Vec::<String>::new());
    browser.finish().await;
}
