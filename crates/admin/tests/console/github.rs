//! A deployment that tracks a repository which a simulated GitHub serves, and its console.

use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::{GithubSim, GithubSimConfig, SimRepository};
use tempfile::TempDir;

use crate::http::Served;
use crate::yard::{Tracked, Yard};

/// The deployment. Its workspace tracks `octo/skills`, main.
pub(crate) struct World {
    pub(crate) yard: Yard,
    pub(crate) tracked: Tracked,
    pub(crate) served: Served,
    _sim: GithubSim,
    _dir: TempDir,
}

impl World {
    /// With these files at the head of main, and a branch `next` beside it.
    pub(crate) async fn new(files: &[&str]) -> Self {
        let yard = Yard::new().await;
        let tracked = yard.tracked();
        let dir = tempfile::tempdir().unwrap();
        let mut repo = GitRepo::init(dir.path().join("repo")).unwrap();
        for path in files {
            repo.write(path, *path);
        }
        repo.commit("first").unwrap();
        repo.git(["branch", "next"]).unwrap();
        let config = GithubSimConfig {
            repositories: vec![SimRepository {
                path: repo.path().to_owned(),
                full_name: "octo/skills".to_owned(),
                id: 9,
            }],
            installation_id: 7,
            ..GithubSimConfig::default()
        };
        let sim = GithubSim::start(config).await.unwrap();
        let key = dir.path().join("app.pem");
        std::fs::write(&key, sim.app_key_pem()).unwrap();
        let set = ["github", "app", "set", "--app-id", &sim.app_id(), "--private-key-file"];
        yard.json(&[&set[..], &[key.to_str().unwrap()]].concat());
        let url = sim.url().to_string();
        let served = Served::start_with(&yard, &[("HOOKYARD_GITHUB_API_URL", &url)]);
        Self { yard, tracked, served, _sim: sim, _dir: dir }
    }
}
