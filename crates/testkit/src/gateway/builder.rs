//! What a test chooses of its gateway, and the start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::RngExt as _;
use uuid::Uuid;

use super::admin::Admin;
use super::caller::Caller;
use super::database::Database;
use super::member::{Launch, Member};
use super::place::{Place, address_of, through};
use super::seeds::Wanted;
use super::{GITHUB_PATH, Gateway, INSTALLATION_ID, REPOSITORY, REPOSITORY_ID, Seeds};
use crate::git::GitRepo;
use crate::github_sim::{GithubSim, GithubSimConfig, SimRepository};
use crate::proxy::Proxy;
use crate::servers::ports;

const KEY_BYTES: usize = 32;
/// A worker that tests wait for: as quick as its settings allow.
const QUICK: [(&str, &str); 3] =
    [("HOOKYARD_LOOK_AGAIN_MS", "50"), ("HOOKYARD_SYNC_RETRY_MS", "20"), ("HOOKYARD_SWEEP_MS", "50")];

type Setting = (String, String);
type Build = Box<dyn FnOnce(&mut GitRepo) + Send>;

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
    settings: Vec<Setting>,
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
    repo.write("skills/review/SKILL.md", "---\nname: review\ndescription: Reviews a change\n---\nRead it twice.\n")
        .write("agents/helper.md", "---\nname: helper\ndescription: Helps\n---\nBe kind.\n")
        .write("commands/ship.md", "---\ndescription: Ships it\n---\nRun the tests first.\n")
        .write("README.md", "# Skills\n");
}

/// See [`Gateway::builder`].
pub struct GatewayBuilder {
    ingresses: usize,
    ingress_settings: Vec<Setting>,
    workers: Vec<Worker>,
    repository: Option<Build>,
    mappings: Vec<(String, String)>,
    sources: bool,
    target: bool,
    proxied: bool,
    servers: Option<OwnServers>,
    binaries: Option<PathBuf>,
    may_leave_jobs: bool,
}

impl Default for GatewayBuilder {
    fn default() -> Self {
        let mappings = [("skills/**", "skill"), ("agents/**", "agent"), ("commands/**", "command")];
        Self {
            ingresses: 1,
            ingress_settings: Vec::new(),
            workers: Vec::new(),
            repository: None,
            mappings: mappings.map(|(selector, kind)| (selector.to_owned(), kind.to_owned())).into(),
            sources: true,
            target: true,
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

    /// [`Gateway::finish`] does not wait until no job is left.
    #[must_use]
    pub fn may_leave_jobs(mut self) -> Self {
        self.may_leave_jobs = true;
        self
    }

    /// Starts everything and waits until it is ready.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn start(self) -> Gateway {
        let dir = tempfile::Builder::new().prefix("hookyard-gateway-").tempdir();
        let dir = dir.expect("a temporary folder can be made");
        let place = Place::find(self.servers, self.binaries).await;
        let seeds = Seeds::fresh();
        let ports: Vec<[u16; 2]> = (0..self.ingresses + self.workers.len())
            .map(|_| ports::free().expect("there are free ports"))
            .collect();
        let (ingress_ports, worker_ports) = ports.split_at(self.ingresses);
        let webhook = format!("http://{}{GITHUB_PATH}", local(ingress_ports[0][0]));
        let (github, repo) = match self.repository {
            Some(build) => {
                let (github, repo) = simulate(dir.path(), build, &webhook, &seeds).await;
                (Some(github), Some(Mutex::new(repo)))
            }
            None => (None, None),
        };
        let mut common = Common::new(&place, dir.path());
        let admin = common.admin();
        if place.is_own() {
            migrate(&place, &admin).await;
        }
        let wanted = Wanted {
            sources: self.sources,
            target: self.target,
            mappings: &self.mappings,
            github: github.as_ref(),
            dir: dir.path(),
        };
        let seeds = seeds.plant(&admin, wanted).await;
        let (database_proxy, broker_proxy) = if self.proxied {
            let (database, broker) = common.proxy().await;
            (Some(database), Some(broker))
        } else {
            (None, None)
        };
        let ingresses: Vec<Member> = (0..)
            .zip(ingress_ports)
            .map(|(n, ports)| common.ingress(n, *ports, &self.ingress_settings))
            .collect();
        let github_url = github.as_ref().map(|github| github.url().to_string());
        let workers: Vec<Member> = (0..)
            .zip(worker_ports)
            .zip(&self.workers)
            .map(|((n, ports), worker)| common.worker(n, *ports, worker, github_url.as_deref()))
            .collect();
        ingresses.iter().chain(&workers).for_each(Member::launch);
        for member in ingresses.iter().chain(&workers) {
            member.ready().await;
        }
        let caller = |member: &Member| Caller::new(format!("http://{}", member.address()));
        Gateway {
            callers: ingresses.iter().map(caller).collect(),
            database: Database::new(place.owner_url().to_owned()),
            queue_prefix: common.queue_prefix,
            may_leave_jobs: self.may_leave_jobs || workers.is_empty(),
            ingresses,
            workers,
            github,
            repo,
            admin,
            seeds,
            database_proxy,
            broker_proxy,
            place,
            dir: Some(dir),
        }
    }
}

/// What the settings of all processes are made of.
struct Common<'a> {
    place: &'a Place,
    dir: &'a Path,
    queue_prefix: String,
    source_keys: String,
    vault_keys: String,
    database_proxy: Option<SocketAddr>,
    broker_proxy: Option<SocketAddr>,
}

