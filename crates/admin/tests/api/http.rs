//! The running process, and calls to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::yard::Yard;

/// A running admin process; it ends with the test.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // It may have ended by itself in between.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Served {
    /// Starts the process on the yard's database.
    pub(crate) fn start(yard: &Yard) -> Self {
        Self::start_with(yard, &[])
    }

    /// The same with further settings.
    pub(crate) fn start_with(yard: &Yard, settings: &[(&str, &str)]) -> Self {
        let mut command = yard.command(&["serve", "--log-format", "text"]);
        command.envs(settings.iter().copied());
        command.args(["--health-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = lines
            .by_ref()
            .find_map(|line| Some(line.split_once("console on http://")?.1.trim().to_owned()))
            .unwrap();
        // Whoever does not read what a process says stops it in the end.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.parse().unwrap() }
    }

    /// Sends a request and reads its answer. `token` is shown if it is not empty.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answer {
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("authorization: Bearer {token}\r\n")
        };
        let (content, length) = match body {
            Some(body) => {
                let body = body.to_string();
                (format!("content-type: application/json\r\n\r\n{body}"), body.len())
            }
            None => ("\r\n".to_owned(), 0),
        };
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{authorization}content-length: {length}\r\n{content}"
        ))
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, None)
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.call("POST", path, token, Some(body))
    }

    /// Sends these bytes.
    pub(crate) fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}
