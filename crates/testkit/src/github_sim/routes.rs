//! GitHub's routes, taken apart.

use http::Method;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// The groups in which requests are counted and faults are aimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    #[default]
    #[serde(rename = "*")]
    Any,
    App,
    Token,
    Hook,
    RateLimit,
    Repo,
    Ref,
    Commit,
    Tree,
    Blob,
}

/// A request's meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    App,
    Installation(i64),
    Token(i64),
    HookDeliveries,
    HookDelivery(i64),
    HookAttempts(i64),
    RateLimit,
    InstallationRepositories,
    Repository(RepoKey, RepoRoute),
}

/// How a repository is named in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RepoKey {
    Name(String),
    Id(i64),
}

/// What is asked about a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RepoRoute {
    Itself,
    Ref(String),
    Branch(String),
    Commit(String),
    Tree(String),
    Blob(String),
}

impl Route {
    pub(crate) fn parse(method: &Method, path: &str) -> Option<Self> {
        // The prefix of GitHub Enterprise Server.
        let path = path.strip_prefix("/api/v3").unwrap_or(path);
        let decoded: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        if *method == Method::POST {
            return match *segments {
                ["app", "installations", id, "access_tokens"] => {
                    Some(Self::Token(id.parse().ok()?))
                }
                ["app", "hook", "deliveries", id, "attempts"] => {
                    Some(Self::HookAttempts(id.parse().ok()?))
                }
                _ => None,
            };
        }
        if *method != Method::GET {
            return None;
        }
        match &*segments {
            ["app"] => Some(Self::App),
            ["app", "installations", id] => Some(Self::Installation(id.parse().ok()?)),
            ["app", "hook", "deliveries"] => Some(Self::HookDeliveries),
            ["app", "hook", "deliveries", id] => Some(Self::HookDelivery(id.parse().ok()?)),
            ["rate_limit"] => Some(Self::RateLimit),
            ["installation", "repositories"] => Some(Self::InstallationRepositories),
            ["repos", owner, name, rest @ ..] => Some(Self::Repository(
                RepoKey::Name(format!("{owner}/{name}")),
                RepoRoute::parse(rest)?,
            )),
            ["repositories", id, rest @ ..] => {
                Some(Self::Repository(RepoKey::Id(id.parse().ok()?), RepoRoute::parse(rest)?))
            }
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> RouteKind {
        match self {
            Self::App | Self::Installation(_) => RouteKind::App,
            Self::Token(_) => RouteKind::Token,
            Self::HookDeliveries | Self::HookDelivery(_) | Self::HookAttempts(_) => RouteKind::Hook,
            Self::RateLimit => RouteKind::RateLimit,
            Self::InstallationRepositories | Self::Repository(_, RepoRoute::Itself) => {
                RouteKind::Repo
            }
            Self::Repository(_, RepoRoute::Ref(_) | RepoRoute::Branch(_)) => RouteKind::Ref,
            Self::Repository(_, RepoRoute::Commit(_)) => RouteKind::Commit,
            Self::Repository(_, RepoRoute::Tree(_)) => RouteKind::Tree,
            Self::Repository(_, RepoRoute::Blob(_)) => RouteKind::Blob,
        }
    }

    /// Whether the App itself must ask, not an installation.
    pub(crate) fn is_the_apps(&self) -> bool {
        matches!(self.kind(), RouteKind::App | RouteKind::Token | RouteKind::Hook)
    }
}

impl RepoRoute {
    fn parse(segments: &[&str]) -> Option<Self> {
        match segments {
            [] => Some(Self::Itself),
            ["git", "ref", "heads", branch @ ..] if !branch.is_empty() => {
                Some(Self::Ref(branch.join("/")))
            }
            ["branches", branch @ ..] if !branch.is_empty() => Some(Self::Branch(branch.join("/"))),
            ["commits", name @ ..] if !name.is_empty() => Some(Self::Commit(name.join("/"))),
            ["git", "trees", name @ ..] if !name.is_empty() => Some(Self::Tree(name.join("/"))),
            ["git", "blobs", sha] => Some(Self::Blob((*sha).to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_with_slashes_and_escapes_is_one_branch() {
        let route = Route::parse(&Method::GET, "/repos/o/r/git/ref/heads/feature/a%23b");
        let branch = RepoRoute::Ref("feature/a#b".to_owned());
        assert_eq!(route, Some(Route::Repository(RepoKey::Name("o/r".to_owned()), branch)));
    }

    #[test]
    fn a_repository_is_found_by_id_and_below_the_enterprise_prefix() {
        let route = Route::parse(&Method::GET, "/api/v3/repositories/12/git/trees/main");
        assert_eq!(
            route,
            Some(Route::Repository(RepoKey::Id(12), RepoRoute::Tree("main".to_owned())))
        );
    }

    #[test]
    fn what_github_does_not_offer_has_no_route() {
        assert_eq!(Route::parse(&Method::GET, "/repos/o"), None);
        assert_eq!(Route::parse(&Method::DELETE, "/app"), None);
    }
}
