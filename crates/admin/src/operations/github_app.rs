//! The deployment's GitHub App.

use hookyard_github::{AppKey, Clock, GitHub, Settings, SetupError};
use hookyard_store::github_app::{self, StoredApp};
use hookyard_store::{Db, Store};
use hookyard_vault::{KeyRing, Label, sealed_under};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError};

/// The App, without its key.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GithubApp {
    pub id: Uuid,
    pub app_id: i64,
    /// The vault key that the private key is sealed under.
    pub sealed_under: Option<String>,
    pub updated_at: Timestamp,
}

impl From<StoredApp> for GithubApp {
    fn from(app: StoredApp) -> Self {
        Self {
            id: app.id,
            app_id: app.app_id,
            sealed_under: sealed_under(&app.private_key_sealed).map(str::to_owned),
            updated_at: app.updated_at,
        }
    }
}

/// Sets the App and its private key, sealed under `ring`, in the place of the one before.
pub async fn set(
    store: &Store,
    actor: &Actor,
    ring: &KeyRing,
    app_id: i64,
    private_key: &SecretString,
) -> Result<GithubApp, OperationError> {
    if app_id <= 0 {
        return Err(OperationError::Invalid(
            "an App id is a positive number; GitHub shows it in the App's settings".to_owned(),
        ));
    }
    check_key(app_id, private_key)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = github_app::current(&tx).await?;
    let id = Uuid::now_v7();
    let label = Label { table: github_app::TABLE, row: id, column: github_app::COLUMN };
    let sealed = ring.seal(&label, private_key.expose_secret().as_bytes())?;
    github_app::set(&tx, id, app_id, &sealed).await?;
    let change = Change {
        action: "github_app.set",
        workspace: None,
        subject: id.to_string(),
        before: before.map(|app| json!({ "appId": app.app_id })),
        after: Some(json!({ "appId": app_id, "sealedUnder": ring.active_id() })),
    };
    actor.record(&tx, change).await?;
    let app = require(&tx).await?;
    tx.commit().await?;
    Ok(app)
}

/// The App, which must be set.
pub async fn require(db: &impl Db) -> Result<GithubApp, OperationError> {
    let app = github_app::current(db).await?;
    app.map(GithubApp::from).ok_or_else(|| OperationError::NotFound {
        what: "GitHub App:",
        name: "set one with `hookyard-admin github app set --app-id N --private-key-file F`"
            .to_owned(),
    })
}

/// Fails unless the worker will be able to sign with the key.
fn check_key(app_id: i64, private_key: &SecretString) -> Result<(), OperationError> {
    let api_url = Url::parse("https://api.github.com").expect("a constant URL parses");
    let key = AppKey { app_id: app_id.to_string(), private_key: private_key.clone() };
    // Nothing is sent and nothing is dated: the key is only tried.
    let clock = Clock::new(|| Timestamp::UNIX_EPOCH);
    match GitHub::new(&Settings::new(api_url), &key, clock) {
        // The cause is not told: it may quote the key.
        Err(SetupError::PrivateKey(_)) => Err(OperationError::Invalid(
            "the file holds no RSA private key in PEM form; use the .pem file that GitHub gave for the App".to_owned(),
        )),
        Err(SetupError::ApiUrl | SetupError::HttpClient(_)) | Ok(_) => Ok(()),
    }
}
