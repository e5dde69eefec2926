//! Config objects: files brought in by a sync, and what kind of thing each is.

/// What a file becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectType {
    Skill,
    Agent,
    Command,
    Hook,
    Mcp,
    /// Any other file that somebody wants tracked.
    File,
}

crate::names!(ObjectType, "object type", {
    Skill => "skill", Agent => "agent", Command => "command", Hook => "hook", Mcp => "mcp", File => "file",
});

/// Whether the file of a config object is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectStatus {
    Active,
    Deleted,
}

crate::names!(ObjectStatus, "config object status", { Active => "active", Deleted => "deleted" });
