use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

/// What a simulator is started with.
#[derive(Debug, Clone)]
pub struct GithubSimConfig {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub repositories: Vec<SimRepository>,
    pub app_id: i64,
    /// RSA, PEM. A key is made when there is none.
    pub app_key_pem: Option<String>,
    pub installation_id: i64,
    /// Who has the App installed and who pushes.
    pub account_login: String,
    /// Where deliveries go; without it they are recorded as failed.
    pub webhook_url: Option<Url>,
    pub webhook_secret: String,
    pub body_encoding: BodyEncoding,
    /// `X-GitHub-Hook-ID`.
    pub hook_id: i64,
    /// GitHub's is an hour.
    pub token_lifetime: Duration,
    /// Requests an hour.
    pub rate_limit: u64,
    /// How long an answer to a delivery is waited for; GitHub waits 10 s.
    pub delivery_timeout: Duration,
}

/// A repository on disk under a name on the simulated GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SimRepository {
    /// A work tree or a bare repository.
    pub path: PathBuf,
    /// `owner/name`
    pub full_name: String,
    pub id: i64,
}

/// How deliveries are written; both are settings of a real webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BodyEncoding {
    #[default]
    Json,
    Form,
}

impl Default for GithubSimConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            repositories: Vec::new(),
            app_id: 4242,
            app_key_pem: None,
            installation_id: 5001,
            account_login: "octo-org".to_owned(),
            webhook_url: None,
            webhook_secret: "a secret for tests".to_owned(),
            body_encoding: BodyEncoding::Json,
            hook_id: 700_001,
            token_lifetime: Duration::from_hours(1),
            rate_limit: 5000,
            delivery_timeout: Duration::from_secs(10),
        }
    }
}
