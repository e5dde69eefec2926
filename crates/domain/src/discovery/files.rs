//! The paths of a repository, and the paths that a manifest names.

use super::manifest::quoted;

/// The longest path that a manifest may name, in bytes.
const PATH_BYTES_MAX: usize = 400;

/// The paths of a repository's files, in order. Links and submodules are left out: no sync follows them.
#[derive(Debug, Clone)]
pub struct Files<'a>(Vec<&'a str>);

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    File,
    Folder,
}

impl<'a> Files<'a> {
    /// The files at these paths, which are relative to the repository's root.
    pub fn new(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut paths: Vec<&str> = paths.into_iter().collect();
        paths.sort_unstable();
        Self(paths)
    }

    /// Whether there is a file at just this path.
    pub fn has_file(&self, path: &str) -> bool {
        self.0.binary_search(&path).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().copied()
    }

    /// Whether any file lies below this path.
    pub(super) fn has_folder(&self, path: &str) -> bool {
        if path.is_empty() {
            return !self.0.is_empty();
        }
        let prefix = format!("{path}/");
        let first = self.0.partition_point(|it| **it < *prefix);
        self.0.get(first).is_some_and(|it| it.starts_with(&prefix))
    }

    pub(super) fn at(&self, path: &str) -> Option<Found> {
        if self.has_file(path) {
            return Some(Found::File);
        }
        self.has_folder(path).then_some(Found::Folder)
    }
}

/// A path below a root.
pub(super) fn join(root: &str, path: &str) -> String {
    match (root, path) {
        ("", path) => path.to_owned(),
        (root, "") => root.to_owned(),
        (root, path) => format!("{root}/{path}"),
    }
}

/// The path that a manifest means by `given`, from the repository's root; an error says why it is refused.
pub(super) fn resolve(root: &str, given: &str) -> Result<String, String> {
    let refused = |why: &str| Err(format!("the path {} was refused: {why}", quoted(given)));
    let text = given.trim();
    if text.len() > PATH_BYTES_MAX {
        return refused("it is too long");
    }
    if text.starts_with('/') {
        return refused("it is absolute, and paths are relative to the plugin's folder");
    }
    if text.contains('\\') || text.chars().any(char::is_control) {
        return refused("it has a backslash or a control character");
    }
    if text.split('/').any(|part| part == "..") {
        return refused("it leads out of the plugin's folder");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Ok(join(root, &parts.join("/")))
}
