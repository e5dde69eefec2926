//! `serve`: the process itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::yard::Yard;

/// Ends the process with the test, however the test ends.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            // It may have ended by itself in between.
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn it_is_ready_when_the_database_answers_and_ends_when_it_is_asked_to() {
    let yard = Yard::new().await;
    let mut command =
        yard.command(&["serve", "--health-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let mut serving =
        Serving(command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(serving.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let address = lines
        .by_ref()
        .find_map(|line| {
            line.split_once("metrics on http://").map(|(_, address)| address.trim().to_owned())
        })
        .unwrap();
    lines.by_ref().find(|line| line.contains("database is ready")).unwrap();
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));

    kill(Pid::from_raw(i32::try_from(serving.0.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(serving.0.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn it_does_not_start_on_a_schema_that_it_does_not_know() {
    let yard = Yard::new().await;
    yard.execute("delete from refinery_schema_history").await;
    let ran =
        yard.run(&["serve", "--health-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    assert!(ran.code == 1 && ran.stderr.contains("hookyard-admin migrate"), "{ran:?}");
}
