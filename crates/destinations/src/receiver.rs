use std::fmt;

use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::ids::DeliveryId;
use http::{HeaderValue, header};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::notice::Notice;
use crate::oauth_client::ClientCall;
use crate::scrub::Scrubber;
use crate::signing::{SigningKey, SigningKeys};
use crate::verdict::of_signed_call;
use crate::webhook::{SignedCall, test_body};
use crate::{
    Answer, Event, Kept, Outgoing, ReceiverUrl, Template, TemplateError, Verdict, Workspace,
    discord, slack,
};

/// A connection or an OAuth client: where calls go, how they are made, and what its answers mean.
///
/// Made once and used for many calls. Its secrets are in no `Debug` and no error.
#[derive(Clone)]
pub struct Receiver {
    url: ReceiverUrl,
    means: Means,
    scrubber: Scrubber,
}

#[derive(Clone)]
enum Means {
    Slack,
    Discord { post: Url },
    Webhook(SigningKeys),
    OauthClient(Option<SecretString>),
}

/// Why no request can be made of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The subscription's template fails on this event.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// An OAuth client is told of connected integrations only.
    #[error("the event has no user and no integration")]
    NotAnIntegration,
}

/// What was saved is no receiver's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was saved of the receiver's credentials cannot be read")]
pub struct UnreadableCredentials;

/// What is sealed: `{"url", "signingKeys"?, "secret"?}`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    url: Zeroizing<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signing_keys: Vec<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Zeroizing<String>>,
}

impl Receiver {
    /// A new connection. `new_key` is asked for a key where calls are signed.
    pub fn connect(
        kind: ConnectionKind,
        url: ReceiverUrl,
        new_key: impl FnOnce() -> SigningKey,
    ) -> Self {
        let means = match kind {
            ConnectionKind::Slack => Means::Slack,
            ConnectionKind::Discord => Means::Discord { post: discord::post_url(url.expose()) },
            ConnectionKind::Webhook => Means::Webhook(SigningKeys::new(new_key())),
        };
        Self::new(url, means)
    }

    /// An OAuth client with or without a secret of its own choice.
    pub fn oauth_client(url: ReceiverUrl, secret: Option<SecretString>) -> Self {
        Self::new(url, Means::OauthClient(secret))
    }

    /// Reads a connection's opened credentials.
    pub fn saved_connection(
        kind: ConnectionKind,
        opened: &[u8],
    ) -> Result<Self, UnreadableCredentials> {
        let (saved, url) = read(opened)?;
        let means = match kind {
            ConnectionKind::Slack => Means::Slack,
            ConnectionKind::Discord => Means::Discord { post: discord::post_url(url.expose()) },
            ConnectionKind::Webhook => Means::Webhook(keys(&saved).ok_or(UnreadableCredentials)?),
        };
        Ok(Self::new(url, means))
    }

    /// Reads an OAuth client's opened credentials.
    pub fn saved_oauth_client(opened: &[u8]) -> Result<Self, UnreadableCredentials> {
        let (saved, url) = read(opened)?;
        let secret = saved.secret.map(|secret| SecretString::from(secret.as_str()));
        Ok(Self::oauth_client(url, secret))
    }

    fn new(url: ReceiverUrl, means: Means) -> Self {
        let own: Vec<SecretString> = match &means {
            Means::Slack | Means::Discord { .. } | Means::OauthClient(None) => Vec::new(),
            Means::Webhook(keys) => keys.iter().flat_map(SigningKey::written).collect(),
            Means::OauthClient(Some(secret)) => vec![secret.clone()],
        };
        let scrubber = Scrubber::new(&url, own);
        Self { url, means, scrubber }
    }

    /// The credentials, to be sealed: JSON.
    pub fn to_be_sealed(&self) -> Zeroizing<Vec<u8>> {
        let signing_keys = self.signing_keys().into_iter().flat_map(SigningKeys::iter);
        let secret = match &self.means {
            Means::OauthClient(secret) => secret.as_ref(),
            Means::Slack | Means::Discord { .. } | Means::Webhook(_) => None,
        };
        let text = |secret: &SecretString| Zeroizing::new(secret.expose_secret().to_owned());
        let saved = Saved {
            url: Zeroizing::new(self.url.expose().to_string()),
            signing_keys: signing_keys.map(|key| text(key.text())).collect(),
            secret: secret.map(text),
        };
        Zeroizing::new(serde_json::to_vec(&saved).expect("texts are always JSON"))
    }

    /// Where calls go; its `Debug` and its host are not secret.
    pub fn url(&self) -> &ReceiverUrl {
        &self.url
    }

    /// The keys that calls are signed with; only receivers of kind `webhook` have them.
    pub fn signing_keys(&self) -> Option<&SigningKeys> {
        match &self.means {
            Means::Webhook(keys) => Some(keys),
            Means::Slack | Means::Discord { .. } | Means::OauthClient(_) => None,
        }
    }

