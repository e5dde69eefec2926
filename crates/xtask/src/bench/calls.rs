//! The calls of a load generator: each with its own delivery id, head, time and signature.
//!
//! What differs from call to call stands at the end of the body. The signature of the long common beginning is
//! computed once and carried on for each call, so that signing costs the generator next to nothing and needs
//! no memory.

use std::fmt::Write as _;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use sha2::Sha256;
use uuid::Uuid;

use super::house::{BRANCH, GITHUB_PATH, HOOK_ID};

const PUSH: &str = include_str!("bodies/push.json");
const REPOSITORIES_ADDED: &str = include_str!("bodies/installation_repositories_added.json");
const REF: &str = "@REF@";
const SHA: &str = "@SHA@";
/// Ten digits: the time of the push, or the id of the repository that was added.
const TIME: &str = "@TIME@";
const TIME_MIN: u64 = 1_000_000_000;
const TIME_END: u64 = 10_000_000_000;

/// What kind of event the calls report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A push to the branch that a target tracks: event, sync event and its job.
    TrackedPush,
    /// A push to a branch that nobody tracks: recorded and ignored.
    UntrackedPush,
    /// A repository added to the installation: event and one job.
    Lifecycle,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::TrackedPush, Self::UntrackedPush, Self::Lifecycle];

    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::TrackedPush => "push to a tracked branch",
            Self::UntrackedPush => "push to an untracked branch (ignored)",
            Self::Lifecycle => "installation_repositories.added (routed)",
        }
    }

    /// The value of `X-GitHub-Event`.
    pub(super) fn event(self) -> &'static str {
        match self {
            Self::TrackedPush | Self::UntrackedPush => "push",
            Self::Lifecycle => "installation_repositories",
        }
    }

    fn body(self) -> String {
        let push = |branch: &str| PUSH.replace(REF, &format!("refs/heads/{branch}"));
        let body = match self {
            Self::TrackedPush => push(BRANCH),
            Self::UntrackedPush => push("nobody/tracks-this"),
            Self::Lifecycle => REPOSITORIES_ADDED.to_owned(),
        };
        body.trim_end().to_owned()
    }
}

/// What is a call's own.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) delivery: Uuid,
    pub(super) sha: String,
    time: u64,
}

impl Own {
    pub(super) fn random() -> Self {
        let mut rng = rand::rng();
        Self {
            delivery: uuid::Builder::from_random_bytes(rng.random()).into_uuid(),
            sha: hex::encode(rng.random::<[u8; 20]>()),
            time: rng.random_range(TIME_MIN..TIME_END),
        }
    }
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Sha,
    Time,
}

/// The common part of a kind of calls.
#[derive(Clone)]
pub(super) struct Template {
    pub(super) kind: Kind,
    /// The request's head up to the signature's value.
    head: String,
    beginning: String,
    pieces: Vec<Piece>,
    signed_beginning: Hmac<Sha256>,
}

impl Template {
    pub(super) fn new(kind: Kind, secret: &str) -> Self {
        let body = kind.body();
        let (beginning, end) = body.split_at(first_of_own(&body).unwrap_or(body.len()));
        let mut signed_beginning = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes keys of any length");
        signed_beginning.update(beginning.as_bytes());
        let mut template = Self {
            kind,
            head: String::new(),
            beginning: beginning.to_owned(),
            pieces: pieces(end),
            signed_beginning,
        };
        let length = template.body(&Own::random()).len();
        template.head = head(kind, length);
        template
    }

    /// The body of a call.
    pub(super) fn body(&self, own: &Own) -> Bytes {
        let mut body = self.beginning.clone().into_bytes();
        body.extend_from_slice(self.end(own).as_bytes());
        body.into()
    }

    /// Writes the whole HTTP request of a call to `out`, which is emptied before.
    pub(super) fn write(&self, own: &Own, out: &mut Vec<u8>) {
        let end = self.end(own);
        let mut mac = self.signed_beginning.clone();
        mac.update(end.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        out.clear();
        for part in [
            &self.head,
            &signature,
            "\r\nX-GitHub-Delivery: ",
            &own.delivery.to_string(),
            "\r\n\r\n",
            &self.beginning,
            &end,
        ] {
            out.extend_from_slice(part.as_bytes());
        }
    }

    fn end(&self, own: &Own) -> String {
        let mut end = String::with_capacity(1024);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => end.push_str(text),
                Piece::Sha => end.push_str(&own.sha),
                Piece::Time => write!(end, "{}", own.time).expect("a string takes everything"),
            }
        }
        end
    }
}

/// Everything but the delivery's id; ends where the signature begins.
fn head(kind: Kind, content_length: usize) -> String {
    format!(
        "POST {GITHUB_PATH} HTTP/1.1\r\n\
         Host: 127.0.0.1\r\n\
         User-Agent: GitHub-Hookshot/044aadd\r\n\
         Accept: */*\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {content_length}\r\n\
         X-GitHub-Event: {}\r\n\
         X-GitHub-Hook-ID: {HOOK_ID}\r\n\
         X-GitHub-Hook-Installation-Target-ID: 1001\r\n\
         X-GitHub-Hook-Installation-Target-Type: integration\r\n\
         X-Hub-Signature-256: sha256=",
        kind.event()
    )
}

fn first_of_own(text: &str) -> Option<usize> {
    [SHA, TIME].iter().filter_map(|own| text.find(own)).min()
}

fn pieces(mut text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(at) = first_of_own(text) {
        let (before, own) = text.split_at(at);
        pieces.push(Piece::Text(before.to_owned()));
        let (piece, name) =
            if own.starts_with(SHA) { (Piece::Sha, SHA) } else { (Piece::Time, TIME) };
        pieces.push(piece);
        text = &own[name.len()..];
    }
    pieces.push(Piece::Text(text.to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use hookyard_sources::sign::sign_github;

    use super::{Kind, Own, Template};

    #[test]
    fn every_call_is_signed_as_github_signs_and_announces_its_length() {
        for kind in Kind::ALL {
            let template = Template::new(kind, "a secret");
            let (first, second) = (Own::random(), Own::random());
            let mut request = Vec::new();
            template.write(&first, &mut request);
            let request = String::from_utf8(request).unwrap();
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            assert_eq!(body.as_bytes(), template.body(&first));
            assert_ne!(template.body(&first), template.body(&second));
            assert!(head.contains(&sign_github(b"a secret", body.as_bytes())));
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
            assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
        }
    }
}
