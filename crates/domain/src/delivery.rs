//! Deliveries: one event owed to one subscriber, tried until it is delivered or given up.
//!
//! ```text
//!   fan-out ──▶ pending ──lease──▶ delivering ──2xx──────────────▶ delivered
//!                 │  ▲                 │  │
//!                 │  │  replay         │  └─ final, or no try left ─▶ dead ──replay──▶ pending
//!                 │  └──────────┐      │ in passing
//!                 │             │      ▼
//!                 └── cancel ──▶ cancelled ◀── cancel ── failed ──lease (due)──▶ delivering
//! ```

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Owed, not tried since it was made or replayed.
    Pending,
    /// A worker holds its job: a try is under way. Never stored; the job says so.
    Delivering,
    /// The receiver took it.
    Delivered,
    /// The last try failed in passing; the next has a time.
    Failed,
    /// Ended without success; kept, and can be replayed.
    Dead,
    /// Called off, or skipped because there was nobody to send to. Can be replayed.
    Cancelled,
}

crate::names!(DeliveryState, "delivery state", {
    Pending => "pending", Delivering => "delivering", Delivered => "delivered", Failed => "failed", Dead => "dead",
    Cancelled => "cancelled",
});

impl DeliveryState {
    /// Whether nothing is under way any more: only such a delivery can be replayed.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Delivered | Self::Dead | Self::Cancelled => true,
            Self::Pending | Self::Delivering | Self::Failed => false,
        }
    }
}

/// Who is owed a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriberKind {
    /// A subscription: the call goes to its connection.
    Subscription,
    /// An OAuth client application whose user connected an integration.
    OauthClient,
}

crate::names!(SubscriberKind, "subscriber kind", { Subscription => "subscription", OauthClient => "oauth_client" });

/// Whose mistake a failed try was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The receiver's, its network's, or of how it was connected: the try counts.
    Receiver,
    /// Hookyard's own: the try is not counted.
    Ours,
}

/// Why a try did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The name does not resolve.
    Dns,
    /// The address may not be called: private, loopback, link-local, metadata, or not HTTPS.
    Address,
    /// No connection: refused, unreachable, too slow to open.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// No complete answer in time.
    Timeout,
    /// The connection broke before the answer was complete.
    Reset,
    /// The answer is not HTTP, or too long.
    Garbage,
    /// 3xx: redirects are not followed.
    Redirect,
    /// 429, or what the provider says in its place.
    RateLimited,
    /// 410, or the provider's word for it: nobody is there any more.
    Gone,
    /// The receiver takes the credentials no longer: somebody must connect it anew.
    Credentials,
    /// Another 4xx, or a 2xx whose body says no.
    Refused,
    /// 5xx.
    ServerError,
    /// The body for this receiver could not be made, as by a template that fails on this event.
    Rendering,
    /// Hookyard could not try: a key is missing, a credential cannot be opened.
    Internal,
}

crate::names!(ErrorClass, "error class", {
    Dns => "dns", Address => "address", Connect => "connect", Tls => "tls", Timeout => "timeout", Reset => "reset",
    Garbage => "garbage", Redirect => "redirect", RateLimited => "rate_limited", Gone => "gone",
    Credentials => "credentials", Refused => "refused", ServerError => "server_error", Rendering => "rendering",
    Internal => "internal",
});

impl ErrorClass {
    /// Whose mistake it is.
    pub const fn blame(self) -> Blame {
        match self {
            Self::Internal => Blame::Ours,
            Self::Dns
            | Self::Address
            | Self::Connect
            | Self::Tls
            | Self::Timeout
            | Self::Reset
            | Self::Garbage
            | Self::Redirect
            | Self::RateLimited
            | Self::Gone
            | Self::Credentials
            | Self::Refused
            | Self::ServerError
            | Self::Rendering => Blame::Receiver,
        }
    }

    /// Whether a further try may succeed where this one failed with such a status, if there was an answer.
    ///
    /// 408 (Request Timeout), 425 (Too Early) and 429 ask for it (RFC 9110, 8470, 6585); any other 4xx is the
    /// receiver's last word unless the policy holds otherwise.
    pub const fn is_in_passing(self, status: Option<u16>, retry_4xx: bool) -> bool {
        match self {
            Self::Dns
            | Self::Connect
            | Self::Tls
            | Self::Timeout
            | Self::Reset
            | Self::Garbage
            | Self::RateLimited
            | Self::ServerError
            | Self::Internal => true,
            Self::Address | Self::Redirect | Self::Gone | Self::Credentials | Self::Rendering => {
                false
            }
            Self::Refused => match status {
                Some(408 | 425 | 429) => true,
                Some(400..500) => retry_4xx,
                Some(_) | None => false,
            },
        }
    }

    /// Whether the receiver itself seems ill, and not only this one call unwelcome: what a breaker counts.
    pub const fn is_illness(self) -> bool {
        match self {
            Self::Dns
            | Self::Connect
            | Self::Tls
            | Self::Timeout
            | Self::Reset
            | Self::Garbage
            | Self::ServerError => true,
            Self::Address
            | Self::Redirect
            | Self::RateLimited
            | Self::Gone
            | Self::Credentials
            | Self::Refused
            | Self::Rendering
            | Self::Internal => false,
        }
    }
}

/// How long one try may take in all, in milliseconds.
pub const TRY_MS_MAX: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_4xx_is_final_but_for_the_three_that_ask_for_another_try() {
        for status in [408, 425, 429] {
            assert!(ErrorClass::Refused.is_in_passing(Some(status), false), "{status}");
        }
        for status in [400, 401, 404, 410, 422, 499] {
            assert!(!ErrorClass::Refused.is_in_passing(Some(status), false), "{status}");
            assert!(ErrorClass::Refused.is_in_passing(Some(status), true), "{status}");
        }
        // A 2xx whose body says no is no 4xx.
        assert!(!ErrorClass::Refused.is_in_passing(Some(200), true));
    }

    #[test]
    fn what_no_further_try_can_change_is_final_whatever_the_policy() {
        use ErrorClass::{Address, Credentials, Gone, Redirect, Rendering};
        for class in [Address, Redirect, Gone, Credentials, Rendering] {
            assert!(!class.is_in_passing(Some(404), true), "{class}");
        }
    }
}
