//! What an operator would set up with `hookyard-admin`, set up with it.

use std::path::Path;

use super::admin::Admin;
use crate::github_sim::GithubSim;
use crate::servers::secrets;

/// The slug of the one workspace.
pub const WORKSPACE: &str = "acme";
/// The GitHub App installation of the one account.
pub const INSTALLATION_ID: i64 = 5_001;
/// The numeric id of the tracked repository.
pub const REPOSITORY_ID: i64 = 9_001;
/// The tracked repository.
pub const REPOSITORY: &str = "octo-org/skills";
/// The tracked branch.
pub const BRANCH: &str = "main";

/// The ids and secrets of what was set up; empty where the builder was told to leave it out.
#[derive(Debug, Clone, Default)]
pub struct Seeds {
    pub workspace: String,
    pub github_source: String,
    pub github_secret: String,
    pub linear_source: String,
    pub linear_secret: String,
    pub account: String,
    pub instance: String,
    pub target: String,
}

/// What is to be set up.
pub(super) struct Wanted<'a> {
    pub(super) sources: bool,
    pub(super) target: bool,
    pub(super) mappings: &'a [(String, String)],
    pub(super) github: Option<&'a GithubSim>,
    /// For the App's key.
    pub(super) dir: &'a Path,
}

impl Seeds {
    /// Secrets that no source has yet.
    pub(super) fn fresh() -> Self {
        Self {
            github_secret: secrets::password(),
            linear_secret: secrets::password(),
            ..Self::default()
        }
    }

    /// Sets up what is wanted.
    pub(super) async fn plant(self, admin: &Admin, wanted: Wanted<'_>) -> Self {
        let sources = async {
            if wanted.sources {
                let github = source(admin, "github", &self.github_secret);
                let linear = source(admin, "linear", &self.linear_secret);
                tokio::join!(github, linear)
            } else {
                Default::default()
            }
        };
        let app = async {
            if let Some(github) = wanted.github {
                set_app(admin, github, wanted.dir).await;
            }
        };
        let connected = async {
            let workspace = ["workspace", "create", WORKSPACE, "--name", "Acme"];
            let workspace = admin.create(&workspace).await;
            let connected = if wanted.target {
                connect(admin, wanted.mappings).await
            } else {
                [const { String::new() }; 3]
            };
            (workspace, connected)
        };
        let ((github_source, linear_source), (), (workspace, [account, instance, target])) =
            tokio::join!(sources, app, connected);
        Self { workspace, github_source, linear_source, account, instance, target, ..self }
    }
}

async fn source(admin: &Admin, provider: &str, secret: &str) -> String {
    let args = ["source", "create", "--provider", provider, "--slug", provider, "--secret-stdin"];
    admin.create_with_input(&args, secret).await
}

async fn set_app(admin: &Admin, github: &GithubSim, dir: &Path) {
    let path = dir.join("github-app.pem");
    secrets::write(&path, github.app_key_pem().as_bytes()).expect("a key can be written");
    let path = path.to_str().expect("a temporary folder's name is UTF-8");
    let app_id = github.app_id();
    admin.json(&["github", "app", "set", "--app-id", &app_id, "--private-key-file", path]).await;
}

/// The account, the instance and the target.
async fn connect(admin: &Admin, mappings: &[(String, String)]) -> [String; 3] {
    let (installation, repository) = (INSTALLATION_ID.to_string(), REPOSITORY_ID.to_string());
    let account = ["connector", "account", "add", "--workspace", WORKSPACE, "--login", "octo-org"];
    let account =
        admin.create(&[&account[..], &["--installation-id", &installation]].concat()).await;
    let instance = ["connector", "instance", "add", "--account", &account, "--name", "Skills"];
    let instance = admin.create(&instance).await;
    let target = ["connector", "target", "add", "--instance", &instance, "--branch", BRANCH];
    let named = ["--repository", REPOSITORY, "--repository-id", &repository];
    let target = admin.create(&[&target[..], &named].concat()).await;
    for (selector, object_type) in mappings {
        let mapping = ["connector", "mapping", "add", "--target", &target, "--selector", selector];
        admin.create(&[&mapping[..], &["--object-type", object_type]].concat()).await;
    }
    [account, instance, target]
}
