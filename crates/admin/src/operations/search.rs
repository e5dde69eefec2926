//! Finding a record by whatever somebody has of it: an id, a SHA, a provider's delivery id, a repository, a path.

use hookyard_domain::ids::{
    AccountId, ConfigObjectId, ConnectionId, DeadLetterId, DeliveryId, EventId, InstanceId,
    MappingId, MemberId, OauthClientId, ReplayId, SourceId, SubscriptionId, SyncEventId, TargetId,
    TeamId, TokenId, WorkspaceId,
};
use hookyard_store::Store;
use hookyard_store::config_object_list::{self, ConfigObject, ConfigObjectFilter};
use hookyard_store::event_list::{self, Event, EventFilter};
use hookyard_store::paging::PageRequest;
use hookyard_store::sync_event_list::{self, Search, SyncEvent, SyncEventFilter};
use serde::Serialize;
use utoipa::ToSchema;

use super::OperationError;

/// How many of a kind are shown; the lists have the others.
const FOUND_MAX: u16 = 10;
/// What is longer is nothing that anybody looks for, in bytes.
const QUERY_BYTES_MAX: usize = 500;

/// How a text was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "as", content = "of", rename_all = "snake_case")]
#[schema(as = SearchReading)]
pub enum Reading {
    /// A record's own id: its page is where to go.
    Id(Named),
    /// The beginning of a commit's SHA; it may be a delivery id, too.
    Sha(String),
    /// What a provider calls a delivery.
    DeliveryId(String),
    /// `owner/name`
    Repository(String),
    /// A path in a repository.
    Path(String),
}

/// A record, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "noun", content = "id", rename_all = "snake_case")]
#[schema(as = SearchedId)]
pub enum Named {
    Event(EventId),
    SyncEvent(SyncEventId),
    Delivery(DeliveryId),
    DeadLetter(DeadLetterId),
    Source(SourceId),
    Account(AccountId),
    Instance(InstanceId),
    Target(TargetId),
    Mapping(MappingId),
    ConfigObject(ConfigObjectId),
    Connection(ConnectionId),
    Subscription(SubscriptionId),
    OauthClient(OauthClientId),
    Replay(ReplayId),
    Token(TokenId),
    Member(MemberId),
    Team(TeamId),
}

impl Named {
    fn parse(text: &str) -> Option<Self> {
        let (prefix, _) = text.split_once('_')?;
        match prefix {
            "evt" => text.parse().ok().map(Self::Event),
            "sync" => text.parse().ok().map(Self::SyncEvent),
            "dlv" => text.parse().ok().map(Self::Delivery),
            "dead" => text.parse().ok().map(Self::DeadLetter),
            "src" => text.parse().ok().map(Self::Source),
            "acct" => text.parse().ok().map(Self::Account),
            "inst" => text.parse().ok().map(Self::Instance),
            "tgt" => text.parse().ok().map(Self::Target),
            "map" => text.parse().ok().map(Self::Mapping),
            "obj" => text.parse().ok().map(Self::ConfigObject),
            "conn" => text.parse().ok().map(Self::Connection),
            "sub" => text.parse().ok().map(Self::Subscription),
            "oac" => text.parse().ok().map(Self::OauthClient),
            "rpl" => text.parse().ok().map(Self::Replay),
            "tok" => text.parse().ok().map(Self::Token),
            "mem" => text.parse().ok().map(Self::Member),
            "team" => text.parse().ok().map(Self::Team),
            _ => None,
        }
    }
}

impl Reading {
    /// Understands an id by its prefix, `owner/name` as a repository, more slashes or an extension as a path, 7 to 64
    /// hexadecimal digits as a SHA, and anything else as a provider's delivery id. None: there is nothing to look for.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > QUERY_BYTES_MAX {
            return None;
        }
        if let Some(named) = Named::parse(text) {
            return Some(Self::Id(named));
        }
        Some(match Search::parse(text) {
            Search::Repository(name) => Self::Repository(name.as_str().to_owned()),
            Search::DeliveryOrCommit(sha) => Self::Sha(sha),
            Search::Delivery(path) if path.contains('/') || is_file_name(&path) => Self::Path(path),
            Search::Delivery(id) => Self::DeliveryId(id),
        })
    }
}

