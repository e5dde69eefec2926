//! Reads a real repository with git: branches, commits, trees and blobs.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
};

use crate::git::{self, TreeLine};

/// One repository's objects.
pub(crate) struct Objects {
    git_dir: String,
    /// Kept open between blobs: starting git for each would cost more than reading it.
    batch: Mutex<Option<Batch>>,
}

struct Batch {
    _child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// What a push tells about a commit.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) message: String,
    pub(crate) timestamp: String,
    pub(crate) author: (String, String),
    pub(crate) committer: (String, String),
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
    pub(crate) modified: Vec<String>,
}

impl Objects {
    /// Opens a bare repository or the one of a work tree.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let mut command = Command::from(git::isolated());
        command.arg("-C").arg(path).args(["rev-parse", "--absolute-git-dir"]);
        let output = command.output().await.context("starting git, which must be installed")?;
        ensure!(output.status.success(), "{} is not a git repository", path.display());
        let git_dir = String::from_utf8(output.stdout)?.trim().to_owned();
        Ok(Self { git_dir, batch: Mutex::new(None) })
    }

    fn command(&self) -> Command {
        let mut command = Command::from(git::isolated());
        command.arg("--git-dir").arg(&self.git_dir).kill_on_drop(true);
        command
    }

    /// What git prints; nothing when it fails, which is how it says that something does not exist.
    async fn git(&self, arguments: &[&str]) -> Result<Option<Vec<u8>>> {
        let output = self.command().args(arguments).output().await?;
        Ok(output.status.success().then_some(output.stdout))
    }

    pub(crate) async fn heads(&self) -> Result<BTreeMap<String, String>> {
        let format = "--format=%(objectname) %(refname:lstrip=2)";
        let output = self.git(&["for-each-ref", format, "refs/heads"]).await?.unwrap_or_default();
        let output = String::from_utf8(output)?;
        Ok(output
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(sha, branch)| (branch.to_owned(), sha.to_owned()))
            .collect())
    }

    /// The branch that the repository itself stands on.
    pub(crate) async fn default_branch(&self) -> Result<String> {
        let output = self.git(&["symbolic-ref", "--short", "HEAD"]).await?;
        let name = output.and_then(|name| String::from_utf8(name).ok()).unwrap_or_default();
        let name = name.trim();
        Ok(if name.is_empty() { "main" } else { name }.to_owned())
    }

    /// The commit or tree (`kind`) that a name stands for.
    pub(crate) async fn resolve(&self, name: &str, kind: &str) -> Result<Option<String>> {
        let peeled = format!("{name}^{{{kind}}}");
        let output =
            self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled]).await?;
        Ok(output.map(String::from_utf8).transpose()?.map(|sha| sha.trim().to_owned()))
    }

    /// The entries of a tree, directories included.
    pub(crate) async fn tree(&self, sha: &str, recursive: bool) -> Result<Vec<TreeLine>> {
        let mut arguments = vec!["ls-tree", "-l", "-z", "--full-tree"];
        if recursive {
            arguments.extend(["-r", "-t"]);
        }
        arguments.push(sha);
        let output = self.git(&arguments).await?.context("git ls-tree failed")?;
        git::tree_lines(&output)
    }

    /// A blob's content; nothing for what is unknown or no blob.
    pub(crate) async fn blob(&self, sha: &str) -> Result<Option<Bytes>> {
        ensure!(sha.bytes().all(|byte| byte.is_ascii_hexdigit()), "not an object's name");
        let mut slot = self.batch.lock().await;
        // Taken out, so that a request that ends in the middle leaves no half-read process behind.
        let mut batch = match slot.take() {
            Some(batch) => batch,
            None => Batch::start(self.command())?,
        };
        let answer = batch.read(sha).await?;
        *slot = Some(batch);
        Ok(answer)
    }

    /// The commits that `after` has and neither `before` nor the other `excluded` have: the newest `max`, oldest first.
    pub(crate) async fn commits(
        &self,
        after: &str,
        excluded: &[String],
        max: usize,
    ) -> Result<Vec<Commit>> {
        let max = format!("--max-count={max}");
        let mut arguments = vec![
            "log",
            "-z",
            "--no-renames",
            "--name-status",
            "--diff-merges=first-parent",
            "--reverse",
            &max,
            FORMAT,
            after,
            "--not",
        ];
        arguments.extend(excluded.iter().map(String::as_str));
        arguments.push("--");
        let output = self.git(&arguments).await?.context("git log failed")?;
        Ok(String::from_utf8_lossy(&output).split('\x1e').filter_map(Commit::parse).collect())
    }

    /// Whether `old` is contained in `new`, which makes a push from one to the other a fast-forward.
    pub(crate) async fn is_ancestor(&self, old: &str, new: &str) -> Result<bool> {
        Ok(self.git(&["merge-base", "--is-ancestor", old, new]).await?.is_some())
    }
}

/// Commits begin with a record separator, fields end with a unit separator, changed files follow.
const FORMAT: &str = "--format=%x1e%H%x1f%T%x1f%cI%x1f%an%x1f%ae%x1f%cn%x1f%ce%x1f%B%x1f";

impl Commit {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('\x1f');
        let mut next = || fields.next().map(str::to_owned);
        let mut commit = Self {
            sha: next()?,
            tree: next()?,
            timestamp: next()?,
            author: (next()?, next()?),
            committer: (next()?, next()?),
            message: next()?.trim_end().to_owned(),
            ..Self::default()
        };
        let changes = next()?;
        let mut changes = changes.trim_start_matches(['\0', '\n']).split('\0');
        while let (Some(status), Some(path)) = (changes.next(), changes.next()) {
            let list = match status {
                "A" => &mut commit.added,
                "D" => &mut commit.removed,
                _ => &mut commit.modified,
            };
            list.push(path.to_owned());
        }
        Some(commit)
    }
}

impl Batch {
    fn start(mut command: Command) -> Result<Self> {
        command
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().context("starting git cat-file")?;
        let stdin = child.stdin.take().context("git has no standard input")?;
        let stdout = BufReader::new(child.stdout.take().context("git has no standard output")?);
        Ok(Self { _child: child, stdin, stdout })
    }

    /// git answers `<sha> <type> <size>\n<content>\n`, or `<name> missing\n`.
    async fn read(&mut self, sha: &str) -> Result<Option<Bytes>> {
        self.stdin.write_all(format!("{sha}\n").as_bytes()).await?;
        let mut header = String::new();
        ensure!(self.stdout.read_line(&mut header).await? > 0, "git cat-file ended");
        let mut facts = header.split_ascii_whitespace().skip(1);
        let (Some(kind), Some(size)) = (facts.next(), facts.next()) else {
            return Ok(None);
        };
        let mut content = vec![0; size.parse::<usize>()? + 1];
        self.stdout.read_exact(&mut content).await?;
        content.pop();
        Ok((kind == "blob").then(|| Bytes::from(content)))
    }
}
