use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    GithubSimConfig, SimRepository,
    auth::AppKeys,
    delivery_log::DeliveryLog,
    faults::{FaultPlan, Faults},
    objects::Objects,
    rate::Rate,
    routes::RouteKind,
    state::{Head, Repository, State, Webhook},
};

/// Deliveries that [`Simulation::describe`] shows.
const DELIVERIES_SHOWN: usize = 20;

/// The simulated GitHub. Each control call over HTTP is one of its functions.
pub struct Simulation {
    pub(crate) config: GithubSimConfig,
    pub(crate) keys: AppKeys,
    pub(crate) http: reqwest::Client,
    /// Deliveries that nobody waits for.
    pub(crate) background: TaskTracker,
    pub(crate) stop: CancellationToken,
    state: Mutex<State>,
}

impl Simulation {
    pub(crate) async fn new(config: GithubSimConfig) -> Result<Arc<Self>> {
        let keys = match config.app_key_pem.clone() {
            Some(pem) => AppKeys::from_pem(pem)?,
            None => AppKeys::generate()?,
        };
        let http = reqwest::Client::builder()
            .timeout(config.delivery_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("GitHub-Hookshot/51m0147")
            .build()?;
        let state = State {
            repositories: Vec::new(),
            suspended_at: None,
            uninstalled: false,
            tokens: HashMap::new(),
            token_lifetime: config.token_lifetime,
            token_lag: std::time::Duration::ZERO,
            rate: Rate::new(config.rate_limit, now()),
            faults: Faults::new(FaultPlan::default()),
            requests: BTreeMap::new(),
            webhook: Webhook {
                url: config.webhook_url.clone(),
                secret: config.webhook_secret.clone(),
                encoding: config.body_encoding,
            },
            deliveries: DeliveryLog::default(),
            held: None,
        };
        let repositories = config.repositories.clone();
        let simulation = Arc::new(Self {
            config,
            keys,
            http,
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
            state: Mutex::new(state),
        });
        for repository in repositories {
            simulation.add_repository(repository).await?;
        }
        Ok(simulation)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The App's private key, which its client needs.
    pub fn app_key_pem(&self) -> &str {
        &self.keys.private_pem
    }

    /// The App's id as its client writes it.
    pub fn app_id(&self) -> String {
        self.config.app_id.to_string()
    }

    pub fn installation_id(&self) -> i64 {
        self.config.installation_id
    }

    /// Serves one more repository; its branches are read now and change only by control calls from then on.
    pub async fn add_repository(&self, repository: SimRepository) -> Result<()> {
        let SimRepository { path, full_name, id } = repository;
        let well_formed =
            full_name.split_once('/').is_some_and(|(o, n)| !o.is_empty() && !n.is_empty());
        ensure!(well_formed, "{full_name:?} is not owner/name");
        let objects = Objects::open(&path).await?;
        let heads = objects.heads().await?.into_iter();
        let heads =
            heads.map(|(branch, sha)| (branch, Head { sha: Some(sha), lagging: None })).collect();
        let default_branch = objects.default_branch().await?;
        let mut state = self.state();
        if state.repositories.iter().any(|known| known.id == id || known.full_name == full_name) {
            bail!("there is a repository {full_name} or one with the id {id} already");
        }
        state.repositories.push(Repository {
            id,
            path,
            full_name,
            former_names: Vec::new(),
            default_branch,
            archived: false,
            private: true,
            gone: false,
            pushed_at: now(),
            heads,
            objects: Arc::new(objects),
        });
        Ok(())
    }

    /// Replaces all faults; an empty plan ends them.
    pub fn faults(&self, plan: FaultPlan) {
        self.state().faults = Faults::new(plan);
    }

    /// The REST requests that arrived so far, by group; control calls do not count.
    pub fn requests(&self) -> BTreeMap<RouteKind, u64> {
        self.state().requests.clone()
    }

    /// All REST requests that arrived so far.
    pub fn requests_total(&self) -> u64 {
        self.state().requests.values().sum()
    }

    /// Where a branch of the first repository points.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.state().repositories.first()?.head(branch).map(str::to_owned)
    }

    /// The whole state, for people and scripts.
    pub fn describe(&self) -> Value {
        let mut state = self.state();
        state.rate.renew(now());
        let repositories: Vec<Value> =
            state.repositories.iter().map(Repository::describe).collect();
        let recent = state.deliveries.newest_first().take(DELIVERIES_SHOWN);
        json!({
            "appId": self.config.app_id,
            "installation": {
                "id": self.config.installation_id,
                "account": self.config.account_login,
                "suspended": state.suspended_at.is_some(),
                "deleted": state.uninstalled,
            },
            "webhookUrl": state.webhook.url,
            "repositories": repositories,
            "requests": state.requests,
            "requestsTotal": state.requests.values().sum::<u64>(),
            "rateLimit": state.rate.json(),
            "faults": state.faults.plan().faults,
            "seed": state.faults.plan().seed,
            "deliveries": {
                "held": state.held.as_ref().map(Vec::len),
                "recorded": state.deliveries.len(),
                "newest": recent.map(|record| record.report.clone()).collect::<Vec<_>>(),
            },
        })
    }

    /// What a control call about a repository works on.
    pub(crate) fn repository(&self, name: Option<&str>) -> Result<Repository> {
        self.state().named(name).cloned().context("there is no such repository")
    }
}

impl Repository {
    fn describe(&self) -> Value {
        let now = Instant::now();
        let lagging = |head: &Head| head.lagging.as_ref().is_some_and(|(_, until)| now < *until);
        let heads = self.heads.iter();
        let branches: BTreeMap<_, _> =
            heads.clone().filter_map(|(branch, head)| Some((branch, head.sha.as_ref()?))).collect();
        json!({
            "id": self.id,
            "fullName": self.full_name,
            "formerNames": self.former_names,
            "path": self.path,
            "defaultBranch": self.default_branch,
            "archived": self.archived,
            "private": self.private,
            "gone": self.gone,
            "branches": branches,
            "lagging": heads.filter(|(_, head)| lagging(head)).map(|(branch, _)| branch).collect::<Vec<_>>(),
        })
    }
}

/// The simulator's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is the outside world: the time is its own"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
