//! The parts that GitHub's payloads and REST answers are made of.

use serde_json::{Value, json};

use super::{objects::Commit, state::Repository};

/// The owner's account id; GitHub's ids are arbitrary.
const ACCOUNT_ID: i64 = 81_001;

/// An account, as owner, sender or holder of an installation.
pub(crate) fn account(login: &str, kind: &str) -> Value {
    let url = format!("https://api.github.com/users/{login}");
    json!({
        "login": login,
        "id": ACCOUNT_ID,
        "node_id": format!("U_{ACCOUNT_ID}"),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{ACCOUNT_ID}?v=4"),
        "gravatar_id": "",
        "url": url,
        "html_url": format!("https://github.com/{login}"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "type": kind,
        "site_admin": false,
    })
}

/// A repository as REST shows it: its times are texts.
pub(crate) fn repository(repo: &Repository) -> Value {
    let url = format!("https://api.github.com/repos/{}", repo.full_name);
    let html = format!("https://github.com/{}", repo.full_name);
    json!({
        "id": repo.id,
        "node_id": format!("R_{}", repo.id),
        "name": repo.name(),
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": account(repo.owner(), "Organization"),
        "html_url": html,
        "description": null,
        "fork": false,
        "url": url,
        "branches_url": format!("{url}/branches{{/branch}}"),
        "trees_url": format!("{url}/git/trees{{/sha}}"),
        "blobs_url": format!("{url}/git/blobs{{/sha}}"),
        "commits_url": format!("{url}/commits{{/sha}}"),
        "compare_url": format!("{url}/compare/{{base}}...{{head}}"),
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": repo.pushed_at.to_string(),
        "pushed_at": repo.pushed_at.to_string(),
        "clone_url": format!("{html}.git"),
        "size": 0,
        "language": null,
        "archived": repo.archived,
        "disabled": false,
        "visibility": if repo.private { "private" } else { "public" },
        "default_branch": repo.default_branch,
    })
}

/// A repository as a push shows it: creation and last push are seconds of the epoch, and the owner has a name.
pub(crate) fn pushed_repository(repo: &Repository) -> Value {
    let mut value = repository(repo);
    value["created_at"] = json!(1_767_225_600);
    value["pushed_at"] = json!(repo.pushed_at.as_second());
    value["master_branch"] = json!(repo.default_branch);
    value["stargazers"] = json!(0);
    value["owner"]["name"] = json!(repo.owner());
    value["owner"]["email"] = json!(null);
    value
}

/// A commit as a push shows it.
pub(crate) fn commit(commit: &Commit, repo: &Repository) -> Value {
    let person = |(name, email): &(String, String)| json!({ "name": name, "email": email, "username": repo.owner() });
    json!({
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": true,
        "message": commit.message,
        "timestamp": commit.timestamp,
        "url": format!("https://github.com/{}/commit/{}", repo.full_name, commit.sha),
        "author": person(&commit.author),
        "committer": person(&commit.committer),
        "added": commit.added,
        "removed": commit.removed,
        "modified": commit.modified,
    })
}

/// The installation as every delivery of an App names it.
pub(crate) fn installation(id: i64) -> Value {
    json!({ "id": id, "node_id": format!("MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{id}") })
}
