//! What a browser complains of, read from its console and from its record of the network.

use serde_json::Value;
use url::{Origin, Url};

/// Complaints that nobody took yet.
#[derive(Debug)]
pub(super) struct Complaints {
    origin: Origin,
    found: Vec<String>,
}

impl Complaints {
    pub(super) fn of(origin: &Url) -> Self {
        Self { origin: origin.origin(), found: Vec::new() }
    }

    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.found)
    }

    /// Errors of scripts, and violations of the content security policy. Failed requests are also written there, but
    /// without saying of what kind they were; [`Complaints::read_network`] judges them.
    pub(super) fn read_console(&mut self, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            let (level, source) = (text(entry, "level"), text(entry, "source"));
            if level != "INFO" && level != "DEBUG" && source != "network" {
                self.found.push(format!("console, {level}: {}", text(entry, "message")));
            }
        }
    }

    /// Requests to elsewhere, and requests of a page for its parts that were refused or got no answer. Which answer
    /// the page itself has is the test's business.
    pub(super) fn read_network(&mut self, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            let Ok(message) = serde_json::from_str::<Value>(text(entry, "message")) else {
                continue;
            };
            let (method, params) =
                (text(&message["message"], "method"), &message["message"]["params"]);
            match method {
                "Network.requestWillBeSent" => self.sent(text(&params["request"], "url")),
                "Network.webSocketCreated" => self.sent(text(params, "url")),
                "Network.responseReceived" => self.answered(params),
                "Network.loadingFailed" => self.failed(params),
                _ => {}
            }
        }
    }

    fn sent(&mut self, url: &str) {
        let Ok(url) = Url::parse(url) else { return };
        let leaves = matches!(url.scheme(), "http" | "https" | "ws" | "wss" | "ftp");
        if leaves && url.origin() != self.origin {
            self.found.push(format!("a request left the origin: {url}"));
        }
    }

    fn answered(&mut self, params: &Value) {
        let status = params["response"]["status"].as_u64().unwrap_or_default();
        let url = text(&params["response"], "url");
        // Of an answer that is no page, and so names no icon, the browser asks for one by itself.
        let unasked = url.ends_with("/favicon.ico");
        if status >= 400 && text(params, "type") != "Document" && !unasked {
            self.found.push(format!("{status} for {url}"));
        }
    }

    /// A stream that ends because its page is left was cancelled, and did not fail.
    fn failed(&mut self, params: &Value) {
        if params["canceled"].as_bool() != Some(true) {
            let (kind, error) = (text(params, "type"), text(params, "errorText"));
            let blocked = text(params, "blockedReason");
            self.found.push(format!("a request for a {kind} failed: {error} {blocked}"));
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
