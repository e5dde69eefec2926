//! What each GitHub event means to Hookyard: the one table that the ingress answers by and the
//! worker acts by. `docs/github-events.md` shows it to people.

use serde::{Deserialize, Deserializer};

/// The facts that Hookyard reads from the JSON body of any GitHub event; everything else is left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Envelope {
    pub action: Option<String>,
    #[serde(deserialize_with = "known_installation")]
    pub installation: Option<Installation>,
    #[serde(deserialize_with = "known_repository")]
    pub repository: Option<Repository>,
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    #[serde(deserialize_with = "null_is_none")]
    pub changes: Changes,
    pub repository_selection: Option<String>,
    #[serde(deserialize_with = "null_is_none")]
    pub repositories_added: Vec<RepositoryName>,
    #[serde(deserialize_with = "null_is_none")]
    pub repositories_removed: Vec<RepositoryName>,
}

/// A field whose value is `null` says as little as one that is missing.
fn null_is_none<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An installation without its id says as little as none.
fn known_installation<'de, D>(deserializer: D) -> Result<Option<Installation>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Seen {
        id: Option<i64>,
    }
    let seen = Option::<Seen>::deserialize(deserializer)?;
    Ok(seen.and_then(|it| it.id).map(|id| Installation { id }))
}

/// A repository without its id or its name says as little as none.
fn known_repository<'de, D>(deserializer: D) -> Result<Option<Repository>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Seen {
        id: Option<i64>,
        full_name: Option<String>,
        default_branch: Option<String>,
    }
    let Some(seen) = Option::<Seen>::deserialize(deserializer)? else { return Ok(None) };
    let (Some(id), Some(full_name)) = (seen.id, seen.full_name) else { return Ok(None) };
    Ok(Some(Repository { id, full_name, default_branch: seen.default_branch }))
}

/// The GitHub App installation through which an event came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub id: i64,
}

/// The repository that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    pub id: i64,
    pub full_name: String,
    pub default_branch: Option<String>,
}

/// A repository in a list of those added to or removed from an installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RepositoryName {
    pub id: i64,
    pub full_name: String,
}

/// What a `repository` event says was there before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Changes {
    pub repository: Option<RepositoryChanges>,
    pub default_branch: Option<From>,
}

/// What a `repository.renamed` event says was there before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RepositoryChanges {
    pub name: Option<From>,
}

/// An earlier value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct From {
    pub from: String,
}

/// A push to a branch, with everything that a sync event copies from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    pub installation_id: i64,
    pub repository_id: i64,
    pub repository: String,
    /// The full ref, e.g. `refs/heads/main`.
    pub git_ref: String,
    pub before: Option<String>,
    /// All zeros when the branch was deleted.
    pub after: String,
}

/// A change of an installation or a repository that the worker applies to what it tracks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lifecycle {
    InstallationDeleted,
    InstallationSuspended,
    InstallationUnsuspended,
    /// These repositories came into the installation's reach.
    RepositoriesAdded(Vec<RepositoryName>),
    /// These left it. GitHub sends an empty list when the selection changes from all to some.
    RepositoriesRemoved(Vec<RepositoryName>),
    /// `full_name` is the new one.
    RepositoryRenamed {
        repository: RepositoryName,
        from: Option<String>,
    },
    RepositoryTransferred {
        repository: RepositoryName,
    },
    RepositoryArchived {
        repository: RepositoryName,
        archived: bool,
    },
    RepositoryDeleted {
        repository: RepositoryName,
    },
    DefaultBranchChanged {
        repository: RepositoryName,
        branch: Option<String>,
    },
}

/// Why a valid event is not acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// GitHub's hello to a new hook.
    Ping,
    MissingInstallationId,
    MissingPushMetadata,
    MissingRepository,
    /// A push of a tag or of anything else that is no branch.
    NotABranch,
    /// No handler wants this event or this action of it.
    NotHandled,
    /// No active target tracks this branch of this repository.
    NotTracked,
    /// The head is already queued or applied.
    Redundant,
    /// A lifecycle event of an installation or a repository that no workspace has connected.
    NotConnected,
}

