//! Repositories, their branches, and the limit of those who ask.

use anyhow::Result;
use http::{StatusCode, request::Parts};
use serde_json::{Value, json};

use super::{
    super::{answer::Answer, payload, simulation::Simulation, state::Repository},
    git_data, next_page, number, tagged,
};

const PAGE_LEN: usize = 30;
const PAGE_LEN_MAX: usize = 100;

impl Simulation {
    pub(super) fn rate_limit(&self) -> Answer {
        let rate = self.state().rate.json();
        Answer::ok(&json!({ "resources": { "core": rate }, "rate": rate }))
    }

    pub(super) fn installation_repositories(&self, parts: &Parts) -> Answer {
        let length = number(parts, "per_page").unwrap_or(PAGE_LEN).clamp(1, PAGE_LEN_MAX);
        let page = number(parts, "page").unwrap_or(1).max(1);
        let state = self.state();
        let all: Vec<&Repository> = state.repositories.iter().filter(|repo| !repo.gone).collect();
        let shown: Vec<Value> = all
            .iter()
            .skip((page - 1) * length)
            .take(length)
            .map(|repo| payload::repository(repo))
            .collect();
        let answer = Answer::ok(&json!({
            "total_count": all.len(),
            "repository_selection": "selected",
            "repositories": shown,
        }));
        if page * length < all.len() {
            answer.with_all(vec![next_page(parts, &format!("per_page={length}&page={}", page + 1))])
        } else {
            answer
        }
    }
}

pub(super) fn repository(repo: &Repository, parts: &Parts) -> Answer {
    tagged(Answer::ok(&payload::repository(repo)), parts)
}

pub(super) fn reference(repo: &Repository, branch: &str, parts: &Parts) -> Answer {
    let Some(sha) = repo.visible_head(branch) else {
        return Answer::not_found();
    };
    let url = format!("https://api.github.com/repos/{}/git", repo.full_name);
    let answer = Answer::ok(&json!({
        "ref": format!("refs/heads/{branch}"),
        "node_id": format!("REF_{}", repo.id),
        "url": format!("{url}/refs/heads/{branch}"),
        "object": { "sha": sha, "type": "commit", "url": format!("{url}/commits/{sha}") },
    }));
    tagged(answer, parts)
}

pub(super) async fn branch(repo: &Repository, branch: &str, parts: &Parts) -> Result<Answer> {
    let Some(sha) = repo.visible_head(branch) else {
        return Ok(Answer::failure(StatusCode::NOT_FOUND, "Branch not found"));
    };
    let commit = git_data::described(repo, sha).await?;
    let answer = Answer::ok(&json!({ "name": branch, "commit": commit, "protected": false }));
    Ok(tagged(answer, parts))
}
