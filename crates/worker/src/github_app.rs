//! The GitHub client of the deployment's App: made from the sealed key, made again when the key changes.

use hookyard_github::{AppKey, Clock, GitHub, Settings, SetupError};
use hookyard_store::{Store, StoreError, github_app};
use hookyard_vault::{KeyRing, Label, OpenError};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::clock;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("no GitHub App is set up; run `hookyard-admin github app set`")]
    NotSetUp,
    #[error("the GitHub App's key cannot be opened; check HOOKYARD_VAULT_KEYS")]
    Sealed(#[from] OpenError),
    #[error("the GitHub App's key is not text; set it again with `hookyard-admin github app set`")]
    NotText,
    #[error("the GitHub App cannot be used")]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Made {
    from: Timestamp,
    client: GitHub,
}

/// Makes and keeps the client. The token cache lives in it, so it is kept as long as the key is the same.
pub(crate) struct GitHubApp {
    store: Store,
    keys: KeyRing,
    settings: Settings,
    made: Mutex<Option<Made>>,
}

impl GitHubApp {
    pub(crate) fn new(store: Store, keys: KeyRing, settings: Settings) -> Self {
        Self { store, keys, settings, made: Mutex::default() }
    }

    /// The client for the App as it is set up now.
    pub(crate) async fn client(&self) -> Result<GitHub, AppError> {
        let app = {
            let conn = self.store.conn().await?;
            github_app::current(&conn).await?.ok_or(AppError::NotSetUp)?
        };
        let mut made = self.made.lock().await;
        if let Some(made) = made.as_ref().filter(|made| made.from == app.updated_at) {
            return Ok(made.client.clone());
        }
        let label = Label { table: github_app::TABLE, row: app.id, column: github_app::COLUMN };
        let opened = self.keys.open(&label, &app.private_key_sealed)?;
        let pem = std::str::from_utf8(opened.expose_secret()).map_err(|_| AppError::NotText)?;
        let key = AppKey { app_id: app.app_id.to_string(), private_key: SecretString::from(pem) };
        let client = GitHub::new(&self.settings, &key, Clock::new(clock::now))?;
        *made = Some(Made { from: app.updated_at, client: client.clone() });
        Ok(client)
    }
}
