use std::fmt;

use hookyard_domain::connection::ConnectionKind;
use url::{Host, Url};

use crate::{AddressPolicy, AddressRefused, discord, slack};

/// The longest URL of a receiver, in bytes.
const URL_BYTES_MAX: usize = 2048;

/// Where the calls of a receiver go: of the shape that its kind demands, without credentials before the host.
///
/// A secret: whoever knows the URL of a Slack or Discord webhook may post there. `Debug` shows the host only.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverUrl(Url);

/// Why a URL was refused when it was to be saved. No variant quotes more of it than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// No absolute URL.
    #[error("this is no URL")]
    NotAUrl,
    /// Longer than a URL may be.
    #[error("the URL is longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// A user name or password before the host.
    #[error("the URL must not contain a user name or a password")]
    Credentials,
    /// A part after `#`, which is never sent.
    #[error("the URL must not contain a fragment (#...)")]
    Fragment,
    /// An address or a scheme that is not called.
    #[error(transparent)]
    Address(#[from] AddressRefused),
    /// The URL of another kind of connection.
    #[error("this is a {found} webhook URL: connect it as kind {found}, not {wanted}")]
    OtherKind {
        /// What was to be connected.
        wanted: ConnectionKind,
        /// What the URL belongs to.
        found: ConnectionKind,
    },
    /// Not the shape that the kind demands.
    #[error("a {wanted} webhook URL looks like {example}")]
    Shape {
        /// What was to be connected.
        wanted: ConnectionKind,
        /// A URL of the right shape.
        example: &'static str,
    },
}

impl ReceiverUrl {
    /// Reads the URL for a connection of this kind; OAuth clients have URLs of kind `webhook`.
    ///
    /// Scheme and host are free for addresses of the policy's allow-list, the shape of the path is not.
    pub fn parse(
        kind: ConnectionKind,
        text: &str,
        policy: &AddressPolicy,
    ) -> Result<Self, UrlRefused> {
        let text = text.trim();
        if text.len() > URL_BYTES_MAX {
            return Err(UrlRefused::TooLong);
        }
        let url: Url = text.parse().map_err(|_| UrlRefused::NotAUrl)?;
        if !url.has_host() {
            return Err(UrlRefused::NotAUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefused::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlRefused::Fragment);
        }
        if let Some(found) = kind_of_host(&url)
            && found != kind
        {
            return Err(UrlRefused::OtherKind { wanted: kind, found });
        }
        policy.check_url(&url)?;
        check_shape(kind, &url, is_simulated(&url, policy))?;
        Ok(Self(url))
    }

    /// Takes a URL that was checked when it was saved.
    pub(crate) fn saved(text: &str) -> Option<Self> {
        let url: Url = text.parse().ok()?;
        (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(Self(url))
    }

    /// Host and port: what may be shown.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The URL itself, a secret.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiverUrl({}/...)", self.host())
    }
}

/// Whether the host is an address of the allow-list, where a provider may be played.
fn is_simulated(url: &Url, policy: &AddressPolicy) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => policy.is_allowed_by_list(address.into()),
        Some(Host::Ipv6(address)) => policy.is_allowed_by_list(address.into()),
        Some(Host::Domain("localhost")) => {
            policy.is_allowed_by_list(std::net::Ipv4Addr::LOCALHOST.into())
        }
        Some(Host::Domain(_)) | None => false,
    }
}

/// The kind whose provider lives at this host.
fn kind_of_host(url: &Url) -> Option<ConnectionKind> {
    let host = url.host_str()?.trim_end_matches('.');
    if slack::HOSTS.contains(&host) {
        Some(ConnectionKind::Slack)
    } else if discord::HOSTS.contains(&host) && url.path().starts_with("/api/") {
        Some(ConnectionKind::Discord)
    } else {
        None
    }
}

