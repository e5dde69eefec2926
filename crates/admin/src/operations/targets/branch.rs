//! How a branch may be called.

use crate::operations::OperationError;

/// The longest branch name, in bytes: Git stores it as a file name.
const BRANCH_BYTES_MAX: usize = 244;

/// A branch's name by Git's rules (`git check-ref-format`).
pub(in crate::operations) fn check_branch(branch: &str) -> Result<(), OperationError> {
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none()
    };
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let good = (1..=BRANCH_BYTES_MAX).contains(&branch.len())
        && branch.split('/').all(part)
        && !branch.chars().any(forbidden)
        && !branch.contains("..")
        && !branch.contains("@{")
        && !branch.ends_with('.')
        && !branch.starts_with('-')
        && branch != "@";
    if branch.starts_with("refs/") {
        return Err(OperationError::Invalid(
            "write the branch without refs/heads/, such as main".to_owned(),
        ));
    }
    if good {
        Ok(())
    } else {
        Err(OperationError::Invalid(format!("{branch:?} is no name that Git gives a branch")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_named_by_gits_rules() {
        for good in ["main", "feature/x-1", "v1.2", "übung"] {
            assert!(check_branch(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/a", "a/", "a//b", ".a", "a/.b", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*",
            "a[b", "a\\b",
        ] {
            assert!(check_branch(bad).is_err(), "{bad}");
        }
        for bad in ["a.lock", "a.lock/b", "a.", "@", "a@{1}", "-a", "refs/heads/main", "a\u{7f}"] {
            assert!(check_branch(bad).is_err(), "{bad}");
        }
    }
}
