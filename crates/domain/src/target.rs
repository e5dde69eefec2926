//! What is tracked: accounts, instances and targets, and where each stands.

/// Where a connector account (a GitHub App installation) stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    Active,
    Suspended,
    Disconnected,
}

crate::names!(AccountStatus, "connector account status", {
    Active => "active", Suspended => "suspended", Disconnected => "disconnected",
});

/// Where a connector instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstanceStatus {
    Active,
    Disabled,
    Archived,
}

crate::names!(InstanceStatus, "connector instance status", {
    Active => "active", Disabled => "disabled", Archived => "archived",
});

/// Where a connector target stands. Whatever it is, its config objects stay as they were last applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetStatus {
    Active,
    /// The branch was deleted; a push that brings it back makes the target active.
    BranchDeleted,
    /// The repository was deleted, or the installation cannot see it any more.
    RepositoryGone,
    /// The repository was taken out of the installation.
    RepositoryRemoved,
    /// GitHub lets the installation read nothing for now. Said of a target when it is shown, and stored with the account.
    InstallationSuspended,
    /// The installation is gone. Said of a target when it is shown, and stored with the account.
    Disconnected,
    /// A sync would delete more than the deletion guard allows; an operator must confirm.
    NeedsConfirmation,
    /// An operator switched it off.
    Disabled,
}

crate::names!(TargetStatus, "connector target status", {
    Active => "active", BranchDeleted => "branch_deleted", RepositoryGone => "repository_gone",
    RepositoryRemoved => "repository_removed", InstallationSuspended => "installation_suspended",
    Disconnected => "disconnected", NeedsConfirmation => "needs_confirmation", Disabled => "disabled",
});

/// A repository's `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryFullName(String);

/// A text that is no `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a repository: write owner/name, in letters, digits, '.', '_' and '-'")]
pub struct InvalidRepository(String);

impl RepositoryFullName {
    /// `owner/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that owns it.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Its name within the account.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl std::fmt::Display for RepositoryFullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RepositoryFullName {
    type Err = InvalidRepository;

    fn from_str(value: &str) -> Result<Self, InvalidRepository> {
        /// GitHub's longest owner (39) and repository name (100), in bytes.
        const PART_BYTES_MAX: usize = 100;
        let part = |text: &str| {
            (1..=PART_BYTES_MAX).contains(&text.len())
                && text != "."
                && text != ".."
                && text
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-'))
        };
        match value.split_once('/') {
            Some((owner, name)) if part(owner) && part(name) => Ok(Self(value.to_owned())),
            _ => Err(InvalidRepository(value.chars().take(2 * PART_BYTES_MAX).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        let good: RepositoryFullName = "octo-org/hello.world".parse().unwrap();
        assert_eq!((good.owner(), good.name()), ("octo-org", "hello.world"));
        for bad in ["", "a", "/b", "a/", "a/b/c", "a/..", "a b/c", "a/b?x"] {
            assert!(bad.parse::<RepositoryFullName>().is_err(), "{bad}");
        }
    }
}
