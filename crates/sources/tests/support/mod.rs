//! A call under construction, and the files of `tests/fixtures`.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use hookyard_domain::provider::Provider;
use hookyard_sources::{Call, Freshness, Rejection, Verified, sign, verify};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::SecretSlice;

pub(crate) const SECRET: &str = "It's a Secret to Everybody";

/// The time at which [`linear`]'s calls are judged.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

#[derive(Clone)]
pub(crate) struct Inbound {
    pub(crate) provider: Provider,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) secrets: Vec<String>,
    pub(crate) now_ms: i64,
}

/// A call with this body and a good signature.
pub(crate) fn signed(provider: Provider, body: impl Into<Vec<u8>>) -> Inbound {
    let body = body.into();
    let (secrets, now_ms) = (vec![SECRET.to_owned()], NOW_MS);
    let inbound = Inbound { provider, headers: HeaderMap::new(), body, secrets, now_ms };
    match provider {
        Provider::GitHub => {
            let signature = sign::sign_github(SECRET.as_bytes(), &inbound.body);
            inbound.with("X-Hub-Signature-256", &signature).with("X-GitHub-Event", "push")
        }
        Provider::Linear => {
            let signature = sign::sign_linear(SECRET.as_bytes(), &inbound.body);
            inbound.with("Linear-Signature", &signature)
        }
    }
}

pub(crate) fn github(body: impl Into<Vec<u8>>) -> Inbound {
    signed(Provider::GitHub, body)
}

pub(crate) fn linear(body: impl Into<Vec<u8>>) -> Inbound {
    signed(Provider::Linear, body)
}

impl Inbound {
    /// Adds a header beside those of the same name.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header's value");
        self.headers.append(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Puts this header in the place of all others of its name.
    pub(crate) fn instead(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn secrets(mut self, secrets: &[&str]) -> Self {
        self.secrets = secrets.iter().map(|&secret| secret.to_owned()).collect();
        self
    }

    pub(crate) fn at(mut self, now_ms: i64) -> Self {
        self.now_ms = now_ms;
        self
    }

    pub(crate) fn verify(&self) -> Result<Verified<'_>, Rejection> {
        let secrets: Vec<SecretSlice<u8>> =
            self.secrets.iter().map(|secret| secret.clone().into_bytes().into()).collect();
        let call = Call { headers: &self.headers, body: &self.body };
        let now = Timestamp::from_millisecond(self.now_ms).expect("a time that jiff knows");
        verify(self.provider, &call, &secrets, now, &Freshness::default())
    }

    /// The text of the refusal of a call whose signature is good but which cannot be read.
    pub(crate) fn malformed(&self) -> String {
        match self.verify() {
            Err(Rejection::Malformed(reason)) => reason.to_string(),
            other => panic!("not refused as malformed but {other:?}"),
        }
    }
}

pub(crate) fn fixture(path: &str) -> Vec<u8> {
    let path = fixtures().join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Event, action as in the file's name, and content of every GitHub fixture.
pub(crate) fn github_fixtures() -> Vec<(String, String, Vec<u8>)> {
    let mut all = Vec::new();
    for event in entries(&fixtures().join("github")) {
        for file in entries(&event) {
            let action = name(&file).split('.').nth(1).expect("<number>.<action>.json").to_owned();
            all.push((name(&event), action, fs::read(&file).expect("a readable fixture")));
        }
    }
    all
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).expect("a readable directory");
    entries.map(|entry| entry.expect("a readable entry").path())
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}
