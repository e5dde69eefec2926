//! Who asks.

use hookyard_domain::ids::{MemberId, TokenId, WorkspaceId};
use hookyard_domain::role::MemberRole;
use hookyard_domain::token::TokenScope;
use hookyard_store::access::Bearer;

/// Who asks, as a token or a session proves it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub kind: CallerKind,
    /// The token that was shown now, or at the beginning of the session; none: a link signed in.
    pub token: Option<TokenId>,
    /// Of the cookie; none: a token was shown.
    pub session: Option<Vec<u8>>,
}

/// What somebody who asks is.
#[derive(Debug, Clone)]
pub enum CallerKind {
    /// Everything in the whole deployment but to publish.
    Operator { name: String },
    /// What the role allows, in one workspace.
    Member { id: MemberId, name: String, role: MemberRole, workspace: WorkspaceId },
    /// What the scopes say, in one workspace.
    Application { name: String, scopes: Vec<TokenScope>, workspace: WorkspaceId },
}

impl Caller {
    /// The owner of a token, or with `session` of the session whose cookie has this hash.
    pub(super) fn of(bearer: Bearer, session: Option<Vec<u8>>) -> Self {
        let token_name = bearer.token_name.unwrap_or_default();
        let kind = match (bearer.member, bearer.workspace) {
            (Some(member), Some(workspace)) => CallerKind::Member {
                id: member.id,
                name: member.name,
                role: member.role,
                workspace,
            },
            (None, Some(workspace)) => {
                CallerKind::Application { name: token_name, scopes: bearer.scopes, workspace }
            }
            // The schema has it that such a token's one scope is the operator's.
            (_, None) => CallerKind::Operator { name: token_name },
        };
        Self { kind, token: bearer.token, session }
    }

    /// The one workspace that it has to do with; none: all of them.
    pub fn workspace(&self) -> Option<WorkspaceId> {
        match &self.kind {
            CallerKind::Operator { .. } => None,
            CallerKind::Member { workspace, .. } | CallerKind::Application { workspace, .. } => {
                Some(*workspace)
            }
        }
    }

    /// Whom the audit log names.
    pub fn actor(&self) -> String {
        match &self.kind {
            CallerKind::Operator { name } => format!("operator:{name}"),
            CallerKind::Member { id, name, .. } => format!("member:{id} {name}"),
            CallerKind::Application { name, .. } => format!("application:{name}"),
        }
    }

    /// What it is in a workspace that it has to do with: an operator is as good as an owner.
    pub fn role(&self) -> Option<MemberRole> {
        match &self.kind {
            CallerKind::Operator { .. } => Some(MemberRole::Owner),
            CallerKind::Member { role, .. } => Some(*role),
            CallerKind::Application { .. } => None,
        }
    }
}