impl<'a> Common<'a> {
    fn new(place: &'a Place, dir: &'a Path) -> Self {
        Self {
            place,
            dir,
            queue_prefix: format!("gateway-{}", Uuid::new_v4().simple()),
            source_keys: key_ring("source"),
            vault_keys: key_ring("vault"),
            database_proxy: None,
            broker_proxy: None,
        }
    }

    async fn proxy(&mut self) -> (Proxy, Proxy) {
        let proxy = async |url: &str| Proxy::start(address_of(url)).await.expect("a proxy starts");
        let database = proxy(self.place.owner_url()).await;
        let broker = proxy(&self.place.amqp_url).await;
        self.database_proxy = Some(database.address());
        self.broker_proxy = Some(broker.address());
        (database, broker)
    }

    fn settings(&self, role: &str, health: u16) -> Vec<Setting> {
        let past = |url: String, proxy: Option<SocketAddr>| match proxy {
            Some(proxy) => through(&url, proxy),
            None => url,
        };
        vec![
            setting("HOOKYARD_DATABASE_URL", &past(self.place.role_url(role), self.database_proxy)),
            setting("HOOKYARD_AMQP_URL", &past(self.place.amqp_url.clone(), self.broker_proxy)),
            setting("HOOKYARD_QUEUE_PREFIX", &self.queue_prefix),
            setting("HOOKYARD_HEALTH_LISTEN", &local(health).to_string()),
        ]
    }

    fn admin(&self) -> Admin {
        let [health] = ports::free().expect("there are free ports");
        let mut environment = self.settings("hookyard_admin", health);
        environment.push(setting("HOOKYARD_SOURCE_KEYS", &self.source_keys));
        environment.push(setting("HOOKYARD_VAULT_KEYS", &self.vault_keys));
        Admin { program: self.place.binaries.join("hookyard-admin"), environment }
    }

    fn ingress(&self, n: usize, [public, health]: [u16; 2], settings: &[Setting]) -> Member {
        let mut environment = self.settings("hookyard_ingress", health);
        environment.push(setting("HOOKYARD_LISTEN", &local(public).to_string()));
        environment.push(setting("HOOKYARD_SOURCE_KEYS", &self.source_keys));
        environment.extend_from_slice(settings);
        self.member(format!("ingress-{n}"), "hookyard-ingress", environment, [public, health])
    }

    fn worker(&self, n: usize, [_, health]: [u16; 2], worker: &Worker, github: Option<&str>) -> Member {
        let mut environment = self.settings("hookyard_worker", health);
        environment.push(setting("HOOKYARD_VAULT_KEYS", &self.vault_keys));
        if let Some(github) = github {
            environment.push(setting("HOOKYARD_GITHUB_API_URL", github));
        }
        environment.extend(QUICK.map(|(name, value)| setting(name, value)));
        environment.extend_from_slice(&worker.settings);
        self.member(format!("worker-{n}"), "hookyard-worker", environment, [health, health])
    }

    fn member(
        &self,
        name: String,
        program: &str,
        environment: Vec<Setting>,
        [address, health]: [u16; 2],
    ) -> Member {
        Member::new(Launch {
            program: self.place.binaries.join(program),
            environment,
            address: local(address),
            health: local(health),
            log: self.dir.join(format!("{name}.log")),
            name,
        })
    }
}

async fn simulate(dir: &Path, build: Build, webhook: &str, seeds: &Seeds) -> (GithubSim, GitRepo) {
    let mut repo = GitRepo::init(dir.join("repository")).expect("a repository can be made");
    build(&mut repo);
    repo.commit("the beginning").expect("the first commit can be made");
    let config = GithubSimConfig {
        repositories: vec![SimRepository {
            path: repo.path().to_owned(),
            full_name: REPOSITORY.to_owned(),
            id: REPOSITORY_ID,
        }],
        installation_id: INSTALLATION_ID,
        webhook_url: Some(webhook.parse().expect("a socket's address makes a URL")),
        webhook_secret: seeds.github_secret.clone(),
        ..GithubSimConfig::default()
    };
    (GithubSim::start(config).await.expect("the simulator starts"), repo)
}

/// Brings the caller's own database up to date and gives the roles their password.
async fn migrate(place: &Place, admin: &Admin) {
    let password = place.role_password();
    let mut owner = admin.clone();
    owner.environment.push(setting("HOOKYARD_DATABASE_URL", place.owner_url()));
    for role in ["INGRESS", "WORKER", "ADMIN"] {
        owner.environment.push(setting(&format!("HOOKYARD_{role}_DB_PASSWORD"), password));
    }
    let output = owner.run(&["migrate"], "").await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "hookyard-admin migrate: {said}");
}

fn setting(name: &str, value: &str) -> Setting {
    (name.to_owned(), value.to_owned())
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A key ring's setting, `id:base64`, with one fresh key.
fn key_ring(id: &str) -> String {
    format!("{id}-1:{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; KEY_BYTES]>()))
}
