//! The manifests of a repository's plugins: only those that matter, and no more than so many bytes.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hookyard_domain::discovery::{
    self, Files, MARKETPLACE_PATH, Manifest, Manifests, may_be_manifest,
};
use hookyard_domain::target::RepositoryFullName;
use sha2::{Digest as _, Sha256};

use crate::{FileMode, GitHubError, Session, TreeEntry};

/// The largest manifest that is read, in bytes.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024;
/// The most bytes of all manifests of a repository that are read.
const MANIFESTS_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Manifests of one repository that are read at once.
const IN_FLIGHT_MAX: usize = 6;

/// How many bytes may still be read.
struct Budget(u64);

impl TreeEntry {
    /// Whether it is a file that a sync would read, and no link or submodule.
    pub fn is_regular(&self) -> bool {
        matches!(self.mode, FileMode::File | FileMode::Executable)
    }
}

/// The files that a sync would bring in.
pub fn regular_files(entries: &[TreeEntry]) -> Files<'_> {
    Files::new(entries.iter().filter(|it| it.is_regular()).map(|it| &*it.path))
}

/// A digest of all that a discovery depends on: which files there are, and what the manifests say. `entries` are
/// sorted.
pub fn discovery_digest(entries: &[TreeEntry]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(discovery::VERSION.to_be_bytes());
    for entry in entries.iter().filter(|it| it.is_regular()) {
        digest.update(entry.path.as_bytes());
        digest.update([0]);
        if may_be_manifest(&entry.path) {
            digest.update(entry.sha.to_string());
        }
    }
    digest.finalize().into()
}

impl Session {
    /// Reads the manifests that a discovery needs: a marketplace, and at most [`discovery::PLUGINS_MAX`] plugins'.
    ///
    /// `entries` are sorted. What is too large, or not there any more, is left out and says so.
    pub async fn manifests(
        &self,
        repository: &RepositoryFullName,
        entries: &[TreeEntry],
    ) -> Result<Manifests, GitHubError> {
        let mut manifests = Manifests::new();
        let mut budget = Budget(MANIFESTS_BYTES_MAX);
        if let Some(entry) = entry_at(entries, MARKETPLACE_PATH) {
            let refused = budget.take(entry).err();
            let (path, manifest) = self.manifest(repository, entry, refused).await?;
            manifests.insert(path, manifest);
        }
        let wanted = discovery::wanted(&regular_files(entries), manifests.get(MARKETPLACE_PATH));
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
                running.push(self.manifest(repository, entry, refused));
            }
            let Some(read) = running.next().await else { break };
            let (path, manifest) = read?;
            manifests.insert(path, manifest);
        }
        Ok(manifests)
    }

    async fn manifest(
        &self,
        repository: &RepositoryFullName,
        entry: &TreeEntry,
        refused: Option<String>,
    ) -> Result<(String, Manifest), GitHubError> {
        let bytes_max = usize::try_from(entry.size.min(MANIFEST_BYTES_MAX)).unwrap_or(usize::MAX);
        let manifest = match refused {
            Some(why) => Manifest::LeftOut(why),
            None => match self.blob(repository, &entry.sha, bytes_max).await {
                Ok(bytes) => Manifest::Read(bytes.to_vec()),
                Err(error @ (GitHubError::BlobGone(_) | GitHubError::TooLarge { .. })) => {
                    Manifest::LeftOut(error.to_string())
                }
                Err(error) => return Err(error),
            },
        };
        Ok((entry.path.clone(), manifest))
    }
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

fn entry_at<'a>(entries: &'a [TreeEntry], path: &str) -> Option<&'a TreeEntry> {
    let at = entries.binary_search_by(|it| (*it.path).cmp(path)).ok()?;
    entries.get(at).filter(|it| it.is_regular())
}
