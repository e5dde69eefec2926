//! GitHub's REST routes: who asks, may they, and what is the answer.

mod app;
mod git_data;
mod repositories;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header, request::Parts};
use tokio::time::Instant;

use super::{
    answer::Answer,
    faults::{Fault, FaultKind},
    routes::{RepoKey, RepoRoute, Route},
    simulation::{Simulation, now},
    state::{Found, Repository},
};

/// The wait that a primary limit without a time asks for.
const PRIMARY_RESET_S: u64 = 2;

/// What to do with a request.
pub(crate) enum Reaction {
    Answer(Answer),
    /// Ends the connection without a word.
    Hang,
}

impl Simulation {
    pub(crate) async fn rest(self: &Arc<Self>, parts: &Parts, body: &Bytes) -> Reaction {
        let Some(route) = Route::parse(&parts.method, parts.uri.path()) else {
            return Reaction::Answer(Answer::not_found());
        };
        let fate = {
            let mut state = self.state();
            *state.requests.entry(route.kind()).or_default() += 1;
            state.faults.fate(route.kind(), parts.uri.path())
        };
        if fate.latency_ms > 0 {
            let latency = tokio::time::sleep(Duration::from_millis(fate.latency_ms));
            fate.replaced.run_until_cancelled(latency).await;
        }
        match fate.fault {
            None => Reaction::Answer(self.authorised(&route, parts, body, false).await),
            Some(fault) => self.misbehave(&fault, &route, parts, body).await,
        }
    }

    async fn misbehave(
        self: &Arc<Self>,
        fault: &Fault,
        route: &Route,
        parts: &Parts,
        body: &Bytes,
    ) -> Reaction {
        let status = |default| {
            fault.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(default)
        };
        let answer = match fault.kind {
            FaultKind::Reset => return Reaction::Hang,
            FaultKind::Missing => Answer::not_found(),
            FaultKind::Status => Answer {
                status: status(StatusCode::INTERNAL_SERVER_ERROR),
                headers: vec![(header::CONTENT_TYPE, "text/html".to_owned())],
                body: Bytes::from_static(b"<html><title>Unicorn!</title></html>"),
            },
            FaultKind::RateLimitPrimary => {
                let mut rate = self.state().rate.clone();
                let seconds = fault.retry_after_s.unwrap_or(PRIMARY_RESET_S).min(3600);
                rate.remaining = 0;
                rate.reset =
                    now().saturating_add(Duration::from_secs(seconds)).unwrap_or(rate.reset);
                let message = "API rate limit exceeded for installation.";
                Answer::failure(status(StatusCode::FORBIDDEN), message).with_all(rate.headers())
            }
            FaultKind::RateLimitSecondary => {
                let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
                let answer = Answer::failure(status(StatusCode::FORBIDDEN), message)
                    .with_all(self.state().rate.headers());
                match fault.retry_after_s {
                    Some(seconds) => answer.with(header::RETRY_AFTER, seconds.to_string()),
                    None => answer,
                }
            }
            FaultKind::Truncated => self.authorised(route, parts, body, true).await,
            FaultKind::Corrupt => {
                let mut answer = self.authorised(route, parts, body, false).await;
                answer.body = damaged(&answer.body);
                answer
            }
            FaultKind::Latency => self.authorised(route, parts, body, false).await,
        };
        Reaction::Answer(answer)
    }