    /// The same receiver with other signing keys: a rotation, or its end. Others than `webhook` stay as they are.
    #[must_use]
    pub fn with_signing_keys(self, keys: SigningKeys) -> Self {
        match self.means {
            Means::Webhook(_) => Self::new(self.url, Means::Webhook(keys)),
            Means::Slack | Means::Discord { .. } | Means::OauthClient(_) => self,
        }
    }

    /// The request that tells the receiver of an event.
    ///
    /// `at` is the time of this attempt. A template makes the message of a chat and the body of a signed call; OAuth
    /// clients have a fixed form.
    pub fn request(
        &self,
        event: &Event,
        template: Option<&Template>,
        delivery: DeliveryId,
        at: Timestamp,
    ) -> Result<Outgoing, RenderError> {
        let own = template.map(|template| template.render(event)).transpose()?;
        match &self.means {
            Means::Slack => {
                let message = own.map(|text| slack::text_message(&text));
                Ok(self.slack(&message.unwrap_or_else(|| slack::message(&Notice::of(event)))))
            }
            Means::Discord { post } => {
                let message = own.map(|text| discord::text_message(&text));
                let message = message.unwrap_or_else(|| discord::message(&Notice::of(event)));
                Ok(to_discord(post, &message))
            }
            Means::Webhook(keys) => {
                let (url, id) = (self.url.expose(), delivery.to_string());
                let call = SignedCall { url, keys, id: &id, event_type: event.event_type(), at };
                Ok(call.request(own.map_or_else(|| event.payload(), Into::into)))
            }
            Means::OauthClient(secret) => {
                let (url, secret) = (self.url.expose(), secret.as_ref());
                ClientCall { url, secret, delivery: delivery.0 }.request(event)
            }
        }
    }

    /// The request that tests the receiver: a message that names the workspace. `id` is new for each test.
    pub fn test_request(&self, workspace: &Workspace, id: Uuid, at: Timestamp) -> Outgoing {
        match &self.means {
            Means::Slack => self.slack(&slack::test_message(&workspace.name)),
            Means::Discord { post } => to_discord(post, &discord::test_message(&workspace.name)),
            Means::Webhook(keys) => {
                let (url, id) = (self.url.expose(), format!("test_{id}"));
                let call = SignedCall { url, keys, id: &id, event_type: "test", at };
                call.request(test_body(workspace, at))
            }
            Means::OauthClient(secret) => {
                let (url, secret) = (self.url.expose(), secret.as_ref());
                ClientCall { url, secret, delivery: id }.test(workspace, at)
            }
        }
    }

    /// What an answer means.
    pub fn judge(&self, answer: &Answer, now: Timestamp) -> Verdict {
        let verdict = match &self.means {
            Means::Slack => slack::judge(answer, now, &self.scrubber),
            Means::Discord { .. } => discord::judge(answer, now, &self.scrubber),
            Means::Webhook(_) | Means::OauthClient(_) => of_signed_call(answer, now),
        };
        match verdict {
            Verdict::Delivered { .. } => verdict,
            Verdict::Failed(mut failure) => {
                failure.error = self.scrubber.scrub(failure.error);
                Verdict::Failed(failure)
            }
        }
    }

    /// What the attempt's record keeps of an answer: nothing of it is a secret of this receiver.
    pub fn keep(&self, answer: &Answer) -> Kept {
        self.scrubber.keep(answer)
    }

    fn slack(&self, message: &Value) -> Outgoing {
        Outgoing::json(self.url.expose().clone(), message.to_string().into())
    }
}

fn to_discord(post: &Url, message: &Value) -> Outgoing {
    let mut outgoing = Outgoing::json(post.clone(), message.to_string().into());
    let user_agent = HeaderValue::from_static(discord::USER_AGENT);
    outgoing.headers.insert(header::USER_AGENT, user_agent);
    outgoing
}

fn read(opened: &[u8]) -> Result<(Saved, ReceiverUrl), UnreadableCredentials> {
    let saved: Saved = serde_json::from_slice(opened).map_err(|_| UnreadableCredentials)?;
    let url = ReceiverUrl::saved(&saved.url).ok_or(UnreadableCredentials)?;
    Ok((saved, url))
}

fn keys(saved: &Saved) -> Option<SigningKeys> {
    let keys = saved.signing_keys.iter().map(|key| SigningKey::parse(&key.as_str().into()));
    SigningKeys::saved(keys.collect::<Result<_, _>>().ok()?)
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.means {
            Means::Slack => "slack",
            Means::Discord { .. } => "discord",
            Means::Webhook(_) => "webhook",
            Means::OauthClient(_) => "oauth client",
        };
        f.debug_struct("Receiver")
            .field("kind", &kind)
            .field("host", &self.url.host())
            .finish_non_exhaustive()
    }
}
