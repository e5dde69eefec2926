//! What every command works with: the database, the key rings, and who asks.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use hookyard_admin::operations::Actor;
use hookyard_admin::operations::github::GitHubAccess;
use hookyard_destinations::{AddressPolicy, InvalidAllowList, Sender, SenderSettings};
use hookyard_github::Clock;
use hookyard_process::SettingError;
use hookyard_store::{Store, StoreSettings, schema};
use hookyard_vault::KeyRing;
use nix::unistd::{Uid, User};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::commands::clock;

const DATABASE_URL: &str = "HOOKYARD_DATABASE_URL";
const SOURCE_KEYS: &str = "HOOKYARD_SOURCE_KEYS";
const VAULT_KEYS: &str = "HOOKYARD_VAULT_KEYS";
const OUTBOUND_ALLOW: &str = "HOOKYARD_OUTBOUND_ALLOW";

/// A person's command needs one connection.
const CONNECTIONS_MAX: usize = 4;
/// API and console need one for each request under way.
const WEB_CONNECTIONS_MAX: usize = 16;
/// Somebody waits for the answer.
const GITHUB_TIMEOUT: Duration = Duration::from_secs(10);
const GITHUB_RETRIES_MAX: u32 = 1;
/// A cascade over many objects takes longer than a request may, in milliseconds.
const STATEMENT_MS_MAX: u64 = 60_000;

/// Settings that any command may need. Which one does need them is only known when it asks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// PostgreSQL, as `postgres://user:password@host:port/database`; `?sslmode=require` for TLS
    #[arg(long, env = DATABASE_URL, value_name = "URL", hide_env_values = true, global = true)]
    pub(crate) database_url: Option<SecretString>,

    /// Keys that seal the sources' secrets, as `id:base64,...`, the active one first
    #[arg(long, env = SOURCE_KEYS, value_name = "KEYS", hide_env_values = true, global = true)]
    pub(crate) source_keys: Option<SecretString>,

    /// Keys that seal the GitHub App's key and the credentials of connections, as `id:base64,...`, the active one first
    #[arg(long, env = VAULT_KEYS, value_name = "KEYS", hide_env_values = true, global = true)]
    pub(crate) vault_keys: Option<SecretString>,

    /// Networks that may be called although they are not public, and by plain HTTP: 10.1.0.0/16,192.168.7.5
    #[arg(long, env = OUTBOUND_ALLOW, value_name = "NETWORKS", global = true)]
    pub(crate) outbound_allow: Option<String>,

    /// GitHub's API, or `https://host/api/v3` of a GitHub Enterprise Server
    #[arg(
        long,
        env = "HOOKYARD_GITHUB_API_URL",
        value_name = "URL",
        default_value = "https://api.github.com",
        global = true
    )]
    pub(crate) github_api_url: Url,

    /// Print one JSON document instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Why a change is made.
#[derive(Debug, Clone, Args)]
pub(crate) struct Because {
    /// Why; kept in the audit log
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

impl Settings {
    /// How to talk to the database.
    pub(crate) fn store_settings(&self) -> anyhow::Result<StoreSettings> {
        let given = self.database_url.clone().filter(|url| !url.expose_secret().is_empty());
        let url = given.ok_or_else(|| missing(DATABASE_URL))?;
        Ok(StoreSettings {
            connections_max: CONNECTIONS_MAX,
            statement_ms_max: STATEMENT_MS_MAX,
            ..StoreSettings::new(url, "hookyard-admin")
        })
    }

    /// The database, whatever its schema.
    pub(crate) fn store_unchecked(&self) -> anyhow::Result<Store> {
        Store::new(&self.store_settings()?)
            .map_err(|error| SettingError::new(DATABASE_URL, error).into())
    }

    /// The database, whose schema is one that this program works with.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        let store = self.store_unchecked()?;
        schema::check(&store).await?;
        Ok(store)
    }

    /// The database for many short requests at once.
    pub(crate) async fn web_store(&self) -> anyhow::Result<Store> {
        let settings =
            StoreSettings { connections_max: WEB_CONNECTIONS_MAX, ..self.store_settings()? };
        let store =
            Store::new(&settings).map_err(|error| SettingError::new(DATABASE_URL, error))?;
        schema::check(&store).await?;
        Ok(store)
    }

    /// The ring of the sources' secrets.
    pub(crate) fn source_ring(&self) -> anyhow::Result<KeyRing> {
        ring(SOURCE_KEYS, self.source_keys.as_ref())?.ok_or_else(|| missing(SOURCE_KEYS).into())
    }

    /// The ring of everything else that is sealed.
    pub(crate) fn vault_ring(&self) -> anyhow::Result<KeyRing> {
        ring(VAULT_KEYS, self.vault_keys.as_ref())?.ok_or_else(|| missing(VAULT_KEYS).into())
    }

    /// What calls other systems, as the workers do it.
    pub(crate) fn sender(&self) -> anyhow::Result<Sender> {
        let allow = self.outbound_allow.as_deref().unwrap_or_default().parse();
        let allow =
            allow.map_err(|error: InvalidAllowList| SettingError::new(OUTBOUND_ALLOW, error))?;
        let policy = AddressPolicy::new(allow);
        Ok(Sender::new(SenderSettings { policy, ..SenderSettings::default() })?)
    }

    /// GitHub, asked as the deployment's App.
    pub(crate) fn github(&self, store: &Store) -> anyhow::Result<GitHubAccess> {
        Ok(self.github_with(store, self.vault_ring()?))
    }

    /// The same, with the ring that opens the App's key at hand.
    pub(crate) fn github_with(&self, store: &Store, ring: KeyRing) -> GitHubAccess {
        let settings = hookyard_github::Settings {
            request_timeout: GITHUB_TIMEOUT,
            retries_max: GITHUB_RETRIES_MAX,
            ..hookyard_github::Settings::new(self.github_api_url.clone())
        };
        GitHubAccess::new(store.clone(), ring, settings, Clock::new(clock::now))
    }

    /// Both rings, as far as they are set.
    pub(crate) fn rings(&self) -> anyhow::Result<(Option<KeyRing>, Option<KeyRing>)> {
        Ok((
            ring(SOURCE_KEYS, self.source_keys.as_ref())?,
            ring(VAULT_KEYS, self.vault_keys.as_ref())?,
        ))
    }
}

impl Because {
    /// Who asks, for this reason: the user of the operating system that this process runs as.
    pub(crate) fn actor(self) -> anyhow::Result<Actor> {
        let uid = Uid::effective();
        let user = User::from_uid(uid).context("the user of this process cannot be looked up")?;
        let name = user.map_or_else(|| uid.to_string(), |user| user.name);
        let name = format!("cli:{name}");
        Ok(Actor { name, reason: self.reason, workspace: None, is_operator: true })
    }
}

fn missing(variable: &'static str) -> SettingError {
    SettingError::new(variable, "it is not set, and this command needs it")
}

fn ring(variable: &'static str, keys: Option<&SecretString>) -> anyhow::Result<Option<KeyRing>> {
    let parsed = keys.map(KeyRing::parse).transpose();
    parsed.map_err(|error| SettingError::new(variable, error).into())
}
