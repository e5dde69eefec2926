use hookyard_testkit::{
    git::GitRepo,
    github_sim::{GithubSim, GithubSimConfig, SimRepository},
};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::receiver::Receiver;

pub(crate) const SECRET: &str = "swordfish";

/// A repository, its simulator, and the receiver of its deliveries.
pub(crate) struct World {
    pub(crate) sim: GithubSim,
    pub(crate) repo: GitRepo,
    pub(crate) receiver: Receiver,
    http: reqwest::Client,
    _dir: TempDir,
}

impl World {
    /// Serves a repository whose branch `main` has one commit.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut repo = GitRepo::init(dir.path().join("repo")).unwrap();
        repo.write("skills/a/SKILL.md", "one").commit("first").unwrap();
        let receiver = Receiver::start().await;
        let config = GithubSimConfig {
            repositories: vec![SimRepository {
                path: repo.path().to_owned(),
                full_name: "octo-org/skills".to_owned(),
                id: 9001,
            }],
            webhook_url: Some(receiver.url.clone()),
            webhook_secret: SECRET.to_owned(),
            ..GithubSimConfig::default()
        };
        let sim = GithubSim::start(config).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().user_agent("tests").build().unwrap();
        Self { sim, repo, receiver, http, _dir: dir }
    }

    pub(crate) fn head(&self) -> String {
        self.repo.head().unwrap().unwrap()
    }

    pub(crate) async fn get(&self, path: &str, bearer: &str) -> Response {
        let url = self.sim.url().join(path).unwrap();
        self.http.get(url).bearer_auth(bearer).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response =
            self.http.post(self.sim.url().join(path).unwrap()).json(body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// An App's token that was issued and expires so many seconds from now.
    pub(crate) fn app_token(&self, issued_s: i64, expires_s: i64) -> String {
        let claims = json!({
            "iat": now().as_second() + issued_s,
            "exp": now().as_second() + expires_s,
            "iss": self.sim.app_id(),
        });
        let key = EncodingKey::from_rsa_pem(self.sim.app_key_pem().as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    }

    pub(crate) async fn installation_token(&self) -> String {
        let path = format!("/app/installations/{}/access_tokens", self.sim.installation_id());
        let url = self.sim.url().join(&path).unwrap();
        let response =
            self.http.post(url).bearer_auth(self.app_token(-60, 540)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        let grant: Value = response.json().await.unwrap();
        grant["token"].as_str().unwrap().to_owned()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test is a process: this is its clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
