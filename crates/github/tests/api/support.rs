use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{AppKey, Clock, GitHub, ObjectId, Session, Settings};
use hookyard_testkit::{
    git::GitRepo,
    github_sim::{Fault, FaultPlan, GithubSim, GithubSimConfig, SimRepository},
};
use jiff::Timestamp;
use tempfile::TempDir;

pub(crate) const INSTALLATION: i64 = 5001;
pub(crate) const REPOSITORY_ID: i64 = 9001;

/// A repository, the simulated GitHub that serves it, and a client.
pub(crate) struct World {
    pub(crate) sim: GithubSim,
    pub(crate) github: GitHub,
    pub(crate) repo: GitRepo,
    pub(crate) name: RepositoryFullName,
    _dir: TempDir,
}

impl World {
    /// Serves the repository that `build` makes.
    pub(crate) async fn with(build: impl FnOnce(&mut GitRepo)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut repo = GitRepo::init(dir.path().join("repo")).unwrap();
        build(&mut repo);
        let config = GithubSimConfig {
            repositories: vec![SimRepository {
                path: repo.path().to_owned(),
                full_name: "octo-org/skills".to_owned(),
                id: REPOSITORY_ID,
            }],
            installation_id: INSTALLATION,
            ..GithubSimConfig::default()
        };
        let sim = GithubSim::start(config).await.unwrap();
        let github = client(&sim, &settings(&sim));
        Self { sim, github, repo, name: "octo-org/skills".parse().unwrap(), _dir: dir }
    }

    /// Serves a repository of one commit with one file.
    pub(crate) async fn small() -> Self {
        Self::with(|repo| {
            repo.write("skills/a/SKILL.md", "hello").commit("first").unwrap();
        })
        .await
    }

    pub(crate) fn session(&self) -> Session {
        self.github.session(INSTALLATION)
    }

    /// The commit that the repository on disk has.
    pub(crate) fn head(&self) -> ObjectId {
        self.repo.head().unwrap().unwrap().parse().unwrap()
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.sim.faults(FaultPlan { faults: vec![fault], seed: 1 });
    }

    pub(crate) fn heal(&self) {
        self.sim.faults(FaultPlan::default());
    }
}

pub(crate) fn settings(sim: &GithubSim) -> Settings {
    Settings::new(sim.url())
}

pub(crate) fn client(sim: &GithubSim, settings: &Settings) -> GitHub {
    GitHub::new(settings, &key(sim), Clock::new(now)).unwrap()
}

pub(crate) fn key(sim: &GithubSim) -> AppKey {
    AppKey { app_id: sim.app_id(), private_key: sim.app_key_pem().into() }
}

#[expect(clippy::disallowed_methods, reason = "a test is a process: this is its clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
