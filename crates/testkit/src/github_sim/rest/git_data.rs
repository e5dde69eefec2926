//! Commits, trees and blobs.

use anyhow::Result;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{StatusCode, header, request::Parts};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::{answer::Answer, state::Repository};
use crate::git::TreeLine;

/// GitHub lists no more entries of a tree.
const TREE_ENTRIES_MAX: usize = 100_000;
/// GitHub's other bound; paths, modes and hashes are counted here, about what git itself stores.
const TREE_BYTES_MAX: usize = 7_000_000;
/// A mode and a hash beside the path.
const ENTRY_BYTES: usize = 46;
/// GitHub serves no larger blob.
const BLOB_BYTES_MAX: usize = 100 * 1024 * 1024;

pub(super) async fn commit(repo: &Repository, name: &str) -> Result<Answer> {
    let name = repo.visible_head(name).unwrap_or(name);
    let Some(sha) = repo.objects.resolve(name, "commit").await? else {
        let message = format!("No commit found for SHA: {name}");
        return Ok(Answer::failure(StatusCode::UNPROCESSABLE_ENTITY, &message));
    };
    Ok(Answer::ok(&described(repo, &sha).await?))
}

/// A commit as REST shows it.
pub(super) async fn described(repo: &Repository, sha: &str) -> Result<Value> {
    let commits = repo.objects.commits(sha, &[format!("{sha}^@")], 1).await?;
    let Some(commit) = commits.last() else {
        return Ok(Value::Null);
    };
    let person = |(name, email): &(String, String)| json!({ "name": name, "email": email, "date": commit.timestamp });
    Ok(json!({
        "sha": commit.sha,
        "commit": {
            "message": commit.message,
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "tree": { "sha": commit.tree },
        },
        "html_url": format!("https://github.com/{}/commit/{}", repo.full_name, commit.sha),
    }))
}

#[derive(Serialize)]
struct Entry<'a> {
    path: &'a str,
    mode: &'a str,
    r#type: &'static str,
    sha: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

pub(super) async fn tree(
    repo: &Repository,
    name: &str,
    parts: &Parts,
    truncate: bool,
) -> Result<Answer> {
    // Any value asks for recursion, even `0`.
    let query = parts.uri.query().unwrap_or_default();
    let recursive =
        url::form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == "recursive");
    let known = repo.visible_head(name).unwrap_or(name);
    let Some(sha) = repo.objects.resolve(known, "tree").await? else {
        return Ok(Answer::not_found());
    };
    let mut lines = repo.objects.tree(&sha, recursive).await?;
    let listed = if truncate && recursive { lines.len() / 2 } else { fitting(&lines) };
    let truncated = listed < lines.len() || (truncate && recursive);
    lines.truncate(listed);
    let url = format!("https://api.github.com/repos/{}/git", repo.full_name);
    let entries: Vec<Entry<'_>> = lines.iter().map(|line| entry(line, &url)).collect();
    Ok(Answer::ok(&json!({
        "sha": sha,
        "url": format!("{url}/trees/{sha}"),
        "tree": entries,
        "truncated": truncated,
    })))
}

fn fitting(lines: &[TreeLine]) -> usize {
    let sizes = lines.iter().map(|line| line.path.len() + ENTRY_BYTES);
    let within = sizes.scan(0, |sum, size| {
        *sum += size;
        (*sum <= TREE_BYTES_MAX).then_some(())
    });
    within.take(TREE_ENTRIES_MAX).count()
}

fn entry<'a>(line: &'a TreeLine, url: &str) -> Entry<'a> {
    let (kind, url) = match &*line.mode {
        "040000" => ("tree", Some(format!("{url}/trees/{}", line.sha))),
        "160000" => ("commit", None),
        _ => ("blob", Some(format!("{url}/blobs/{}", line.sha))),
    };
    Entry { path: &line.path, mode: &line.mode, r#type: kind, sha: &line.sha, size: line.size, url }
}

pub(super) async fn blob(repo: &Repository, sha: &str, parts: &Parts) -> Result<Answer> {
    let well_formed =
        matches!(sha.len(), 40 | 64) && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !well_formed {
        let message = "The sha parameter must be exactly 40 characters and contain only [0-9a-f].";
        return Ok(Answer::failure(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let Some(content) = repo.objects.blob(sha).await? else {
        return Ok(Answer::not_found());
    };
    if content.len() > BLOB_BYTES_MAX {
        return Ok(Answer::failure(
            StatusCode::FORBIDDEN,
            "This API returns blobs up to 100 MB in size.",
        ));
    }
    let accept = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("raw")) {
        return Ok(Answer::raw(content));
    }
    Ok(Answer::ok(&json!({
        "sha": sha,
        "node_id": format!("B_{sha}"),
        "size": content.len(),
        "url": format!("https://api.github.com/repos/{}/git/blobs/{sha}", repo.full_name),
        "content": STANDARD.encode(&content),
        "encoding": "base64",
    })))
}
