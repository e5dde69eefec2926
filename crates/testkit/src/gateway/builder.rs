//! What a test chooses of its gateway.

use std::path::{Path, PathBuf};

use crate::git::GitRepo;

pub(super) type Setting = (String, String);
pub(super) type Build = Box<dyn FnOnce(&mut GitRepo) + Send>;

/// Servers that are not those of `cargo xtask test`, for tests that restart them.
#[derive(Debug, Clone)]
pub struct OwnServers {
    /// The owner's URL of a database that is this gateway's alone; it is migrated.
    pub database_url: String,
    pub amqp_url: String,
    /// What the three roles of the server get as their password.
    pub role_password: String,
}

/// One worker of a gateway; the default takes from all queues.
#[derive(Debug, Clone, Default)]
pub struct Worker {
    pub(super) settings: Vec<Setting>,
}

impl Worker {
    /// Takes only from these queues, such as `events` or `events,syncs`.
    #[must_use]
    pub fn queues(self, queues: &str) -> Self {
        self.env("HOOKYARD_QUEUES", queues)
    }

    /// Sets one of its settings.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A repository with a skill, an agent and a command.
pub fn sample(repo: &mut GitRepo) {
    repo.write(
        "skills/review/SKILL.md",
        "---\nname: review\ndescription: Reviews a change\n---\nRead it twice.\n",
    )
    .write("agents/helper.md", "---\nname: helper\ndescription: Helps\n---\nBe kind.\n")
    .write("commands/ship.md", "---\ndescription: Ships it\n---\nRun the tests first.\n")
    .write("README.md", "# Skills\n");
}

/// See [`Gateway::builder`](super::Gateway::builder).
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct GatewayBuilder {
    pub(super) ingresses: usize,
    pub(super) ingress_settings: Vec<Setting>,
    pub(super) workers: Vec<Worker>,
    pub(super) repository: Option<Build>,
    pub(super) mappings: Vec<(String, String)>,
    pub(super) sources: bool,
    pub(super) target: bool,
    pub(super) console: bool,
    pub(super) proxied: bool,
    pub(super) servers: Option<OwnServers>,
    pub(super) binaries: Option<PathBuf>,
    pub(super) may_leave_jobs: bool,
}

impl Default for GatewayBuilder {
    fn default() -> Self {
        let mappings = [("skills/**", "skill"), ("agents/**", "agent"), ("commands/**", "command")];
        Self {
            ingresses: 1,
            ingress_settings: Vec::new(),
            workers: Vec::new(),
            repository: None,
            mappings: mappings
                .map(|(selector, kind)| (selector.to_owned(), kind.to_owned()))
                .into(),
            sources: true,
            target: true,
            console: false,
            proxied: false,
            servers: None,
            binaries: None,
            may_leave_jobs: false,
        }
    }
}

impl GatewayBuilder {
    /// So many ingress processes, each on a port of its own; one when not told.
    #[must_use]
    pub fn ingresses(mut self, count: usize) -> Self {
        self.ingresses = count;
        self
    }

    /// Sets a setting of every ingress.
    #[must_use]
    pub fn ingress_env(mut self, name: &str, value: &str) -> Self {
        self.ingress_settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a worker.
    #[must_use]
    pub fn worker(mut self, worker: Worker) -> Self {
        self.workers.push(worker);
        self
    }

    /// Serves a repository from a simulated GitHub: what `build` stages is its first commit on the tracked branch.
    #[must_use]
    pub fn repository(mut self, build: impl FnOnce(&mut GitRepo) + Send + 'static) -> Self {
        self.repository = Some(Box::new(build));
        self
    }

    /// The target's mappings of selector and object type, in place of skills, agents and commands.
    #[must_use]
    pub fn mappings(mut self, mappings: &[(&str, &str)]) -> Self {
        let owned = |(selector, kind): &(&str, &str)| ((*selector).to_owned(), (*kind).to_owned());
        self.mappings = mappings.iter().map(owned).collect();
        self
    }

    /// Without the two connector sources.
    #[must_use]
    pub fn without_sources(mut self) -> Self {
        self.sources = false;
        self
    }

    /// Without account, instance and target: no push is tracked.
    #[must_use]
    pub fn without_target(mut self) -> Self {
        self.target = false;
        self
    }

    /// Serves API and console, too.
    #[must_use]
    pub fn console(mut self) -> Self {
        self.console = true;
        self
    }

    /// Puts a proxy before the database and another before the broker, for all processes.
    #[must_use]
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Uses these servers.
    #[must_use]
    pub fn servers(mut self, servers: OwnServers) -> Self {
        self.servers = Some(servers);
        self
    }

    /// Takes the programs from this folder, where it is not `cargo xtask test` that built them.
    #[must_use]
    pub fn binaries(mut self, dir: &Path) -> Self {
        self.binaries = Some(dir.to_owned());
        self
    }

    /// [`Gateway::finish`](super::Gateway::finish) does not wait until no job is left.
    #[must_use]
    pub fn may_leave_jobs(mut self) -> Self {
        self.may_leave_jobs = true;
        self
    }
}
