//! Everything that changes while the simulator runs, under one lock that is never held across an await.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::{
    config::BodyEncoding,
    delivery_log::{DeliveryLog, Prepared},
    faults::Faults,
    objects::Objects,
    rate::Rate,
    routes::{RepoKey, RouteKind},
};

pub(crate) struct State {
    pub(crate) repositories: Vec<Repository>,
    pub(crate) suspended_at: Option<Timestamp>,
    pub(crate) uninstalled: bool,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) token_lifetime: Duration,
    /// For how long a new token is refused.
    pub(crate) token_lag: Duration,
    pub(crate) rate: Rate,
    pub(crate) faults: Faults,
    pub(crate) requests: BTreeMap<RouteKind, u64>,
    pub(crate) webhook: Webhook,
    pub(crate) deliveries: DeliveryLog,
    /// Deliveries wait here while they are held back.
    pub(crate) held: Option<Vec<Prepared>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) url: Option<Url>,
    pub(crate) secret: String,
    pub(crate) encoding: BodyEncoding,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) known_from: Instant,
    pub(crate) expires_at: Timestamp,
}

#[derive(Clone)]
pub(crate) struct Repository {
    pub(crate) id: i64,
    pub(crate) path: PathBuf,
    pub(crate) full_name: String,
    /// GitHub redirects from these.
    pub(crate) former_names: Vec<String>,
    pub(crate) default_branch: String,
    pub(crate) archived: bool,
    pub(crate) private: bool,
    pub(crate) gone: bool,
    pub(crate) pushed_at: Timestamp,
    pub(crate) heads: BTreeMap<String, Head>,
    pub(crate) objects: Arc<Objects>,
}

/// A branch. REST may still show where it was a moment ago, as GitHub's replicas do.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// Nothing once it is deleted.
    pub(crate) sha: Option<String>,
    pub(crate) lagging: Option<(Option<String>, Instant)>,
}

impl Head {
    pub(crate) fn visible(&self) -> Option<&str> {
        match &self.lagging {
            Some((old, until)) if Instant::now() < *until => old.as_deref(),
            Some(_) | None => self.sha.as_deref(),
        }
    }
}

impl Repository {
    pub(crate) fn owner(&self) -> &str {
        self.full_name.split_once('/').map_or("", |(owner, _)| owner)
    }

    pub(crate) fn name(&self) -> &str {
        self.full_name.split_once('/').map_or("", |(_, name)| name)
    }

    pub(crate) fn head(&self, branch: &str) -> Option<&str> {
        self.heads.get(branch)?.sha.as_deref()
    }

    pub(crate) fn visible_head(&self, branch: &str) -> Option<&str> {
        self.heads.get(branch)?.visible()
    }
}

/// A repository as a request found it.
pub(crate) enum Found<'a> {
    Here(&'a Repository),
    /// Asked for by a name that it no longer has.
    Moved(i64),
    Nowhere,
}

impl State {
    pub(crate) fn find(&self, key: &RepoKey) -> Found<'_> {
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let mut present = self.repositories.iter().filter(|repo| !repo.gone);
        match key {
            RepoKey::Id(id) => {
                present.find(|repo| repo.id == *id).map_or(Found::Nowhere, Found::Here)
            }
            RepoKey::Name(name) => {
                if let Some(repo) = present.clone().find(|repo| same(&repo.full_name, name)) {
                    return Found::Here(repo);
                }
                present
                    .find(|repo| repo.former_names.iter().any(|former| same(former, name)))
                    .map_or(Found::Nowhere, |repo| Found::Moved(repo.id))
            }
        }
    }

    /// The repository that a control call names, or the first.
    pub(crate) fn named(&mut self, name: Option<&str>) -> Option<&mut Repository> {
        match name {
            Some(name) => self.repositories.iter_mut().find(|repo| repo.full_name == name),
            None => self.repositories.first_mut(),
        }
    }
}