crate::names!(Ignored, "reason to ignore an event", {
    Ping => "ping",
    MissingInstallationId => "missing_installation_id",
    MissingPushMetadata => "missing_push_metadata",
    MissingRepository => "missing_repository",
    NotABranch => "not_a_branch",
    NotHandled => "not_handled",
    NotTracked => "not_tracked",
    Redundant => "redundant",
    NotConnected => "not_connected",
});

impl Ignored {
    /// The `reason` of the answer, in the words that earlier systems' callers know.
    pub const fn answer(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::MissingInstallationId => "missing installation id",
            Self::MissingPushMetadata => "missing push metadata",
            Self::MissingRepository
            | Self::NotABranch
            | Self::NotHandled
            | Self::NotTracked
            | Self::Redundant
            | Self::NotConnected => "event ignored",
        }
    }
}

/// What is to be done about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Reconcile the targets that track the branch; ignored when there are none.
    Push(Push),
    /// Change what Hookyard knows of an installation or a repository.
    Lifecycle {
        installation_id: i64,
        change: Lifecycle,
    },
    Ignored(Ignored),
}

/// The event table: decides from the event's name (`X-GitHub-Event`) and its body.
pub fn disposition(event: &str, envelope: &Envelope) -> Disposition {
    if event == "ping" {
        return Disposition::Ignored(Ignored::Ping);
    }
    let Some(Installation { id: installation_id }) = envelope.installation else {
        return Disposition::Ignored(Ignored::MissingInstallationId);
    };
    let action = envelope.action.as_deref().unwrap_or_default();
    let change = match (event, action) {
        ("push", _) => return push(installation_id, envelope),
        ("installation", "deleted") => Ok(Lifecycle::InstallationDeleted),
        ("installation", "suspend") => Ok(Lifecycle::InstallationSuspended),
        ("installation", "unsuspend") => Ok(Lifecycle::InstallationUnsuspended),
        ("installation_repositories", "added") => {
            Ok(Lifecycle::RepositoriesAdded(envelope.repositories_added.clone()))
        }
        ("installation_repositories", "removed") => {
            Ok(Lifecycle::RepositoriesRemoved(envelope.repositories_removed.clone()))
        }
        ("repository", _) => repository_change(action, envelope),
        _ => Err(Ignored::NotHandled),
    };
    match change {
        Ok(change) => Disposition::Lifecycle { installation_id, change },
        Err(reason) => Disposition::Ignored(reason),
    }
}

fn push(installation_id: i64, envelope: &Envelope) -> Disposition {
    let (Some(repository), Some(git_ref), Some(after)) =
        (&envelope.repository, &envelope.git_ref, &envelope.after)
    else {
        return Disposition::Ignored(Ignored::MissingPushMetadata);
    };
    if !git_ref.starts_with("refs/heads/") {
        return Disposition::Ignored(Ignored::NotABranch);
    }
    Disposition::Push(Push {
        installation_id,
        repository_id: repository.id,
        repository: repository.full_name.clone(),
        git_ref: git_ref.clone(),
        before: envelope.before.clone(),
        after: after.clone(),
    })
}

