//! What a route needs of whoever asks.

use hookyard_domain::role::{InstanceRole, MemberRole};
use hookyard_domain::token::TokenScope;

use super::caller::CallerKind;

/// What a route needs. An operator fulfils every need but to publish as an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: health, documents, signing in.
    Anyone,
    /// A token or a session, whose ever it is.
    SignedIn,
    /// Any member of the workspace.
    Member,
    /// An owner or an admin of the workspace.
    Admin,
    /// An owner of the workspace.
    Owner,
    /// This role or a stronger one on the connector instance that the path's id belongs to.
    Instance(InstanceRole),
    /// An application's token with this scope, or an admin of the workspace.
    Scope(TokenScope),
    /// An operator of the deployment.
    Operator,
}

/// What the guard found out about whoever asks, where the path leads.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Who asks; in the workspace of the path, if it names one.
    pub caller: &'a CallerKind,
    /// What they may do with the connector instance of the path, if its ids belong to one.
    pub on_instance: Option<InstanceRole>,
}

impl Need {
    /// In one word, as the table of roles has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::SignedIn => "signed in",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::Instance(role) => role.as_str(),
            Self::Scope(scope) => scope.as_str(),
            Self::Operator => "operator",
        }
    }

    /// Whether this is enough.
    pub fn is_met_by(self, standing: Standing<'_>) -> bool {
        let role = match standing.caller {
            CallerKind::Operator { .. } => return true,
            CallerKind::Member { role, .. } => *role,
            CallerKind::Application { scopes, .. } => {
                return match self {
                    Self::Anyone | Self::SignedIn => true,
                    Self::Scope(scope) => scopes.contains(&scope),
                    Self::Member
                    | Self::Admin
                    | Self::Owner
                    | Self::Instance(_)
                    | Self::Operator => false,
                };
            }
        };
        match self {
            Self::Anyone | Self::SignedIn | Self::Member => true,
            Self::Admin | Self::Scope(_) => role.administers(),
            Self::Owner => role == MemberRole::Owner,
            Self::Instance(needed) => standing.on_instance.is_some_and(|has| has >= needed),
            Self::Operator => false,
        }
    }
}

/// As people read it: what is needed.
impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anyone => f.write_str("nothing"),
            Self::SignedIn => f.write_str("a token"),
            Self::Member => f.write_str("a member of the workspace"),
            Self::Admin => f.write_str("an admin of the workspace"),
            Self::Owner => f.write_str("an owner of the workspace"),
            Self::Instance(InstanceRole::Editor) => {
                f.write_str("an editor of the connector instance")
            }
            Self::Instance(role) => write!(f, "a {role} of the connector instance"),
            Self::Scope(scope) => write!(f, "a token with the scope {scope}"),
            Self::Operator => f.write_str("an operator of the deployment"),
        }
    }
}
