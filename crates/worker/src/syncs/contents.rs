//! The contents of the files that changed: staged blobs first, GitHub only for those never seen.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hookyard_domain::reconcile::Wanted;
use hookyard_domain::sync_event::FileReason;
use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{GitHubError, ObjectId, Session};
use hookyard_store::blobs;
use hookyard_store::config_objects::Content;
use hookyard_store::sync_events::SyncWork;

use super::parse::{Bad, parse};
use super::reconcile::Halt;
use crate::context::Context;

/// Blobs of one sync that are fetched at once.
const FETCHES_MAX: usize = 16;
/// Blobs that are staged, or read from the stage, with one statement.
const STAGED_MAX: usize = 64;
/// Bytes that wait to be staged before a statement takes them.
const STAGED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A file that was read, for better or worse.
pub(super) struct Read {
    pub(super) wanted: Wanted,
    pub(super) content: Result<Content, Bad>,
}

/// Reads the wanted files. Every blob is staged as it arrives, so that a crash costs no second fetch.
pub(super) async fn read(
    context: &Context,
    work: &SyncWork,
    session: &Session,
    repo: &RepositoryFullName,
    wanted: &[Wanted],
) -> Result<Vec<Read>, Halt> {
    let mut reading = Reading::new(wanted);
    let shas: Vec<&str> = reading.by_sha.keys().copied().collect();
    let mut unseen: HashSet<&str> = shas.iter().copied().collect();
    for chunk in shas.chunks(STAGED_MAX) {
        let staged = {
            let conn = context.store.conn().await?;
            blobs::read(&conn, work.workspace, chunk).await?
        };
        for (sha, content) in staged {
            unseen.remove(sha.as_str());
            reading.take(&sha, Ok(&content));
        }
    }
    fetch(context, work, session, repo, unseen, &mut reading).await?;
    Ok(reading.read)
}

async fn fetch(
    context: &Context,
    work: &SyncWork,
    session: &Session,
    repo: &RepositoryFullName,
    unseen: HashSet<&str>,
    reading: &mut Reading<'_>,
) -> Result<(), Halt> {
    let bytes_max =
        usize::try_from(context.settings.sync.limits().file_bytes_max).unwrap_or(usize::MAX);
    let mut unseen = unseen.into_iter();
    let mut fetches = FuturesUnordered::new();
    let mut stage: Vec<(String, Bytes)> = Vec::new();
    let mut staged_bytes = 0;
    loop {
        fetches.extend(
            unseen
                .by_ref()
                .take(FETCHES_MAX - fetches.len())
                .map(|sha| blob(session, repo, sha, bytes_max)),
        );
        let Some((sha, fetched)) = fetches.next().await else { break };
        let content = match fetched {
            Ok(content) => content,
            Err(Fetch::Bad(bad)) => {
                reading.take(sha, Err(&bad));
                continue;
            }
            Err(Fetch::Halt(error)) => {
                put(context, work, &mut stage).await?; // What has arrived is not fetched again.
                return Err(Halt::GitHub(error));
            }
        };
        reading.take(sha, Ok(&content));
        staged_bytes += content.len();
        stage.push((sha.to_owned(), content));
        if stage.len() >= STAGED_MAX || staged_bytes >= STAGED_BYTES_MAX {
            put(context, work, &mut stage).await?;
            staged_bytes = 0;
        }
    }
    put(context, work, &mut stage).await
}

async fn put(
    context: &Context,
    work: &SyncWork,
    stage: &mut Vec<(String, Bytes)>,
) -> Result<(), Halt> {
    if !stage.is_empty() {
        let conn = context.store.conn().await?;
        blobs::put(&conn, work.workspace, stage).await?;
        stage.clear();
    }
    Ok(())
}

enum Fetch {
    /// This file cannot be had; the others can.
    Bad(Bad),
    Halt(GitHubError),
}

async fn blob<'a>(
    session: &Session,
    repo: &RepositoryFullName,
    sha: &'a str,
    bytes_max: usize,
) -> (&'a str, Result<Bytes, Fetch>) {
    (sha, fetch_blob(session, repo, sha, bytes_max).await)
}

async fn fetch_blob(
    session: &Session,
    repo: &RepositoryFullName,
    sha: &str,
    bytes_max: usize,
) -> Result<Bytes, Fetch> {
    let bad = |reason, error: String| Fetch::Bad(Bad { reason, error });
    let id: ObjectId =
        sha.parse().map_err(|_| bad(FileReason::BlobMissing, format!("{sha} names no object")))?;
    session.blob(repo, &id, bytes_max).await.map_err(|error| match error {
        GitHubError::BlobGone(_) => bad(FileReason::BlobMissing, error.to_string()),
        GitHubError::TooLarge { .. } => bad(FileReason::TooLarge, error.to_string()),
        GitHubError::RateLimited { .. }
        | GitHubError::Transient(_)
        | GitHubError::RepositoryGone
        | GitHubError::TreeGone(_)
        | GitHubError::NotPermitted { .. }
        | GitHubError::Suspended
        | GitHubError::InstallationGone
        | GitHubError::Unexpected { .. } => Fetch::Halt(error),
    })
}

/// The wanted files by their contents: one blob may stand at many paths.
struct Reading<'a> {
    by_sha: HashMap<&'a str, Vec<&'a Wanted>>,
    read: Vec<Read>,
}

impl<'a> Reading<'a> {
    fn new(wanted: &'a [Wanted]) -> Self {
        let mut by_sha: HashMap<&str, Vec<&Wanted>> = HashMap::new();
        for file in wanted {
            by_sha.entry(&file.sha).or_default().push(file);
        }
        Self { by_sha, read: Vec::with_capacity(wanted.len()) }
    }

    /// Reads every file that has this blob.
    fn take(&mut self, sha: &str, content: Result<&[u8], &Bad>) {
        for &file in self.by_sha.get(sha).into_iter().flatten() {
            let content = match content {
                Ok(bytes) => parse(file, bytes),
                Err(bad) => Err(bad.clone()),
            };
            self.read.push(Read { wanted: file.clone(), content });
        }
    }
}
