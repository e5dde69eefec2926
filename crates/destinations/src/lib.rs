//! The systems that Hookyard tells of events: requests to them, what their answers mean, and the one sender.
//!
//! Making a request and judging an answer do no IO and take the time as an argument: [`Receiver`] holds what is known
//! of a connection or an OAuth client, [`Event`] what happened, [`Outgoing`] is the request, [`Answer`] what came
//! back, [`Verdict`] what that means for the delivery. [`Sender`] alone touches the network, under an
//! [`AddressPolicy`].
//!
//! ```text
//!   Event ─┐
//!          ├─▶ Receiver::request ─▶ Outgoing ─▶ Sender::send ─▶ Answer ─▶ Receiver::judge ─▶ Verdict
//!   Template                                                        └───▶ Receiver::keep ──▶ Kept
//! ```

mod address;
mod allow;
mod catalogue;
mod discord;
mod event;
mod filter;
mod notice;
mod oauth_client;
mod outgoing;
mod receiver;
mod receiver_url;
mod scrub;
mod sender;
mod signing;
mod slack;
mod template;
mod text;
mod verdict;
mod webhook;

pub use address::{AddressPolicy, AddressRefused, REFUSED};
pub use allow::{InvalidAllowList, OutboundAllow};
pub use catalogue::CATALOGUE;
pub use event::{Event, EventHead, NotJson, Workspace};
pub use filter::{FILTER_BYTES_MAX, Filter, FilterError, Match};
pub use oauth_client::{INTEGRATION_CONNECTED, Integration, integration_connected};
pub use outgoing::{Answer, Ending, Outgoing, SendError};
pub use receiver::{Receiver, RenderError, UnreadableCredentials};
pub use receiver_url::{ReceiverUrl, UrlRefused};
pub use scrub::{EXCERPT_BYTES_MAX, Kept};
pub use sender::{ANSWER_BYTES_MAX, Sender, SenderSettings, SenderSetupError, USER_AGENT};
pub use signing::{InvalidSigningKey, NEW_KEY_BYTES, SigningKey, SigningKeys, body_signature};
pub use template::{TEMPLATE_BYTES_MAX, Template, TemplateError};
pub use verdict::{Failure, Verdict};
