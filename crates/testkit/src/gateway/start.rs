//! The start of a gateway: servers, set-up, processes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::RngExt as _;
use uuid::Uuid;

use super::admin::Admin;
use super::builder::{Build, GatewayBuilder, Setting, Worker};
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
/// Where the receivers of tests listen.
const LOOPBACK: &str = "127.0.0.0/8";
/// A worker that tests wait for: as quick as its settings allow.
const QUICK: [(&str, &str); 3] = [
    ("HOOKYARD_LOOK_AGAIN_MS", "50"),
    ("HOOKYARD_SYNC_RETRY_MS", "20"),
    ("HOOKYARD_SWEEP_MS", "50"),
];

impl GatewayBuilder {
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
        let github_url = github.as_ref().map(|github| github.url().to_string());
        let admin = common.admin(github_url.as_deref());
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
        let workers: Vec<Member> = (0..)
            .zip(worker_ports)
            .zip(&self.workers)
            .map(|((n, ports), worker)| common.worker(n, *ports, worker, github_url.as_deref()))
            .collect();
        let console = self.console.then(|| common.console(github_url.as_deref()));
        ingresses.iter().chain(&workers).chain(&console).for_each(Member::launch);
        for member in ingresses.iter().chain(&workers).chain(&console) {
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
            console,
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

/// Long enough for a call that is being sent: nobody balances between a test's ingresses.
const SHORT_FAREWELL_MS: &str = "100";
/// A test that expects a call to be taken does not mean: within three seconds, on a machine that runs other tests too.
const PATIENT_RECORD_MS: &str = "30000";

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

    fn admin(&self, github: Option<&str>) -> Admin {
        let [health] = ports::free().expect("there are free ports");
        let environment = self.admin_settings(health, github);
        Admin { program: self.place.binaries.join("hookyard-admin"), environment }
    }

    fn admin_settings(&self, health: u16, github: Option<&str>) -> Vec<Setting> {
        let mut environment = self.settings("hookyard_admin", health);
        environment.push(setting("HOOKYARD_SOURCE_KEYS", &self.source_keys));
        environment.push(setting("HOOKYARD_VAULT_KEYS", &self.vault_keys));
        environment.push(setting("HOOKYARD_OUTBOUND_ALLOW", LOOPBACK));
        if let Some(github) = github {
            environment.push(setting("HOOKYARD_GITHUB_API_URL", github));
        }
        environment
    }

    /// `hookyard-admin serve`.
    fn console(&self, github: Option<&str>) -> Member {
        let [public, health] = ports::free().expect("there are free ports");
        let mut environment = self.admin_settings(health, github);
        environment.push(setting("HOOKYARD_ADMIN_LISTEN", &local(public).to_string()));
        let launch = self.launch("console".to_owned(), "hookyard-admin", environment);
        let (address, health) = (local(public), local(health));
        Member::new(Launch { arguments: &["serve"], address, health, ..launch })
    }

    fn ingress(&self, n: usize, [public, health]: [u16; 2], settings: &[Setting]) -> Member {
        let mut environment = self.settings("hookyard_ingress", health);
        environment.push(setting("HOOKYARD_LISTEN", &local(public).to_string()));
        environment.push(setting("HOOKYARD_SOURCE_KEYS", &self.source_keys));
        environment.push(setting("HOOKYARD_FAREWELL_MS", SHORT_FAREWELL_MS));
        environment.push(setting("HOOKYARD_RECORD_MS_MAX", PATIENT_RECORD_MS));
        environment.extend_from_slice(settings);
        self.member(format!("ingress-{n}"), "hookyard-ingress", environment, [public, health])
    }

    fn worker(
        &self,
        n: usize,
        [_, health]: [u16; 2],
        worker: &Worker,
        github: Option<&str>,
    ) -> Member {
        let mut environment = self.settings("hookyard_worker", health);
        environment.push(setting("HOOKYARD_VAULT_KEYS", &self.vault_keys));
        environment.push(setting("HOOKYARD_OUTBOUND_ALLOW", LOOPBACK));
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
        let launch = self.launch(name, program, environment);
        Member::new(Launch { address: local(address), health: local(health), ..launch })
    }

    /// How a process without arguments and with no address yet is started.
    fn launch(&self, name: String, program: &str, environment: Vec<Setting>) -> Launch {
        Launch {
            program: self.place.binaries.join(program),
            arguments: &[],
            environment,
            address: local(0),
            health: local(0),
            log: self.dir.join(format!("{name}.log")),
            name,
        }
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
