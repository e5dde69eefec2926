//! GitHub's REST API as a GitHub App sees it.
//!
//! A [`GitHub`] holds what all calls share: the App's key, the installation tokens, the connection pool, the number of
//! calls in flight and the rate limits that are known to be exhausted. A [`Session`] is one piece of work for one
//! installation; it offers the calls and counts the requests that they cost.
//!
//! Every failure is a [`GitHubError`] whose variant says what to do next: wait for a limit, try again, or record that
//! the repository, the installation or the permission is gone.

mod app_key;
mod blob;
mod branch;
mod client;
mod error;
mod hook_deliveries;
mod limits;
mod manifests;
mod object_id;
mod repository;
mod session;
mod settings;
mod tokens;
mod transport;
mod tree;

pub use app_key::AppKey;
pub use branch::BranchHead;
pub use client::{App, GitHub, Installation};
pub use error::{GitHubError, LimitKind, SetupError, Transient};
pub use hook_deliveries::{HookDeliveries, HookDelivery};
pub use manifests::{discovery_digest, regular_files};
pub use object_id::{NotAnObjectId, ObjectId};
pub use repository::Repository;
pub use session::Session;
pub use settings::{Clock, Settings};
pub use tree::{FileMode, Tree, TreeEntry};
