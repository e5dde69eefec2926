//! All files of a commit.
//!
//! GitHub lists a tree recursively up to 100,000 entries or 7 MB and then says `truncated`. What it listed until then
//! is dropped: the directory is read one level deep and each of its directories in the same way again. A list is
//! complete or it is an error, because what is missing from it counts as deleted.

use std::fmt;

use futures_util::{StreamExt, stream::FuturesUnordered};
use hookyard_domain::target::RepositoryFullName;
use http::StatusCode;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use crate::{
    GitHubError, ObjectId, Session,
    transport::{Answer, Call},
};

/// 7 MB of entries grow to several times that by the URL of each.
const TREE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Files in one list.
const ENTRIES_MAX: usize = 1_000_000;
/// Directories inside each other.
const DEPTH_MAX: usize = 128;
/// Directories of one tree that are read at once.
const DIRECTORIES_IN_FLIGHT_MAX: usize = 8;

/// The files of a commit, in no promised order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub entries: Vec<TreeEntry>,
    /// The requests for trees that the list took.
    pub requests: u32,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeEntry {
    /// From the root of the repository, with slashes.
    pub path: String,
    pub mode: FileMode,
    pub sha: ObjectId,
    /// In bytes; 0 for submodules.
    pub size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileMode {
    File,
    Executable,
    Symlink,
    Submodule,
}

/// A directory that is still to be read.
struct Directory {
    /// With a slash at its end, but for the root.
    prefix: String,
    sha: ObjectId,
    depth: usize,
}

#[derive(Default)]
struct Contents {
    files: Vec<TreeEntry>,
    directories: Vec<Directory>,
    requests: u32,
}

impl Session {
    /// All files below a commit or tree, directories left out. A repository without commits has none.
    pub async fn tree(
        &self,
        repo: &RepositoryFullName,
        sha: &ObjectId,
    ) -> Result<Tree, GitHubError> {
        let mut tree = Tree { entries: Vec::new(), requests: 0 };
        let mut pending = vec![Directory { prefix: String::new(), sha: *sha, depth: 0 }];
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < DIRECTORIES_IN_FLIGHT_MAX
                && let Some(directory) = pending.pop()
            {
                running.push(self.contents(repo, directory));
            }
            let Some(contents) = running.next().await else {
                return Ok(tree);
            };
            let contents = contents?;
            tree.requests += contents.requests;
            if tree.entries.is_empty() {
                tree.entries = contents.files;
            } else {
                tree.entries.extend(contents.files);
            }
            pending.extend(contents.directories);
            if tree.entries.len() > ENTRIES_MAX || pending.len() > ENTRIES_MAX {
                return Err(GitHubError::TooLarge {
                    what: "the number of files",
                    max: ENTRIES_MAX as u64,
                });
            }
        }
    }

    /// All files below the directory, or, where that is too much for one answer, its own files and directories.
    async fn contents(
        &self,
        repo: &RepositoryFullName,
        directory: Directory,
    ) -> Result<Contents, GitHubError> {
        if directory.depth > DEPTH_MAX {
            return Err(GitHubError::TooLarge {
                what: "the depth of directories",
                max: DEPTH_MAX as u64,
            });
        }
        let whole = self.listing(repo, &directory.sha, "?recursive=1").await?;
        if !whole.truncated {
            return Ok(directory.take(whole.tree, true, 1));
        }
        let level = self.listing(repo, &directory.sha, "").await?;
        if level.truncated {
            return Err(GitHubError::TooLarge {
                what: "a directory",
                max: level.tree.len() as u64,
            });
        }
        Ok(directory.take(level.tree, false, 2))
    }

    async fn listing(
        &self,
        repo: &RepositoryFullName,
        sha: &ObjectId,
        query: &str,
    ) -> Result<Listing, GitHubError> {
        let mut call = Call::get("tree", format!("/repos/{repo}/git/trees/{sha}{query}"));
        call.bytes_max = TREE_BYTES_MAX;
        let answer = self.get(&call).await?;
        match answer.status {
            StatusCode::CONFLICT => Ok(Listing { tree: Vec::new(), truncated: false }),
            StatusCode::NOT_FOUND => Err(self.missing(repo, GitHubError::TreeGone(*sha)).await),
            _ => parse(answer).await,
        }
    }
}

/// 100,000 entries take tens of milliseconds, which would stall the other work of the thread.
async fn parse(answer: Answer) -> Result<Listing, GitHubError> {
    const INLINE_BYTES_MAX: usize = 256 * 1024;
    let route = answer.route;
    if answer.body.len() <= INLINE_BYTES_MAX {
        return answer.json();
    }
    let parsed = tokio::task::spawn_blocking(move || answer.json()).await;
    parsed.map_err(|error| GitHubError::unexpected(route, error))?
}

impl Directory {
    fn take(self, entries: Vec<Entry>, recursive: bool, requests: u32) -> Contents {
        let mut contents = Contents { requests, ..Contents::default() };
        contents.files.reserve_exact(entries.iter().filter(|entry| entry.mode.is_some()).count());
        for Entry { path, mode, sha, size } in entries {
            let path = if self.prefix.is_empty() { path } else { format!("{}{path}", self.prefix) };
            match mode {
                Some(mode) => contents.files.push(TreeEntry { path, mode, sha, size }),
                None if recursive => {}
                None => contents.directories.push(Directory {
                    prefix: path + "/",
                    sha,
                    depth: self.depth + 1,
                }),
            }
        }
        contents
    }
}

#[derive(Deserialize)]
struct Listing {
    #[serde(deserialize_with = "entries")]
    tree: Vec<Entry>,
    /// Required: a list that does not say whether it is complete is not taken for a complete one.
    truncated: bool,
}

struct Entry {
    path: String,
    /// Nothing for a directory.
    mode: Option<FileMode>,
    sha: ObjectId,
    size: u64,
}

/// Reads entry by entry, so that GitHub's words for the modes and its URLs are never held for a whole tree.
fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        path: String,
        #[serde(borrow)]
        mode: std::borrow::Cow<'a, str>,
        sha: ObjectId,
        #[serde(default)]
        size: Option<u64>,
    }
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<Entry>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the entries of a tree")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(Wire { path, mode, sha, size }) = seq.next_element()? {
                let mode = match &*mode {
                    "040000" => None,
                    "120000" => Some(FileMode::Symlink),
                    "160000" => Some(FileMode::Submodule),
                    "100755" => Some(FileMode::Executable),
                    // 100644, and the 100664 of very old repositories.
                    _ => Some(FileMode::File),
                };
                entries.push(Entry { path, mode, sha, size: size.unwrap_or(0) });
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_seq(Entries)
}
