use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

/// Where GitHub is and how it is called.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `https://api.github.com`, or `https://host/api/v3` of a GitHub Enterprise Server.
    pub api_url: Url,
    /// Calls of this process that may wait for GitHub at once. GitHub asks for no more than 100.
    pub requests_in_flight_max: usize,
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// Until the last byte of an answer.
    pub request_timeout: Duration,
    /// How often a call that met a network failure or a 5xx is repeated at once before its caller hears of it.
    pub retries_max: u32,
}

impl Settings {
    /// The defaults, for the GitHub at this address.
    pub fn new(api_url: Url) -> Self {
        Self {
            api_url,
            requests_in_flight_max: 16,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            retries_max: 2,
        }
    }
}

/// The process' clock, which the binary gives: it dates the App's tokens and reads the limits' reset times.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
