//! Calls as GitHub makes them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use url::form_urlencoded;
use uuid::Uuid;

use super::{BRANCH, Call, GITHUB_PATH, INSTALLATION_ID, REPOSITORY, REPOSITORY_ID, Seeds};

/// `X-GitHub-Hook-ID` of every call that does not say otherwise.
const HOOK_ID: u64 = 700_001;

/// A signed delivery of GitHub under construction. [`Call::from`] signs it.
#[derive(Debug, Clone)]
pub struct GithubCall {
    secret: String,
    event: String,
    payload: Value,
    raw_body: Option<Vec<u8>>,
    delivery_id: Option<String>,
    hook_id: Option<String>,
    form: bool,
    path: String,
}

impl GithubCall {
    pub(super) fn push(seeds: &Seeds) -> Self {
        Self::event(seeds, "push", json!({})).payload(push_payload())
    }

    pub(super) fn event(seeds: &Seeds, event: &str, mut payload: Value) -> Self {
        if let Some(object) = payload.as_object_mut() {
            object.entry("installation").or_insert_with(|| json!({ "id": INSTALLATION_ID }));
        }
        Self {
            secret: seeds.github_secret.clone(),
            event: event.to_owned(),
            payload,
            raw_body: None,
            delivery_id: Some(Uuid::new_v4().to_string()),
            hook_id: Some(HOOK_ID.to_string()),
            form: false,
            path: GITHUB_PATH.to_owned(),
        }
    }

    /// Replaces the whole JSON.
    #[must_use]
    pub fn payload(mut self, payload: Value) -> Self {
        self.payload = payload;
        self
    }

    /// Changes the JSON.
    #[must_use]
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.payload);
        self
    }

    /// The commit that the branch points at after the push.
    #[must_use]
    pub fn after(self, sha: &str) -> Self {
        self.edit(|payload| payload["after"] = json!(sha))
    }

    #[must_use]
    pub fn before(self, sha: &str) -> Self {
        self.edit(|payload| payload["before"] = json!(sha))
    }

    /// The full ref, such as `refs/heads/main`.
    #[must_use]
    pub fn git_ref(self, git_ref: &str) -> Self {
        self.edit(|payload| payload["ref"] = json!(git_ref))
    }

    #[must_use]
    pub fn repository_id(self, id: i64) -> Self {
        self.edit(|payload| payload["repository"]["id"] = json!(id))
    }

    /// `X-GitHub-Delivery`.
    #[must_use]
    pub fn delivery(mut self, id: &str) -> Self {
        self.delivery_id = Some(id.to_owned());
        self
    }

    #[must_use]
    pub fn without_delivery(mut self) -> Self {
        self.delivery_id = None;
        self
    }

    /// `X-GitHub-Hook-ID`.
    #[must_use]
    pub fn hook(mut self, id: &str) -> Self {
        self.hook_id = Some(id.to_owned());
        self
    }

    /// Signs with another secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// The JSON in the field `payload` of a form, as a webhook may be set to send it.
    #[must_use]
    pub fn form(mut self) -> Self {
        self.form = true;
        self
    }

    /// Exactly this body, signed.
    #[must_use]
    pub fn raw_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.raw_body = Some(body.into());
        self
    }

    /// To another path, such as that of a workspace's own source.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Signed, with all its headers, ready to be tampered with.
    pub fn sign(&self) -> Call {
        let body = match &self.raw_body {
            Some(body) => body.clone(),
            None if self.form => {
                let json = self.payload.to_string();
                form_urlencoded::Serializer::new(String::new())
                    .append_pair("payload", &json)
                    .finish()
                    .into_bytes()
            }
            None => self.payload.to_string().into_bytes(),
        };
        let content_type =
            if self.form { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut call = Call::post(&self.path, body)
            .with("user-agent", "GitHub-Hookshot/044aadd")
            .with("accept", "*/*")
            .with("content-type", content_type)
            .with("x-github-event", &self.event);
        if let Some(id) = &self.delivery_id {
            call = call.with("x-github-delivery", id);
        }
        if let Some(id) = &self.hook_id {
            call = call.with("x-github-hook-id", id);
        }
        let signature = format!("sha256={}", hex::encode(hmac(&self.secret, &call.body)));
        call.with("x-hub-signature-256", signature)
    }
}

impl From<GithubCall> for Call {
    fn from(call: GithubCall) -> Self {
        call.sign()
    }
}

impl From<&GithubCall> for Call {
    fn from(call: &GithubCall) -> Self {
        call.sign()
    }
}

pub(super) fn hmac(secret: &str, body: &[u8]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// A commit that nobody else has.
fn new_sha() -> String {
    hex::encode(Sha1::digest(Uuid::new_v4().as_bytes()))
}

/// A push of one commit, with the parts that a real one has and Hookyard does not read.
fn push_payload() -> Value {
    let (before, after) = (new_sha(), new_sha());
    let (owner, name) = REPOSITORY.split_once('/').expect("owner/name");
    let person =
        json!({ "name": owner, "email": format!("{owner}@example.com"), "username": owner });
    let commit = json!({
        "id": after, "tree_id": new_sha(), "distinct": true, "message": "Describe the skill better",
        "timestamp": "2026-01-01T00:00:00Z", "url": format!("https://github.com/{REPOSITORY}/commit/{after}"),
        "author": person, "committer": person, "added": [], "removed": [],
        "modified": ["skills/review/SKILL.md"],
    });
    json!({
        "ref": format!("refs/heads/{BRANCH}"), "before": before, "after": after,
        "created": false, "deleted": false, "forced": false, "base_ref": null,
        "compare": format!("https://github.com/{REPOSITORY}/compare/{before}...{after}"),
        "commits": [commit], "head_commit": commit,
        "repository": {
            "id": REPOSITORY_ID, "node_id": BASE64_STANDARD.encode(format!("R{REPOSITORY_ID}")),
            "name": name, "full_name": REPOSITORY, "private": true, "default_branch": BRANCH,
            "owner": { "login": owner, "name": owner, "id": 81_001, "type": "Organization" },
            "html_url": format!("https://github.com/{REPOSITORY}"), "pushed_at": 1_767_225_600,
        },
        "pusher": { "name": owner, "email": format!("{owner}@example.com") },
        "sender": { "login": owner, "id": 81_001, "type": "Organization" },
        "installation": { "id": INSTALLATION_ID, "node_id": BASE64_STANDARD.encode("I") },
    })
}
