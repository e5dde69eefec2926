//! What the guard found out about a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hookyard_domain::ids::InstanceId;
use hookyard_domain::role::{InstanceRole, MemberRole};
use hookyard_domain::workspace::Slug;
use hookyard_store::access;
use hookyard_store::workspaces::Workspace;
use hookyard_store::{Db, StoreError};

use super::{Caller, CallerKind};
use crate::operations::Actor;

/// Who asks, in which workspace, and what they may do with the path's connector instance. An argument of handlers.
#[derive(Debug, Clone)]
pub struct Asked(pub(super) Arc<Found>);

#[derive(Debug)]
pub(super) struct Found {
    pub(super) caller: Caller,
    pub(super) workspace: Option<Workspace>,
    pub(super) on_instance: Option<InstanceRole>,
    /// The path's parameters by name.
    pub(super) parameters: Vec<(String, String)>,
}

impl Asked {
    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The workspace of the path.
    pub fn workspace(&self) -> &Workspace {
        self.0.workspace.as_ref().expect("a handler that asks for it has {slug} in its path")
    }

    /// The slug of the path's workspace.
    pub fn slug(&self) -> Slug {
        self.workspace().slug.parse().expect("the schema has it that a workspace's slug is one")
    }

    /// Who the audit log says made a change, and why.
    pub fn actor(&self, reason: Option<String>) -> Actor {
        let workspace = self.0.workspace.as_ref().map(|it| it.id);
        let is_operator = matches!(self.0.caller.kind, CallerKind::Operator { .. });
        Actor { name: self.0.caller.actor(), reason, workspace, is_operator }
    }

    /// What whoever asks is in the path's workspace; an application is nobody, and gets no further than publishing.
    pub fn rank(&self) -> MemberRole {
        self.0.caller.role().unwrap_or(MemberRole::Member)
    }

    /// What whoever asks may do with the path's connector instance.
    pub fn on_instance(&self) -> Option<InstanceRole> {
        self.0.on_instance
    }

    /// Which connector instances' things a list may show: none means all of the workspace.
    pub async fn instances(&self, db: &impl Db) -> Result<Option<Vec<InstanceId>>, StoreError> {
        self.instances_as(db, InstanceRole::Viewer).await
    }

    /// On which connector instances whoever asks has this role or a stronger one: none means all of the workspace.
    pub async fn instances_as(
        &self,
        db: &impl Db,
        least: InstanceRole,
    ) -> Result<Option<Vec<InstanceId>>, StoreError> {
        match &self.0.caller.kind {
            CallerKind::Operator { .. } => Ok(None),
            CallerKind::Member { role, .. } if role.administers() => Ok(None),
            CallerKind::Member { id, workspace, .. } => {
                access::instances_of(db, *workspace, *id, least).await.map(Some)
            }
            CallerKind::Application { .. } => Ok(Some(Vec::new())),
        }
    }

    /// What whoever asks may do with a connector instance that no id of the path belongs to, such as one that a body
    /// names; none also if it is not in the path's workspace.
    pub async fn role_on(
        &self,
        db: &impl Db,
        instance: InstanceId,
    ) -> Result<Option<InstanceRole>, StoreError> {
        let workspace = self.workspace().id;
        let place = access::place_of(db, access::Noun::Instance, instance.0, workspace).await?;
        if place.is_none() {
            return Ok(None);
        }
        role_on(db, &self.0.caller, instance).await
    }

    /// What stands in the path in the place of `{name}`.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.0.parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The path's parameter that reads as a `T`.
    pub(crate) fn parameter<T: std::str::FromStr>(&self) -> Option<T> {
        self.0.parameters.iter().find_map(|(_, value)| value.parse().ok())
    }
}

pub(super) async fn role_on(
    db: &impl Db,
    caller: &Caller,
    instance: InstanceId,
) -> Result<Option<InstanceRole>, StoreError> {
    match &caller.kind {
        CallerKind::Operator { .. } => Ok(Some(InstanceRole::Manager)),
        CallerKind::Application { .. } => Ok(None),
        CallerKind::Member { role, .. } if role.administers() => Ok(Some(InstanceRole::Manager)),
        CallerKind::Member { id, role, .. } => {
            let granted = access::roles_on(db, *id, instance).await?;
            Ok(hookyard_domain::role::effective(*role, granted))
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().expect("the guard stands before every handler").clone())
    }
}
