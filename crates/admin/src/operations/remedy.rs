//! What to do about what stands against an operation, as each of its callers can do it.

use std::fmt;

use hookyard_domain::ids::{AccountId, ConnectionId, InstanceId, TargetId};

/// What exists already and stands against an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What it is; where there is no remedy, also what to do instead.
    pub why: String,
    pub remedy: Option<Remedy>,
}

/// What to do about it: the command line has a command for it, the console a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The account is to be connected again.
    Reconnect(AccountId),
    /// Another workspace has the installation, which only an operator may share.
    AskOperator,
    /// The account is there already.
    SeeAccounts,
    /// The connection is to be given credentials.
    ConnectAnew(ConnectionId),
    /// The target is among those of the instance already.
    SeeTargets(InstanceId),
    /// The target is to be switched on.
    Enable(TargetId),
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        self.remedy.map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

/// The remedy in a terminal.
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconnect(_) => f.write_str(
                "add its installation again first, with `hookyard-admin connector account add`",
            ),
            Self::AskOperator => f.write_str(
                "if it is to serve this one, too, ask an operator to run `hookyard-admin connector account add`",
            ),
            Self::SeeAccounts => f.write_str("see `hookyard-admin connector account list`"),
            Self::ConnectAnew(_) => {
                f.write_str("connect it anew with `hookyard-admin connection connect`")
            }
            Self::SeeTargets(_) => f.write_str("see `hookyard-admin connector target list`"),
            Self::Enable(id) => write!(f, "run `hookyard-admin connector target enable {id}` first"),
        }
    }
}

impl From<String> for Conflict {
    fn from(why: String) -> Self {
        Self { why, remedy: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_the_command() {
        let why = "the workspace acme has the installation 1 already".to_owned();
        let conflict = Conflict { why: why.clone(), remedy: Some(Remedy::SeeAccounts) };
        assert_eq!(
            conflict.to_string(),
            format!("{why}; see `hookyard-admin connector account list`")
        );
        assert_eq!(Conflict::from(why.clone()).to_string(), why);
    }
}
