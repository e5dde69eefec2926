//! Where the files of a stack lie.

use std::path::PathBuf;

use anyhow::Result;
use hookyard_testkit::servers::place;

/// One folder that holds everything.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) dir: PathBuf,
}

impl Layout {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(crate) fn create(&self) -> Result<()> {
        place::passable_dir(&self.dir)?;
        place::private_dir(&self.logs())?;
        place::private_dir(&self.run())
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    /// Records of processes, and secrets that they share.
    pub(crate) fn run(&self) -> PathBuf {
        self.dir.join("run")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    pub(crate) fn record(&self, name: &str) -> PathBuf {
        self.run().join(format!("{name}.pid"))
    }

    pub(crate) fn env_file(&self) -> PathBuf {
        self.dir.join("stack.env")
    }

    pub(crate) fn plan_file(&self) -> PathBuf {
        self.dir.join("stack.json")
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.dir.join("repository.git")
    }

    pub(crate) fn webhook_secret(&self) -> PathBuf {
        self.run().join("github-webhook-secret")
    }

    /// Written by the simulator once it listens.
    pub(crate) fn github_ready(&self) -> PathBuf {
        self.run().join("github.ready")
    }

    pub(crate) fn app_key(&self) -> PathBuf {
        self.run().join("github-app-key.pem")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(crate) fn rabbitmq(&self) -> PathBuf {
        self.dir.join("rabbitmq")
    }
}