    /// Checks who asks and counts the request against their limit.
    async fn authorised(
        self: &Arc<Self>,
        route: &Route,
        parts: &Parts,
        body: &Bytes,
        truncate: bool,
    ) -> Answer {
        if !parts.headers.contains_key(header::USER_AGENT) {
            return Answer::failure(
                StatusCode::FORBIDDEN,
                "Request forbidden by administrative rules.",
            );
        }
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, token)) = bearer.and_then(|value| value.split_once(' ')) else {
            return Answer::failure(StatusCode::UNAUTHORIZED, "Requires authentication");
        };
        if route.is_the_apps() {
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Answer::failure(StatusCode::UNAUTHORIZED, "Requires authentication");
            }
            return match self.keys.check(token, self.config.app_id, now()) {
                Ok(()) => answered(self.app_route(route, parts, body)),
                Err(message) => Answer::failure(StatusCode::UNAUTHORIZED, message),
            };
        }
        if let Err(refusal) = self.admit(token, route) {
            return refusal;
        }
        let answer = answered(self.installation_route(route, parts, truncate).await);
        let mut state = self.state();
        if answer.status == StatusCode::NOT_MODIFIED {
            state.rate.give_back();
        }
        answer.with_all(state.rate.headers())
    }

    /// Whether the token's installation may ask now.
    fn admit(&self, token: &str, route: &Route) -> Result<(), Answer> {
        let mut state = self.state();
        let now = now();
        let valid = state
            .tokens
            .get(token)
            .is_some_and(|token| token.expires_at > now && token.known_from <= Instant::now());
        if !valid || state.uninstalled {
            return Err(Answer::failure(StatusCode::UNAUTHORIZED, "Bad credentials"));
        }
        if state.suspended_at.is_some() {
            return Err(Answer::failure(
                StatusCode::FORBIDDEN,
                "This installation has been suspended",
            ));
        }
        if *route == Route::RateLimit {
            state.rate.renew(now);
        } else if !state.rate.take(now) {
            let message = format!(
                "API rate limit exceeded for installation ID {}.",
                self.config.installation_id
            );
            let refusal = Answer::failure(StatusCode::FORBIDDEN, &message);
            return Err(refusal.with_all(state.rate.headers()));
        }
        Ok(())
    }

    async fn installation_route(
        &self,
        route: &Route,
        parts: &Parts,
        truncate: bool,
    ) -> Result<Answer> {
        let (key, wanted) = match route {
            Route::RateLimit => return Ok(self.rate_limit()),
            Route::InstallationRepositories => return Ok(self.installation_repositories(parts)),
            Route::Repository(key, wanted) => (key, wanted),
            Route::App
            | Route::Installation(_)
            | Route::Token(_)
            | Route::HookDeliveries
            | Route::HookDelivery(_)
            | Route::HookAttempts(_) => return Ok(Answer::not_found()),
        };
        let repo = match self.state().find(key) {
            Found::Here(repo) => repo.clone(),
            Found::Moved(id) => return Ok(moved(key, id, parts)),
            Found::Nowhere => return Ok(Answer::not_found()),
        };
        self.repository_route(&repo, wanted, parts, truncate).await
    }

    async fn repository_route(
        &self,
        repo: &Repository,
        wanted: &RepoRoute,
        parts: &Parts,
        truncate: bool,
    ) -> Result<Answer> {
        if repo.heads.is_empty() && *wanted != RepoRoute::Itself {
            return Ok(Answer::failure(StatusCode::CONFLICT, "Git Repository is empty."));
        }
        match wanted {
            RepoRoute::Itself => Ok(repositories::repository(repo, parts)),
            RepoRoute::Ref(branch) => Ok(repositories::reference(repo, branch, parts)),
            RepoRoute::Branch(branch) => repositories::branch(repo, branch, parts).await,
            RepoRoute::Commit(name) => git_data::commit(repo, name).await,
            RepoRoute::Tree(name) => git_data::tree(repo, name, parts, truncate).await,
            RepoRoute::Blob(sha) => git_data::blob(repo, sha, parts).await,
        }
    }
}

fn answered(answer: Result<Answer>) -> Answer {
    answer.unwrap_or_else(|error| {
        tracing::error!("the simulator failed: {error:#}");
        Answer::failure(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}"))
    })
}

/// The redirect from a former name to the id, which never changes.
fn moved(key: &RepoKey, id: i64, parts: &Parts) -> Answer {
    let former = match key {
        RepoKey::Name(name) => name.as_str(),
        RepoKey::Id(_) => "",
    };
    let rest = parts.uri.path().split_once(former).map_or("", |(_, rest)| rest);
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let host =
        parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Answer::failure(StatusCode::MOVED_PERMANENTLY, "Moved Permanently")
        .with(header::LOCATION, format!("http://{host}/repositories/{id}{rest}{query}"))
}

/// An answer with an entity tag, or 304 to those who know it already.
fn tagged(answer: Answer, parts: &Parts) -> Answer {
    use sha2::{Digest, Sha256};
    let tag = format!("W/\"{}\"", hex::encode(Sha256::digest(&answer.body)));
    let known = parts.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let answer =
        if known == Some(&*tag) { Answer::empty(StatusCode::NOT_MODIFIED) } else { answer };
    answer.with(header::ETAG, tag)
}

/// A query parameter's number.
fn number(parts: &Parts, name: &str) -> Option<usize> {
    let query = parts.uri.query()?;
    let (_, value) = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name)?;
    value.parse().ok()
}

/// The header that leads to the next page.
fn next_page(parts: &Parts, query: &str) -> (HeaderName, String) {
    let host =
        parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    (header::LINK, format!("<http://{host}{}?{query}>; rel=\"next\"", parts.uri.path()))
}

/// A blob with a changed byte; JSON that ends too early.
fn damaged(body: &Bytes) -> Bytes {
    match body.first() {
        Some(b'{') => body.slice(..body.len() / 2),
        Some(_) => {
            let mut bytes = body.to_vec();
            bytes[0] ^= 1;
            bytes.into()
        }
        None => Bytes::from_static(b"?"),
    }
}
