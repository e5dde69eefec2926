//! The bare git repository that the simulator serves. Commits are made without a work tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Speaks for nobody's own configuration, and reads repositories that belong to another user.
const GIT_CONFIG: &str = "[user]\n\tname = Hookyard Demo\n\temail = demo@hookyard.invalid\n\
                          [safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n";
const REGULAR_FILE: &str = "100644";

/// A bare repository with a branch checked out nowhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) path: PathBuf,
    /// What it was copied from, if it was.
    pub(crate) origin: Option<PathBuf>,
    pub(crate) full_name: String,
    pub(crate) branch: String,
}

/// One file as it shall be from a commit on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) path: &'a str,
    pub(crate) content: &'a str,
}

impl Repository {
    /// A new repository without a commit.
    pub(crate) async fn create(path: &Path, full_name: &str) -> Result<Self> {
        write_config(path)?;
        let repository = Self {
            path: path.to_owned(),
            origin: None,
            full_name: full_name.to_owned(),
            branch: "main".to_owned(),
        };
        repository.git(&["init", "--quiet", "--bare", "."], None).await?;
        Ok(repository)
    }

    /// A bare copy of `origin`, which is only read.
    pub(crate) async fn copy(origin: &Path, path: &Path) -> Result<Self> {
        let origin = fs::canonicalize(origin)
            .with_context(|| format!("the repository {}", origin.display()))?;
        write_config(path)?;
        let name =
            origin.file_stem().map_or_else(|| "repository".into(), |name| name.to_string_lossy());
        let repository = Self {
            path: path.to_owned(),
            origin: Some(origin.clone()),
            full_name: format!(
                "demo/{}",
                name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-")
            ),
            branch: String::new(),
        };
        let from = origin.to_str().context("the repository's path is not UTF-8")?;
        repository.git(&["clone", "--quiet", "--bare", "--no-hardlinks", from, "."], None).await?;
        let branch = repository.git(&["symbolic-ref", "--short", "HEAD"], None).await?;
        let repository = Self { branch, ..repository };
        repository
            .head()
            .await
            .with_context(|| format!("{} has no commit to import", origin.display()))?;
        Ok(repository)
    }

    /// The commit at the tip of the branch.
    pub(crate) async fn head(&self) -> Result<String> {
        self.git(&["rev-parse", "--verify", "--quiet", &self.reference()], None).await
    }

    /// The paths of the tree at the tip of the branch.
    pub(crate) async fn files(&self) -> Result<Vec<String>> {
        let listing =
            self.git(&["ls-tree", "-r", "-z", "--name-only", &self.reference()], None).await?;
        Ok(listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
    }

    pub(crate) async fn read(&self, path: &str) -> Result<String> {
        self.git(&["cat-file", "blob", &format!("{}:{path}", self.reference())], None).await
    }

    /// Makes a commit on top of the branch without moving the branch; its id.
    pub(crate) async fn commit(&self, message: &str, changes: &[Change<'_>]) -> Result<String> {
        let parent = self.head().await.ok();
        match &parent {
            Some(parent) => self.git(&["read-tree", parent], None).await?,
            None => self.git(&["read-tree", "--empty"], None).await?,
        };
        for change in changes {
            let blob = self.git(&["hash-object", "-w", "--stdin"], Some(change.content)).await?;
            let entry = format!("{REGULAR_FILE},{blob},{}", change.path);
            self.git(&["update-index", "--add", "--cacheinfo", &entry], None).await?;
        }
        let tree = self.git(&["write-tree"], None).await?;
        let mut args = vec!["commit-tree", &tree, "-m", message];
        args.extend(parent.iter().flat_map(|parent| ["-p", parent]));
        self.git(&args, None).await
    }

    /// Moves the branch to a commit.
    pub(crate) async fn advance(&self, commit: &str) -> Result<()> {
        self.git(&["update-ref", &self.reference(), commit], None).await.map(drop)
    }

    fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    async fn git(&self, args: &[&str], input: Option<&str>) -> Result<String> {
        let mut child = Command::new("git")
            .args(args)
            .current_dir(&self.path)
            .env("GIT_CONFIG_GLOBAL", config_path(&self.path))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_INDEX_FILE", self.path.join("demo-index"))
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("git does not start")?;
        let mut stdin = child.stdin.take().context("standard input was asked for")?;
        stdin.write_all(input.unwrap_or_default().as_bytes()).await?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            bail!(
                "git {} failed: {}",
                args.join(" "),
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
    }
}

pub(crate) fn config_path(repository: &Path) -> PathBuf {
    repository.with_extension("gitconfig")
}

/// Makes the empty folder and the configuration beside it.
fn write_config(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| path.display().to_string())?;
    }
    fs::create_dir_all(path).with_context(|| path.display().to_string())?;
    fs::write(config_path(path), GIT_CONFIG)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Change, Repository};

    #[tokio::test]
    async fn a_commit_changes_its_files_and_leaves_the_branch_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let repository =
            Repository::create(&dir.path().join("repository.git"), "demo/kit").await.unwrap();
        let first =
            [Change { path: "a.md", content: "one" }, Change { path: "b c.md", content: "two" }];
        let first = repository.commit("first", &first).await.unwrap();
        repository.advance(&first).await.unwrap();

        let second = repository
            .commit("second", &[Change { path: "a.md", content: "three" }])
            .await
            .unwrap();

        assert_eq!(repository.head().await.unwrap(), first);
        repository.advance(&second).await.unwrap();
        assert_eq!(repository.head().await.unwrap(), second);
        assert_eq!(repository.files().await.unwrap(), ["a.md", "b c.md"]);
        assert_eq!(repository.read("a.md").await.unwrap(), "three");
        assert_eq!(repository.read("b c.md").await.unwrap(), "two");
    }

    #[tokio::test]
    async fn a_copy_is_changed_and_its_origin_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let origin =
            Repository::create(&dir.path().join("their work.git"), "demo/kit").await.unwrap();
        let commit =
            origin.commit("first", &[Change { path: "a.md", content: "one" }]).await.unwrap();
        origin.advance(&commit).await.unwrap();

        let copy = Repository::copy(&origin.path, &dir.path().join("copy.git")).await.unwrap();
        let next = copy.commit("second", &[Change { path: "a.md", content: "two" }]).await.unwrap();
        copy.advance(&next).await.unwrap();

        assert_eq!(copy.full_name, "demo/their-work");
        assert_eq!(copy.branch, "main");
        assert_eq!(origin.head().await.unwrap(), commit);
        assert_eq!(copy.read("a.md").await.unwrap(), "two");
    }

    #[tokio::test]
    async fn a_repository_without_a_commit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let origin = Repository::create(&dir.path().join("empty.git"), "demo/kit").await.unwrap();
        let error = Repository::copy(&origin.path, &dir.path().join("copy.git")).await.unwrap_err();
        assert!(error.to_string().contains("no commit to import"), "{error}");
    }
}
