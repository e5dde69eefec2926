//! Where the broker is, and what our things are called there.

use std::time::Duration;

use lapin::uri::AMQPUri;
use secrecy::{ExposeSecret, SecretString};

use crate::queue::Feed;

/// How long opening a connection may take, handshake included, in milliseconds.
const CONNECT_MS: u64 = 5_000;
/// The same as a time.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_millis(CONNECT_MS);
/// Heartbeat asked of the broker, in seconds. lapin gives a connection up after two silent intervals.
const HEARTBEAT_S: u16 = 20;
/// Largest AMQP frame asked of the broker, in bytes. lapin reserves 64 frames for each connection, and our
/// messages are small.
const FRAME_BYTES_MAX: u32 = 16 * 1024;
/// Longest prefix, in characters; AMQP names end at 255 bytes.
const PREFIX_CHARS_MAX: usize = 64;

/// A broker setting that cannot be used. Says which, and never quotes the URL: it holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBrokerSetting {
    /// The URL does not parse.
    #[error("the AMQP URL is not of the form amqp://user:password@host:port/vhost")]
    Url,
    /// The prefix is empty, too long, or has characters beyond letters, digits, `-`, `_` and `.`.
    #[error("the queue prefix must have 1 to {PREFIX_CHARS_MAX} letters, digits, '-', '_' or '.'")]
    Prefix,
}

/// How to reach the broker, and the prefix of every name used there, so that several installations, or
/// tests, can share one.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    url: SecretString,
    prefix: String,
}

impl BrokerSettings {
    /// Settings for the broker at `url` (`amqp://` or `amqps://`).
    pub fn new(url: SecretString, prefix: &str) -> Result<Self, InvalidBrokerSetting> {
        // The parser's message is dropped: it quotes what it could not read.
        url.expose_secret().parse::<AMQPUri>().map_err(|_| InvalidBrokerSetting::Url)?;
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(1..=PREFIX_CHARS_MAX).contains(&prefix.len()) || !prefix.chars().all(named) {
            return Err(InvalidBrokerSetting::Prefix);
        }
        Ok(Self { url, prefix: prefix.to_owned() })
    }

    /// The URL with our heartbeat, frame size and time limit, where it does not bring its own.
    pub(crate) fn uri(&self) -> AMQPUri {
        let mut uri: AMQPUri = self.url.expose_secret().parse().expect("`new` parsed this URL");
        uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
        uri.query.frame_max.get_or_insert(FRAME_BYTES_MAX);
        uri.query.connection_timeout.get_or_insert(CONNECT_MS);
        uri
    }

    /// The exchange that every hint is published to.
    pub(crate) fn exchange(&self) -> &str {
        &self.prefix
    }

    /// The broker's name of a feed's queue.
    pub(crate) fn queue_name(&self, feed: Feed) -> String {
        format!("{}.{}", self.prefix, feed.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, prefix: &str) -> Result<BrokerSettings, InvalidBrokerSetting> {
        BrokerSettings::new(SecretString::from(url), prefix)
    }

    #[test]
    fn a_wrong_url_is_refused_without_being_quoted() {
        let error = settings("amqp:guest:hunter2", "hookyard").unwrap_err();
        assert_eq!(error, InvalidBrokerSetting::Url);
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!(
            settings("http://localhost", "hookyard").unwrap_err(),
            InvalidBrokerSetting::Url
        );
    }

    #[test]
    fn a_password_does_not_show_in_debug() {
        let settings = settings("amqp://guest:hunter2@localhost", "hookyard").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_prefix_is_a_plain_name() {
        let url = "amqp://localhost";
        for wrong in ["", "a b", "a/b", "é", &"x".repeat(PREFIX_CHARS_MAX + 1)] {
            assert_eq!(
                settings(url, wrong).unwrap_err(),
                InvalidBrokerSetting::Prefix,
                "{wrong:?}"
            );
        }
        assert_eq!(
            settings(url, "yard-2.test").unwrap().queue_name(Feed::Dead),
            "yard-2.test.dead"
        );
    }

    #[test]
    fn what_the_url_asks_for_wins_over_the_defaults() {
        let uri = settings("amqp://localhost/%2f?heartbeat=7", "hookyard").unwrap().uri();
        assert_eq!((uri.query.heartbeat, uri.query.frame_max), (Some(7), Some(FRAME_BYTES_MAX)));
    }
}
