//! A deployment that tracks a branch of a repository which a simulated GitHub serves.

use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::{GithubSim, GithubSimConfig, MoveBranch, SimRepository};
use tempfile::TempDir;

use crate::yard::{Ran, Tracked, Yard};

pub(crate) struct World {
    pub(crate) yard: Yard,
    pub(crate) tracked: Tracked,
    pub(crate) sim: GithubSim,
    pub(crate) repo: GitRepo,
    pub(crate) head: String,
    _dir: TempDir,
}

impl World {
    /// Tracks `octo/skills`, main, with what `write` puts into its first commit.
    pub(crate) async fn with(write: impl FnOnce(&mut GitRepo)) -> Self {
        let yard = Yard::new().await;
        let tracked = yard.tracked();
        let dir = tempfile::tempdir().unwrap();
        let mut repo = GitRepo::init(dir.path().join("repo")).unwrap();
        write(&mut repo);
        let head = repo.commit("first").unwrap();
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
        let app_id = sim.app_id();
        let key = key.to_str().unwrap();
        yard.json(&["github", "app", "set", "--app-id", &app_id, "--private-key-file", key]);
        Self { yard, tracked, sim, repo, head, _dir: dir }
    }

    /// Commits a file, and moves the branch there.
    pub(crate) async fn push(&mut self, path: &str, content: &str) {
        let commit = self.repo.write(path, content).commit("more").unwrap();
        self.sim.move_branch("main", MoveBranch::to(commit).silently()).await.unwrap();
    }

    /// Runs a command that asks the simulated GitHub.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.yard.command(&[arguments, &["--json"]].concat());
        command.env("HOOKYARD_GITHUB_API_URL", self.sim.url().as_str());
        Ran::of(command.output().unwrap())
    }
}