fn is_file_name(text: &str) -> bool {
    let extension = text.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|it| {
        (1..=5).contains(&it.len()) && it.bytes().all(|c| c.is_ascii_alphanumeric())
    })
}

/// What was found. Whether an id exists, its page says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SearchResult)]
pub struct Found {
    pub reading: Reading,
    pub sync_events: Vec<SyncEvent>,
    pub events: Vec<Event>,
    pub config_objects: Vec<ConfigObject>,
}

/// What somebody may find.
#[derive(Debug, Clone)]
pub struct Scope {
    pub workspace: WorkspaceId,
    /// Only what belongs to these instances, events not at all; none: everything of the workspace.
    pub instances: Option<Vec<InstanceId>>,
}

/// Looks for a text in a workspace, the newest first. None: there is nothing to look for.
pub async fn search(
    store: &Store,
    scope: &Scope,
    text: &str,
) -> Result<Option<Found>, OperationError> {
    let Some(reading) = Reading::parse(text) else { return Ok(None) };
    let mut found = Found {
        sync_events: Vec::new(),
        events: Vec::new(),
        config_objects: Vec::new(),
        reading: reading.clone(),
    };
    match reading {
        Reading::Id(_) => {}
        Reading::Sha(text) | Reading::Repository(text) => {
            found.sync_events = sync_events(store, scope, &text).await?;
        }
        Reading::DeliveryId(id) => {
            found.sync_events = sync_events(store, scope, &id).await?;
            found.events = events(store, scope, id).await?;
        }
        Reading::Path(path) => found.config_objects = config_objects(store, scope, path).await?,
    }
    Ok(Some(found))
}

async fn sync_events(
    store: &Store,
    scope: &Scope,
    text: &str,
) -> Result<Vec<SyncEvent>, OperationError> {
    let filter = SyncEventFilter {
        workspace: Some(scope.workspace),
        instances: scope.instances.clone(),
        search: Some(Search::parse(text)),
        ..SyncEventFilter::default()
    };
    Ok(sync_event_list::list(&store.conn().await?, &filter, first()).await?.items)
}

async fn events(store: &Store, scope: &Scope, id: String) -> Result<Vec<Event>, OperationError> {
    // An event belongs to no instance.
    if scope.instances.is_some() {
        return Ok(Vec::new());
    }
    let filter = EventFilter {
        workspace: Some(scope.workspace),
        delivery_id: Some(id),
        ..EventFilter::default()
    };
    Ok(event_list::list(&store.conn().await?, &filter, first()).await?.items)
}

async fn config_objects(
    store: &Store,
    scope: &Scope,
    path: String,
) -> Result<Vec<ConfigObject>, OperationError> {
    let filter = ConfigObjectFilter {
        workspace: Some(scope.workspace),
        instances: scope.instances.clone(),
        path: Some(path),
        ..ConfigObjectFilter::default()
    };
    Ok(config_object_list::list(&store.conn().await?, &filter, first()).await?.items)
}

fn first<I>() -> PageRequest<I> {
    PageRequest::new(FOUND_MAX, None).expect("ten items are a page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_understood_as_what_it_looks_like() {
        let read = |text| Reading::parse(text).unwrap();
        let id = "sync_01h455vb4pex5vsknk084sn02q";
        assert_eq!(read(id), Reading::Id(Named::SyncEvent(id.parse().unwrap())));
        assert_eq!(read(" 9f2c1ab "), Reading::Sha("9f2c1ab".to_owned()));
        assert_eq!(read("octo/skills"), Reading::Repository("octo/skills".to_owned()));
        for path in ["skills/deploy/SKILL.md", "SKILL.md"] {
            assert_eq!(read(path), Reading::Path(path.to_owned()));
        }
        let uuid = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
        assert_eq!(read(uuid), Reading::DeliveryId(uuid.to_owned()));
        assert_eq!(read("sync_nonsense"), Reading::DeliveryId("sync_nonsense".to_owned()));
        assert_eq!(Reading::parse("  "), None);
    }
}