fn repository_change(action: &str, envelope: &Envelope) -> Result<Lifecycle, Ignored> {
    let known = matches!(action, "renamed" | "transferred" | "archived" | "unarchived" | "deleted")
        || (action == "edited" && envelope.changes.default_branch.is_some());
    if !known {
        return Err(Ignored::NotHandled);
    }
    let Some(repository) = &envelope.repository else {
        return Err(Ignored::MissingRepository);
    };
    let branch = repository.default_branch.clone();
    let repository = RepositoryName { id: repository.id, full_name: repository.full_name.clone() };
    Ok(match action {
        "renamed" => {
            let from = envelope.changes.repository.as_ref().and_then(|it| it.name.as_ref());
            Lifecycle::RepositoryRenamed { repository, from: from.map(|name| name.from.clone()) }
        }
        "transferred" => Lifecycle::RepositoryTransferred { repository },
        "archived" => Lifecycle::RepositoryArchived { repository, archived: true },
        "unarchived" => Lifecycle::RepositoryArchived { repository, archived: false },
        "deleted" => Lifecycle::RepositoryDeleted { repository },
        _ => Lifecycle::DefaultBranchChanged { repository, branch },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(event: &str, body: serde_json::Value) -> Disposition {
        disposition(event, &serde_json::from_value(body).unwrap())
    }

    fn push_to(git_ref: &str, after: &str) -> serde_json::Value {
        serde_json::json!({
            "ref": git_ref, "before": "a".repeat(40), "after": after,
            "repository": {"id": 7, "full_name": "o/r"}, "installation": {"id": 3},
        })
    }

    #[test]
    fn a_push_to_a_branch_is_reconciled_and_a_deleted_branch_too() {
        for after in ["b".repeat(40), "0".repeat(40)] {
            let Disposition::Push(push) = decide("push", push_to("refs/heads/main", &after)) else {
                panic!("not a push");
            };
            assert_eq!(
                (push.repository_id, push.git_ref.as_str(), push.after),
                (7, "refs/heads/main", after)
            );
        }
    }

    #[test]
    fn tags_and_unknown_events_are_ignored() {
        let ignored = |event: &str, body| decide(event, body);
        assert_eq!(
            ignored("push", push_to("refs/tags/v1", "b")),
            Disposition::Ignored(Ignored::NotABranch)
        );
        let body = || serde_json::json!({"action": "opened", "installation": {"id": 3}});
        assert_eq!(ignored("issues", body()), Disposition::Ignored(Ignored::NotHandled));
        assert_eq!(ignored("installation", body()), Disposition::Ignored(Ignored::NotHandled));
        assert_eq!(ignored("ping", serde_json::json!({})), Disposition::Ignored(Ignored::Ping));
    }

    #[test]
    fn an_event_without_an_installation_says_so() {
        for nothing in [serde_json::json!(null), serde_json::json!({})] {
            let mut body = push_to("refs/heads/main", "b");
            body["installation"] = nothing;
            assert_eq!(decide("push", body), Disposition::Ignored(Ignored::MissingInstallationId));
        }
    }

    #[test]
    fn a_push_without_its_repository_says_so() {
        let whole = serde_json::json!({"id": 7, "full_name": "o/r"});
        for lacks in ["id", "full_name"] {
            let mut body = push_to("refs/heads/main", "b");
            body["repository"].as_object_mut().unwrap().remove(lacks);
            assert_eq!(decide("push", body), Disposition::Ignored(Ignored::MissingPushMetadata));
        }
        for lacks in ["repository", "ref", "after"] {
            let mut body = push_to("refs/heads/main", "b");
            assert_eq!(body["repository"], whole);
            body.as_object_mut().unwrap().remove(lacks);
            assert_eq!(decide("push", body), Disposition::Ignored(Ignored::MissingPushMetadata));
        }
    }

    #[test]
    fn only_an_edit_of_the_default_branch_matters() {
        let edited = |changes: serde_json::Value| {
            decide(
                "repository",
                serde_json::json!({
                    "action": "edited", "changes": changes, "installation": {"id": 3},
                    "repository": {"id": 7, "full_name": "o/r", "default_branch": "trunk"},
                }),
            )
        };
        assert_eq!(
            edited(serde_json::json!({"description": {"from": "x"}})),
            Disposition::Ignored(Ignored::NotHandled)
        );
        assert!(matches!(
            edited(serde_json::json!({"default_branch": {"from": "main"}})),
            Disposition::Lifecycle { change: Lifecycle::DefaultBranchChanged { branch: Some(branch), .. }, .. }
                if branch == "trunk"
        ));
    }
}
