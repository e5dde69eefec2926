//! Where a gateway's servers and programs are.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use super::builder::OwnServers;
use crate::database::TestDatabase;
use crate::servers::test_env;

/// The servers that a gateway uses, past any proxy.
pub(super) struct Place {
    /// Dropped with the gateway; none where the servers are the caller's own.
    shared: Option<TestDatabase>,
    owner_url: String,
    role_password: String,
    pub(super) amqp_url: String,
    /// The folder of the built binaries.
    pub(super) binaries: PathBuf,
}

impl Place {
    pub(super) async fn find(own: Option<OwnServers>, binaries: Option<PathBuf>) -> Self {
        let binaries = binaries.unwrap_or_else(|| test_env().bin_dir);
        if let Some(own) = own {
            return Self {
                shared: None,
                owner_url: own.database_url,
                role_password: own.role_password,
                amqp_url: own.amqp_url,
                binaries,
            };
        }
        let (env, database) = (test_env(), TestDatabase::create().await);
        Self {
            owner_url: database.owner_url(),
            shared: Some(database),
            role_password: env.role_password,
            amqp_url: env.amqp_url,
            binaries,
        }
    }

    /// Whether the database still has to be migrated.
    pub(super) fn is_own(&self) -> bool {
        self.shared.is_none()
    }

    pub(super) fn owner_url(&self) -> &str {
        &self.owner_url
    }

    pub(super) fn role_password(&self) -> &str {
        &self.role_password
    }

    pub(super) fn role_url(&self, role: &str) -> String {
        let (_, place) = self.owner_url.split_once('@').expect("the owner's URL holds a user");
        format!("postgres://{role}:{}@{place}", self.role_password)
    }
}

/// The address that a URL of this machine names.
pub(super) fn address_of(url: &str) -> SocketAddr {
    let url = Url::parse(url).expect("a server's URL");
    let port = url.port().expect("a private server has a port of its own");
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The same URL through a proxy.
pub(super) fn through(url: &str, proxy: SocketAddr) -> String {
    let mut url = Url::parse(url).expect("a server's URL");
    url.set_port(Some(proxy.port())).expect("a server's URL takes a port");
    url.into()
}
