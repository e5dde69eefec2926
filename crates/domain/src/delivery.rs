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
}

/// How long one try may take in all, in milliseconds.
pub const TRY_MS_MAX: u64 = 10_000;
