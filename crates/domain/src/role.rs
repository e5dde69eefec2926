//! Who may do what: roles of a workspace's members, and of those who were granted a connector instance.

/// What a member of a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberRole {
    /// Sees what concerns everybody, and of connector instances what was granted.
    Member,
    /// Does everything but deciding who owns the workspace.
    Admin,
    /// Does everything. A workspace keeps at least one.
    Owner,
}

crate::names!(MemberRole, "role", { Member => "member", Admin => "admin", Owner => "owner" });

impl MemberRole {
    /// Whether it is a manager of every connector instance and may change the workspace's settings.
    pub const fn administers(self) -> bool {
        match self {
            Self::Owner | Self::Admin => true,
            Self::Member => false,
        }
    }
}

/// What somebody may do with a connector instance and all that belongs to it. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceRole {
    /// Read.
    Viewer,
    /// Retry, resync, change what is tracked.
    Editor,
    /// Grant access to others.
    Manager,
}

crate::names!(InstanceRole, "role", { Viewer => "viewer", Editor => "editor", Manager => "manager" });

/// What somebody of this role may do with an instance on which these grants are theirs: the strongest wins.
pub fn effective(
    role: MemberRole,
    grants: impl IntoIterator<Item = InstanceRole>,
) -> Option<InstanceRole> {
    if role.administers() { Some(InstanceRole::Manager) } else { grants.into_iter().max() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_grant_wins_and_owners_need_none() {
        use InstanceRole::{Editor, Manager, Viewer};
        assert_eq!(effective(MemberRole::Member, []), None);
        assert_eq!(effective(MemberRole::Member, [Viewer, Editor, Viewer]), Some(Editor));
        assert_eq!(effective(MemberRole::Admin, []), Some(Manager));
        assert_eq!(effective(MemberRole::Owner, [Viewer]), Some(Manager));
    }
}