fn check_shape(wanted: ConnectionKind, url: &Url, simulated: bool) -> Result<(), UrlRefused> {
    let at = |hosts: &[&str]| {
        simulated || (url.port().is_none() && hosts.contains(&url.host_str().unwrap_or_default()))
    };
    match wanted {
        ConnectionKind::Slack if at(&slack::HOSTS) && slack::is_path(url) => Ok(()),
        ConnectionKind::Discord if at(&discord::HOSTS) && discord::is_path(url) => Ok(()),
        ConnectionKind::Slack => Err(UrlRefused::Shape { wanted, example: slack::EXAMPLE }),
        ConnectionKind::Discord => Err(UrlRefused::Shape { wanted, example: discord::EXAMPLE }),
        ConnectionKind::Webhook => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLACK: &str = "https://hooks.slack.com/services/T000/B000/abcDEF123";
    const DISCORD: &str = "https://discord.com/api/webhooks/123456789/abc-DEF_123";

    fn parse(kind: ConnectionKind, text: &str) -> Result<ReceiverUrl, UrlRefused> {
        ReceiverUrl::parse(kind, text, &AddressPolicy::default())
    }

    fn simulated(kind: ConnectionKind, text: &str) -> Result<ReceiverUrl, UrlRefused> {
        ReceiverUrl::parse(kind, text, &AddressPolicy::new("127.0.0.0/8".parse().unwrap()))
    }

    #[test]
    fn the_urls_that_providers_give_out_are_taken() {
        for (kind, url) in [
            (ConnectionKind::Slack, SLACK),
            (ConnectionKind::Slack, "https://hooks.slack-gov.com/services/T0/B0/abc"),
            (ConnectionKind::Discord, DISCORD),
            (ConnectionKind::Discord, "https://discord.com/api/v10/webhooks/1/abc"),
            (ConnectionKind::Discord, "https://discordapp.com/api/webhooks/1/abc"),
            (ConnectionKind::Discord, "https://ptb.discord.com/api/webhooks/1/abc"),
            (ConnectionKind::Discord, "https://canary.discord.com/api/webhooks/1/a?thread_id=7"),
            (ConnectionKind::Webhook, "https://example.com:8443/hooks?tenant=7"),
        ] {
            parse(kind, url).unwrap_or_else(|error| panic!("{url}: {error}"));
        }
    }

    #[test]
    fn a_url_of_another_kind_is_refused_and_told_which() {
        for (wanted, url, found) in [
            (ConnectionKind::Discord, SLACK, ConnectionKind::Slack),
            (ConnectionKind::Slack, DISCORD, ConnectionKind::Discord),
            (ConnectionKind::Webhook, SLACK, ConnectionKind::Slack),
            (ConnectionKind::Webhook, DISCORD, ConnectionKind::Discord),
        ] {
            assert_eq!(parse(wanted, url), Err(UrlRefused::OtherKind { wanted, found }));
        }
        let message = parse(ConnectionKind::Discord, SLACK).unwrap_err().to_string();
        assert!(message.contains("connect it as kind slack"), "{message}");
    }

    #[test]
    fn paths_and_hosts_of_another_shape_are_refused() {
        for (kind, url) in [
            (ConnectionKind::Slack, "https://hooks.slack.com/services/T0/B0"),
            (ConnectionKind::Slack, "https://hooks.slack.com/services/T0/B0/a/b"),
            (ConnectionKind::Slack, "https://hooks.slack.com/services/T0//abc"),
            (ConnectionKind::Slack, "https://hooks.slack.com/triggers/T0/B0/abc"),
            (ConnectionKind::Slack, "https://hooks.slack.com/services/T0/B0/abc?x=1"),
            (ConnectionKind::Slack, "https://hooks.slack.com:8443/services/T0/B0/abc"),
            (ConnectionKind::Slack, "https://hooks.slack.com.evil.example/services/T0/B0/abc"),
            (ConnectionKind::Slack, "https://example.com/services/T0/B0/abc"),
            (ConnectionKind::Discord, "https://discord.com/api/webhooks/x1/abc"),
            (ConnectionKind::Discord, "https://discord.com/api/webhooks/1"),
            (ConnectionKind::Discord, "https://discord.com/api/webhooks/1/abc/slack"),
            (ConnectionKind::Discord, "https://discord.com/api/webhooks/1/abc?wait=false"),
            (ConnectionKind::Discord, "https://discord.com/api/vX/webhooks/1/abc"),
        ] {
            assert!(matches!(parse(kind, url), Err(UrlRefused::Shape { .. })), "{url}");
        }
    }

    #[test]
    fn credentials_fragments_and_plain_http_are_refused() {
        let parse = |url| parse(ConnectionKind::Webhook, url);
        assert_eq!(parse("https://user@example.com/"), Err(UrlRefused::Credentials));
        assert_eq!(parse("https://:pw@example.com/"), Err(UrlRefused::Credentials));
        assert_eq!(parse("https://example.com/#x"), Err(UrlRefused::Fragment));
        assert_eq!(parse("http://example.com/"), Err(AddressRefused::NotHttps.into()));
        assert_eq!(parse("mailto:a@example.com"), Err(UrlRefused::NotAUrl));
        assert_eq!(parse("example.com/hook"), Err(UrlRefused::NotAUrl));
        assert_eq!(
            parse(&format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX))),
            Err(UrlRefused::TooLong)
        );
    }

    #[test]
    fn the_allow_list_lifts_scheme_and_host_but_not_the_path() {
        simulated(ConnectionKind::Slack, "http://127.0.0.1:9000/services/T0/B0/abc").unwrap();
        simulated(ConnectionKind::Discord, "http://localhost:9000/api/webhooks/1/abc").unwrap();
        assert!(simulated(ConnectionKind::Slack, "http://127.0.0.1:9000/anything").is_err());
        assert!(simulated(ConnectionKind::Slack, "https://example.com/services/T/B/c").is_err());
    }

    #[test]
    fn nothing_of_the_path_is_shown() {
        let url = parse(ConnectionKind::Slack, SLACK).unwrap();
        assert_eq!(format!("{url:?}"), "ReceiverUrl(hooks.slack.com/...)");
    }
}
