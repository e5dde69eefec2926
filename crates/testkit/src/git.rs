//! Real git repositories, built for tests and demonstrations.
//!
//! Changes are staged in memory and committed with `git fast-import`: one process a commit, no work tree, any path that
//! git can hold (spaces, quotes, names that differ only in case), 100,000 files in seconds. Author and dates are fixed,
//! so the same steps give the same hashes everywhere.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicI64, Ordering},
};

use anyhow::{Context, Result, ensure};

const AUTHOR: &str = "Ada Example <ada@example.com>";
/// 2026-01-01T00:00:00Z; each commit of a repository is a minute younger than the one before.
const FIRST_COMMIT_EPOCH_S: i64 = 1_767_225_600;

/// A repository on disk with one branch that commits go to.
#[derive(Debug)]
pub struct GitRepo {
    root: PathBuf,
    branch: String,
    staged: Vec<Change>,
    commits: AtomicI64,
}

#[derive(Debug)]
enum Change {
    Write { path: Vec<u8>, mode: &'static str, content: Vec<u8> },
    Submodule { path: Vec<u8>, commit: String },
    Remove { path: Vec<u8> },
}

/// A line of `git ls-tree -r`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeLine {
    /// What is not UTF-8 in it is replaced, as in GitHub's answers.
    pub path: String,
    /// `100644`, `100755`, `120000` or `160000`; `040000` for directories.
    pub mode: String,
    /// Of the blob, the commit of a submodule, or the tree.
    pub sha: String,
    /// In bytes; nothing for submodules and directories.
    pub size: Option<u64>,
}

impl GitRepo {
    /// Makes a repository with the branch `main` and no commit.
    pub fn init(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        std::fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
        let repo = Self {
            root,
            branch: "main".to_owned(),
            staged: Vec::new(),
            commits: AtomicI64::new(0),
        };
        repo.git(["init", "--quiet", "--initial-branch=main", "."])?;
        Ok(repo)
    }

    /// The directory that holds the work tree and `.git`.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Stages a file.
    pub fn write(&mut self, path: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) -> &mut Self {
        self.stage(path.as_ref(), "100644", content.into())
    }

    /// Stages an executable file.
    pub fn write_executable(
        &mut self,
        path: impl AsRef<[u8]>,
        content: impl Into<Vec<u8>>,
    ) -> &mut Self {
        self.stage(path.as_ref(), "100755", content.into())
    }

    /// Stages a symbolic link.
    pub fn link(&mut self, path: impl AsRef<[u8]>, target: impl Into<Vec<u8>>) -> &mut Self {
        self.stage(path.as_ref(), "120000", target.into())
    }

    /// Stages a submodule at a commit of some other repository.
    pub fn submodule(&mut self, path: impl AsRef<[u8]>, commit: &str) -> &mut Self {
        self.staged
            .push(Change::Submodule { path: path.as_ref().to_vec(), commit: commit.to_owned() });
        self
    }

    /// Stages the removal of a file or a directory.
    pub fn remove(&mut self, path: impl AsRef<[u8]>) -> &mut Self {
        self.staged.push(Change::Remove { path: path.as_ref().to_vec() });
        self
    }

    fn stage(&mut self, path: &[u8], mode: &'static str, content: Vec<u8>) -> &mut Self {
        self.staged.push(Change::Write { path: path.to_vec(), mode, content });
        self
    }

    /// Commits what is staged, even nothing, to the current branch and returns the commit's SHA.
    pub fn commit(&mut self, message: &str) -> Result<String> {
        let parent = self.head()?;
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        let when = FIRST_COMMIT_EPOCH_S + 60 * number;
        let mut stream = Vec::new();
        writeln!(stream, "commit refs/heads/{}", self.branch)?;
        writeln!(stream, "author {AUTHOR} {when} +0000")?;
        writeln!(stream, "committer {AUTHOR} {when} +0000")?;
        data(&mut stream, message.as_bytes())?;
        if let Some(parent) = parent {
            writeln!(stream, "from {parent}")?;
        }
        for change in std::mem::take(&mut self.staged) {
            change.write_to(&mut stream)?;
        }
        run(self.command(["fast-import", "--quiet", "--force"]), &stream)?;
        self.head()?.context("fast-import made no commit")
    }

    /// Makes the work tree show the current branch, for people who want to look at it or to go on with git.
    pub fn checkout(&self) -> Result<()> {
        self.git(["symbolic-ref", "HEAD", &format!("refs/heads/{}", self.branch)])?;
        self.git(["reset", "--quiet", "--hard"]).map(drop)
    }

    /// Goes on with this branch, which starts at the present head when it is new.
    pub fn switch(&mut self, branch: &str) -> Result<()> {
        let head = self.head()?;
        branch.clone_into(&mut self.branch);
        match head {
            Some(head) if self.head()?.is_none() => self.reset(&head),
            Some(_) | None => Ok(()),
        }
    }

    /// Points the current branch at any commit, as a force-push does.
    pub fn reset(&self, commit: &str) -> Result<()> {
        self.git(["update-ref", &format!("refs/heads/{}", self.branch), commit]).map(drop)
    }

    /// Deletes a branch.
    pub fn delete_branch(&self, branch: &str) -> Result<()> {
        self.git(["update-ref", "-d", &format!("refs/heads/{branch}")]).map(drop)
    }

    /// The commit that the current branch points at; nothing before the first.
    pub fn head(&self) -> Result<Option<String>> {
        let name = format!("refs/heads/{}", self.branch);
        let line = self.git(["for-each-ref", "--format=%(objectname)", &name])?;
        let line = String::from_utf8(line)?.trim().to_owned();
        Ok((!line.is_empty()).then_some(line))
    }

