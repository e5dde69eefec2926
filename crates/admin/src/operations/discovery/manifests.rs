//! The manifests of a repository, read from GitHub: only those that matter, and no more than so many bytes.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hookyard_domain::discovery::{self, MARKETPLACE_PATH, Manifest, Manifests};
use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{GitHubError, Session, TreeEntry};

use super::{is_regular, regular};
use crate::operations::OperationError;
use crate::operations::github::{cut_off, refusal};

/// The largest manifest that is read, in bytes.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024;
/// The most bytes of all manifests of a repository that are read.
const MANIFESTS_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Manifests of one repository that are read at once.
const IN_FLIGHT_MAX: usize = 6;

/// How many bytes may still be read.
struct Budget(u64);

/// Reads the manifests that a discovery needs: a marketplace, and at most [`discovery::PLUGINS_MAX`] plugins'.
pub(super) async fn read(
    session: &Session,
    repository: &RepositoryFullName,
    entries: &Arc<[TreeEntry]>,
) -> Result<Manifests, OperationError> {
    let mut manifests = Manifests::new();
    let mut budget = Budget(MANIFESTS_BYTES_MAX);
    if let Some(entry) = entry_at(entries, MARKETPLACE_PATH) {
        let refused = budget.take(entry).err();
        let (path, manifest) = fetch(session, repository, entry, refused).await?;
        manifests.insert(path, manifest);
    }
    let marketplace = manifests.get(MARKETPLACE_PATH).cloned();
    let files = Arc::clone(entries);
    let wanted = tokio::task::spawn_blocking(move || {
        discovery::wanted(&regular(&files), marketplace.as_ref())
    });
    let wanted = wanted.await.map_err(|_| cut_off())?;
    let found: Vec<_> = wanted
        .iter()
        .filter_map(|path| entry_at(entries, path))
        .map(|entry| (entry, budget.take(entry).err()))
        .collect();
    let mut pending = found.into_iter();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < IN_FLIGHT_MAX
            && let Some((entry, refused)) = pending.next()
        {
            running.push(fetch(session, repository, entry, refused));
        }
        let Some(read) = running.next().await else { break };
        let (path, manifest) = read?;
        manifests.insert(path, manifest);
    }
    Ok(manifests)
}

impl Budget {
    fn take(&mut self, entry: &TreeEntry) -> Result<(), String> {
        if entry.size > MANIFEST_BYTES_MAX {
            return Err(format!("it is larger than {MANIFEST_BYTES_MAX} bytes"));
        }
        self.0 = self.0.checked_sub(entry.size).ok_or_else(|| {
            format!("all manifests together are larger than {MANIFESTS_BYTES_MAX} bytes")
        })?;
        Ok(())
    }
}

async fn fetch(
    session: &Session,
    repository: &RepositoryFullName,
    entry: &TreeEntry,
    refused: Option<String>,
) -> Result<(String, Manifest), OperationError> {
    let bytes_max = usize::try_from(entry.size.min(MANIFEST_BYTES_MAX)).unwrap_or(usize::MAX);
    let manifest = match refused {
        Some(why) => Manifest::LeftOut(why),
        None => match session.blob(repository, &entry.sha, bytes_max).await {
            Ok(bytes) => Manifest::Read(bytes.to_vec()),
            Err(error @ (GitHubError::BlobGone(_) | GitHubError::TooLarge { .. })) => {
                Manifest::LeftOut(error.to_string())
            }
            Err(error) => return Err(refusal(&error)),
        },
    };
    Ok((entry.path.clone(), manifest))
}

fn entry_at<'a>(entries: &'a [TreeEntry], path: &str) -> Option<&'a TreeEntry> {
    let at = entries.binary_search_by(|it| (*it.path).cmp(path)).ok()?;
    entries.get(at).filter(|it| is_regular(it))
}
