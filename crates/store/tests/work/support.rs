//! A database with one tracked branch, and what arrives for it.

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::github_event::Push;
use hookyard_domain::ids::{EventId, SourceId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::job::JobKind;
use hookyard_store::ingest::{Arrival, Committer, Recorded, Wish};
use hookyard_store::jobs::{Lease, lease};
use hookyard_store::sync_events::{Start, SyncWork, start};
use hookyard_store::{Conn, Db as _, Store, StoreSettings};
use hookyard_testkit::database::TestDatabase;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;
use uuid::Uuid;

pub(crate) const INSTALLATION: i64 = 5001;
pub(crate) const REPOSITORY: i64 = 9001;
pub(crate) const BRANCH: &str = "refs/heads/main";
/// The version of the parser that these tests pretend to have.
pub(crate) const PARSER: u32 = 1;
/// Jobs count as lost after this, in milliseconds; long for a test.
pub(crate) const GRACE_MS: u32 = 60_000;

/// A database of its own with a workspace, an account, an instance, a target and a mapping.
pub(crate) struct Yard {
    pub(crate) workspace: WorkspaceId,
    pub(crate) target: TargetId,
    pub(crate) source: SourceId,
    owner: Store,
    worker: Store,
    traffic: JoinSet<()>,
    database: TestDatabase,
}

impl Yard {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let yard = Self {
            workspace: WorkspaceId(Uuid::now_v7()),
            target: TargetId(Uuid::now_v7()),
            source: SourceId(Uuid::new_v4()),
            owner: store(database.owner_url()),
            worker: store(database.role_url("hookyard_worker")),
            traffic: JoinSet::new(),
            database,
        };
        yard.set_up().await;
        yard
    }

    async fn set_up(&self) {
        let (account, instance) = (Uuid::now_v7(), Uuid::now_v7());
        let conn = self.owner().await;
        let workspace = self.workspace.0;
        conn.execute(
            "insert into workspace (id, slug, name, plan) values ($1, 'acme', 'Acme', 'professional')",
            &[&workspace],
        )
        .await
        .unwrap();
        conn.execute(
            "insert into connector_account (id, workspace_id, connector_type, installation_id, login, status)
             values ($1, $2, 'github', $3, 'octo-org', 'active')",
            &[&account, &workspace, &INSTALLATION],
        )
        .await
        .unwrap();
        conn.execute(
            "insert into connector_instance (id, workspace_id, account_id, name, status)
             values ($1, $2, $3, 'skills', 'active')",
            &[&instance, &workspace, &account],
        )
        .await
        .unwrap();
        conn.execute(
            "insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
             values ($1, $2, $3, $4, 'octo-org/skills', $5, 'active')",
            &[&self.target.0, &workspace, &instance, &REPOSITORY, &BRANCH],
        )
        .await
        .unwrap();
    }

    /// A connection that may do everything.
    pub(crate) async fn owner(&self) -> Conn {
        self.owner.conn().await.unwrap()
    }

    /// A connection with the worker's rights.
    pub(crate) async fn worker(&self) -> Conn {
        self.worker.conn().await.unwrap()
    }

    pub(crate) fn worker_store(&self) -> Store {
        self.worker.clone()
    }

    /// A connection with the rights of this role.
    pub(crate) async fn role(&self, role: &str) -> Conn {
        store(self.database.role_url(role)).conn().await.unwrap()
    }

    /// A committer with the ingress' rights.
    pub(crate) async fn committer(&mut self) -> Committer {
        let settings = settings(self.database.role_url("hookyard_ingress"));
        let (committer, traffic) = Committer::connect(&settings, || 0).await.unwrap();
        self.traffic.spawn(traffic);
        committer
    }

    /// Runs a statement as the owner.
    pub(crate) async fn run(&self, sql: &'static str) -> u64 {
        self.owner().await.execute(sql, &[]).await.unwrap()
    }

    /// What a statement without parameters counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        self.owner().await.row(sql, &[]).await.unwrap().get(0)
    }

    /// The one text that a statement without parameters reads.
    pub(crate) async fn text(&self, sql: &'static str) -> Option<String> {
        self.owner().await.row(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn jobs(&self) -> i64 {
        self.count("select count(*) from job").await
    }

    /// Adds ready jobs for so many made-up events; returns their subjects.
    pub(crate) async fn add_jobs(&self, count: usize) -> Vec<Uuid> {
        let subjects: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        let sql = "insert into job (subject_id, kind, state, due_at)
                   select unnest($1::uuid[]), 'event', 'ready', now() + interval '1 minute'";
        self.owner().await.execute(sql, &[&subjects]).await.unwrap();
        subjects
    }

    /// Subscribes the workspace to these event types, over a connection of its own.
    pub(crate) async fn subscribe(&self, event_types: &[&str], status: &str) {
        let sql = "with connection as (
                       insert into connection (id, workspace_id, kind, name, status, sealed)
                       values (gen_random_uuid(), $1, 'webhook', gen_random_uuid()::text, 'connected', '')
                       returning id, workspace_id
                   )
                   insert into subscription (id, workspace_id, connection_id, event_types, status)
                   select gen_random_uuid(), workspace_id, id, $2::text[], $3::text from connection";
        self.owner().await.execute(sql, &[&self.workspace.0, &event_types, &status]).await.unwrap();
    }

    /// Queues a sync of the target with its job, as a push of this head does.
    pub(crate) async fn queue_push(&mut self, head: &str) -> SyncEventId {
        let committer = self.committer().await;
        let recorded = committer.record(&[self.push(head)], GRACE_MS).await.unwrap();
        match recorded.as_slice() {
            [Recorded::Accepted { syncs, .. }] => syncs[0].sync_event,
            other => panic!("the push was {other:?}"),
        }
    }

    /// A push to the tracked branch under a delivery id of its own.
    pub(crate) fn push(&self, head: &str) -> Arrival {
        let id = Uuid::new_v4();
        let push = Push {
            installation_id: INSTALLATION,
            repository_id: REPOSITORY,
            repository: "octo-org/skills".to_owned(),
            git_ref: BRANCH.to_owned(),
            before: None,
            after: head.to_owned(),
        };
        let body = format!("{{\"after\":\"{head}\",\"pushed\":\"{id}\"}}");
        Arrival { wish: Wish::Push(push), ..self.arrival("github.push", &id.to_string(), body) }
    }

    /// An arrival that wants to be routed.
    pub(crate) fn arrival(&self, event_type: &str, delivery: &str, body: String) -> Arrival {
        Arrival {
            event: EventId(Uuid::now_v7()),
            origin: Origin::Webhook,
            source: self.source,
            workspace: None,
            replay_window_s: 86_400,
            event_type: event_type.to_owned(),
            delivery_id: Some(delivery.to_owned()),
            hook_id: Some("1".to_owned()),
            id_key: Some(key(delivery.as_bytes())),
            part_of: None,
            body_hash: None,
            body_key: Some(key(body.as_bytes())),
            headers: "{}".to_owned(),
            content_type: Some("application/json".to_owned()),
            body: Bytes::from(body),
            installation_id: Some(INSTALLATION),
            wish: Wish::Route,
        }
    }

    /// Leases the job of a sync.
    pub(crate) async fn lease_sync(&self, sync: SyncEventId) -> Lease {
        let conn = self.worker().await;
        let leases = lease(&conn, JobKind::Sync, &[sync.0], Uuid::now_v7()).await.unwrap();
        *leases.first().expect("the job can be leased")
    }

    /// Leases and starts a sync, which must run.
    pub(crate) async fn start(&self, sync: SyncEventId) -> (Lease, SyncWork) {
        let lease = self.lease_sync(sync).await;
        match start(&mut self.worker().await, &lease, PARSER).await.unwrap() {
            Start::Run(work) => (lease, *work),
            other @ (Start::Parked | Start::Ended(_) | Start::Fenced) => {
                panic!("the sync does not run: {other:?}")
            }
        }
    }

    /// `status` or `status: reason` of a sync event.
    pub(crate) async fn sync(&self, sync: SyncEventId) -> String {
        let sql = "select status || coalesce(': ' || reason, '') from sync_event where id = $1";
        self.owner().await.row(sql, &[&sync.0]).await.unwrap().get(0)
    }
}

/// The SHA of some commit.
pub(crate) fn sha(letter: char) -> String {
    letter.to_string().repeat(40)
}

pub(crate) fn key(bytes: &[u8]) -> [u8; 16] {
    Sha256::digest(bytes)[..16].try_into().unwrap()
}

fn store(url: String) -> Store {
    Store::new(&settings(url)).unwrap()
}

fn settings(url: String) -> StoreSettings {
    StoreSettings {
        statement_ms_max: 60_000,
        ..StoreSettings::new(SecretString::from(url), "test")
    }
}