    /// All files of a commit or tree, sorted by path.
    pub fn ls_tree(&self, commit: &str) -> Result<Vec<TreeLine>> {
        let mut lines =
            tree_lines(&self.git(["ls-tree", "-r", "-l", "-z", "--full-tree", commit])?)?;
        lines.sort();
        Ok(lines)
    }

    /// Runs git on this repository and returns what it printed.
    pub fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Vec<u8>> {
        run(self.command(arguments), &[])
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = isolated();
        command.current_dir(&self.root).args(arguments);
        command
    }
}

impl Change {
    fn write_to(&self, stream: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Write { path, mode, content } => {
                writeln!(stream, "M {mode} inline {}", quoted(path))?;
                data(stream, content)?;
            }
            Self::Submodule { path, commit } => {
                writeln!(stream, "M 160000 {commit} {}", quoted(path))?;
            }
            Self::Remove { path } => writeln!(stream, "D {}", quoted(path))?,
        }
        Ok(())
    }
}

/// A git that neither the user's settings nor a surrounding git (a hook, say) influence.
pub(crate) fn isolated() -> Command {
    let mut command = Command::new("git");
    for name in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"]
    {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C.UTF-8")
        // The repository may belong to another user than the one who reads it.
        .args(["-c", "safe.directory=*", "-c", "core.quotePath=false", "-c", "gc.auto=0"]);
    command
}

/// Reads `git ls-tree -l -z`: `<mode> <type> <sha> <size or ->\t<path>\0`.
pub(crate) fn tree_lines(output: &[u8]) -> Result<Vec<TreeLine>> {
    let line = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let (facts, path) = line.split_once('\t')?;
        let mut facts = facts.split_ascii_whitespace();
        let (mode, _, sha, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
        Some(TreeLine {
            path: path.to_owned(),
            mode: mode.to_owned(),
            sha: sha.to_owned(),
            size: size.parse().ok(),
        })
    };
    let lines = output.split(|&byte| byte == 0).filter(|bytes| !bytes.is_empty());
    lines.map(|bytes| line(bytes).context("an unexpected line of git ls-tree")).collect()
}

fn data(stream: &mut Vec<u8>, content: &[u8]) -> Result<()> {
    writeln!(stream, "data {}", content.len())?;
    stream.extend_from_slice(content);
    stream.push(b'\n');
    Ok(())
}

/// A path as fast-import reads it back: in quotes, with octal escapes for all that is special.
fn quoted(path: &[u8]) -> String {
    let escaped = path.iter().map(|&byte| match byte {
        b'"' | b'\\' | 0..=31 | 127.. => format!("\\{byte:03o}"),
        _ => char::from(byte).to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn run(mut command: Command, input: &[u8]) -> Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting git, which must be installed")?;
    let mut stdin = child.stdin.take().context("git has no standard input")?;
    // The commands that take input print nothing before they have read it all, so this order cannot block.
    let written = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {}", complaint.trim());
    written.context("writing to git")?;
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repo() -> (tempfile::TempDir, GitRepo) {
        let dir = tempfile::tempdir().unwrap();
        let repo = GitRepo::init(dir.path().join("repo")).unwrap();
        (dir, repo)
    }

    #[test]
    fn a_commit_holds_what_was_staged_on_top_of_its_parent() {
        let (_dir, mut repo) = repo();
        repo.write("a.md", "one").write("dir/b.md", "two").commit("first").unwrap();
        let second = repo.remove("a.md").write("dir/b.md", "three").commit("second").unwrap();
        let lines = repo.ls_tree(&second).unwrap();
        assert_eq!(lines.iter().map(|line| &*line.path).collect::<Vec<_>>(), ["dir/b.md"]);
        assert_eq!(repo.git(["cat-file", "blob", &lines[0].sha]).unwrap(), b"three");
    }

    #[test]
    fn any_path_survives() {
        let (_dir, mut repo) = repo();
        let paths =
            ["A.md", "a.md", "sp ace/qu\"ote\\.md", "tab\tnew\nline.md", "\u{1f600}/ü.md", "-x"];
        for path in paths {
            repo.write(path, path);
        }
        let commit = repo.commit("names").unwrap();
        let found: Vec<_> =
            repo.ls_tree(&commit).unwrap().into_iter().map(|line| line.path).collect();
        let mut expected = paths.map(str::to_owned);
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_same_steps_give_the_same_commit() {
        let build = || {
            let (_dir, mut repo) = repo();
            repo.write("a", "1").commit("first").unwrap();
            repo.write("a", "2").commit("second").unwrap()
        };
        assert_eq!(build(), build());
    }

    #[test]
    fn a_branch_starts_at_the_head_and_can_be_reset_and_deleted() {
        let (_dir, mut repo) = repo();
        let first = repo.write("a", "1").commit("first").unwrap();
        repo.switch("side/line").unwrap();
        assert_eq!(repo.head().unwrap().as_deref(), Some(&*first));
        repo.write("a", "2").commit("second").unwrap();
        repo.reset(&first).unwrap();
        assert_eq!(repo.head().unwrap().as_deref(), Some(&*first));
        repo.delete_branch("side/line").unwrap();
        assert_eq!(repo.head().unwrap(), None);
    }

    #[test]
    fn a_checkout_shows_the_files() {
        let (_dir, mut repo) = repo();
        repo.write("a.md", "hello").commit("first").unwrap();
        repo.checkout().unwrap();
        assert_eq!(std::fs::read_to_string(repo.path().join("a.md")).unwrap(), "hello");
    }
}
