//! Every route, asked by everybody: `docs/roles.md` says who may, and this test holds the process to it.

use std::collections::BTreeSet;

use hookyard_admin::access::Area;
use hookyard_admin::routes;
use hookyard_domain::ids::{
    AccountId, ConfigObjectId, ConnectionId, DeadLetterId, DeliveryId, EventId, MappingId,
    OauthClientId, ReplayId, SourceId, SubscriptionId, SyncEventId, TokenId,
};
use hookyard_store::Db as _;
use uuid::Uuid;

use crate::http::Served;
use crate::yard::{Yard, text};

/// The table that people read.
const ROLES: &str = include_str!("../../../../docs/roles.md");

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    Expired,
    Revoked,
    Application,
    /// The owner of another workspace.
    Stranger,
    /// A member without any grant.
    Member,
    Viewer,
    Editor,
    Manager,
    Admin,
    Owner,
    Operator,
}

/// What becomes of a request at the door.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    Unauthenticated,
    Forbidden,
    NotFound,
}

/// What `docs/roles.md` says in its prose, as a function.
pub(crate) fn expected(who_may: &str, who: Who, in_workspace: bool) -> Door {
    use Who::{
        Admin, Application, Editor, Expired, Manager, Member, Nobody, Operator, Owner, Revoked,
        Stranger, Viewer,
    };
    let members = [Member, Viewer, Editor, Manager, Admin, Owner];
    let open = match (who_may, who) {
        ("anyone", _) | (_, Operator) => true,
        (_, Nobody | Expired | Revoked) => return Door::Unauthenticated,
        (_, Stranger) if in_workspace => return Door::NotFound,
        ("signed in", _) => true,
        ("member", who) => members.contains(&who),
        ("admin", who) => [Admin, Owner].contains(&who),
        ("owner", who) => who == Owner,
        ("viewer", who) => members[1..].contains(&who),
        ("editor", who) => members[2..].contains(&who),
        ("manager", who) => members[3..].contains(&who),
        ("events:write", who) => [Application, Admin, Owner].contains(&who),
        ("operator", _) => false,
        (other, _) => panic!("docs/roles.md knows no {other}"),
    };
    if open { Door::Open } else { Door::Forbidden }
}

/// The rows of the table: method, path, who may.
pub(crate) fn table() -> Vec<(String, String, String)> {
    let rows = ROLES.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let [method, path, who] = row.split(" | ").collect::<Vec<_>>().try_into().ok()?;
        let path = path.strip_prefix('`')?.strip_suffix('`')?;
        Some((method.to_owned(), path.to_owned(), who.to_owned()))
    })
    .collect()
}

#[test]
fn the_table_of_roles_has_every_route_and_no_other() {
    let told: BTreeSet<String> =
        table().iter().map(|(method, path, who)| format!("{method} {path} {who}")).collect();
    let routes = routes::table();
    let served: BTreeSet<String> =
        routes.iter().map(|it| format!("{} {} {}", it.method, it.path, it.need.word())).collect();
    let differ: Vec<&String> = told.symmetric_difference(&served).collect();
    assert!(differ.is_empty(), "`hookyard-admin api routes` prints the table: {differ:#?}");
}

/// One row of everything that a path may name, in the workspace `acme`.
const ROWS: &[&str] = &[
    "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository, git_ref)
     select uuid_v7(now()), workspace_id, id, 'push', 'failed', now(), repository, git_ref from connector_target",
    "insert into connector_mapping (id, workspace_id, target_id, selector, object_type)
     select uuid_v7(now()), workspace_id, id, 'skills/**', 'skill' from connector_target",
    "insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title)
     select uuid_v7(now()), workspace_id, id, 'skill', 'a.md', 'active', uuid_v7(now()), 'a' from connector_target",
    "insert into connection (id, workspace_id, kind, name, status)
     select uuid_v7(now()), id, 'webhook', 'gone', 'disconnected' from workspace where slug = 'acme'",
    "insert into subscription (id, workspace_id, connection_id, event_types, status)
     select uuid_v7(now()), workspace_id, id, '{*}', 'paused' from connection",
    "insert into oauth_client (id, workspace_id, name, sealed, scopes, status)
     select uuid_v7(now()), id, 'app', '\\x00', '{integration}', 'active' from workspace where slug = 'acme'",
    "insert into source (id, workspace_id, provider, slug, body_bytes_max, accepted_status, replay_window_s, fresh_ms,
                         unseen_age_ms_max)
     select gen_random_uuid(), id, 'github', 'gh', 1000, 202, 60, 1000, 1000 from workspace where slug = 'acme'",
    "insert into event (id, workspace_id, body_bytes, origin, type, body)
     select uuid_v7(now()), id, 2, 'api', 'order.paid', '{}' from workspace where slug = 'acme'",
    "insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type, state)
     select uuid_v7(now()), event.id, event.workspace_id, subscription.id, 'subscription', connection_id, type,
            'dead' from event, subscription",
    "insert into dead_letter (id, workspace_id, subject_id, kind, reason)
     select uuid_v7(now()), workspace_id, id, 'delivery', 'attempts_exhausted' from delivery",
    "insert into replay (id, workspace_id, filter, expected, per_s, state, actor)
     select uuid_v7(now()), id, '{}', 0, 1, 'completed', 'x' from workspace where slug = 'acme'",
];

/// The yard with one of everything, and what a path may say for each of its parameters.
pub(crate) struct Walk {
    pub(crate) served: Served,
    parameters: Vec<(&'static str, String)>,
    pub(crate) tokens: Vec<(Who, String)>,
}

impl Walk {
    pub(crate) async fn start(yard: &Yard) -> Self {
        let tracked = yard.tracked();
        yard.execute("delete from job").await;
        yard.execute("delete from sync_event").await;
        for sql in ROWS {
            yard.execute(sql).await;
        }
        yard.id(&["workspace", "create", "else", "--name", "Else"]);
        let served = Served::start(yard);
        let tokens = tokens(yard, &tracked.instance).await;
        let team = yard.id(&["team", "create", "--workspace", "acme", "--name", "docs"]);
        let member = yard.id(&["member", "add", "--workspace", "acme", "--name", "zoe"]);
        let put = ["grant", "put", "--instance", &tracked.instance, "--role", "viewer"];
        let grant = yard.id(&[&put[..], &["--member", &member]].concat());
        let mut parameters = vec![
            ("instance", tracked.instance),
            ("target", tracked.target),
            ("team", team),
            ("member", member),
            ("grant", grant),
            ("kind", "webhook".to_owned()),
            ("action", "test".to_owned()),
            ("step", "kind".to_owned()),
            ("file", "none".to_owned()),
            ("secret", "none".to_owned()),
            ("user", "u-1".to_owned()),
            ("format", "csv".to_owned()),
        ];
        parameters.extend(rows(yard).await);
        Self { served, parameters, tokens }
    }

    /// The path with its parameters filled in.
    pub(crate) fn path(&self, template: &str, slug: &str) -> String {
        let path = self.parameters.iter().fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        let path = path.replace("{slug}", slug);
        assert!(!path.contains('{'), "no value for a parameter of {path}");
        // What is let in does nothing: no handler knows this parameter, and no body is an array.
        format!("{path}?walk=1")
    }

    /// What the door says to a call.
    fn ask(&self, method: &str, path: &str, token: &str) -> (Door, String) {
        let body = (method != "GET").then(|| serde_json::json!([]));
        let answer = self.served.call(method, path, token, body.as_ref());
        let told = format!("{method} {path}: {} {}", answer.status, answer.body);
        let door = match answer.status {
            // Whoever shows a token that opens nothing over and over is soon told to wait instead.
            401 | 429 => Door::Unauthenticated,
            403 => Door::Forbidden,
            404 => Door::NotFound,
            500.. if answer.status != 503 => panic!("{told}"),
            _ => Door::Open,
        };
        (door, told)
    }
}

async fn tokens(yard: &Yard, instance: &str) -> Vec<(Who, String)> {
    let mut tokens = vec![(Who::Nobody, String::new())];
    for (who, workspace, role, grant) in [
        (Who::Stranger, "else", "owner", None),
        (Who::Member, "acme", "member", None),
        (Who::Viewer, "acme", "member", Some("viewer")),
        (Who::Editor, "acme", "member", Some("editor")),
        (Who::Manager, "acme", "member", Some("manager")),
        (Who::Admin, "acme", "admin", None),
        (Who::Owner, "acme", "owner", None),
    ] {
        let (member, token) = yard.member(workspace, &format!("{who:?}"), role);
        if let Some(role) = grant {
            let put = ["grant", "put", "--instance", instance, "--member", &member];
            yard.json(&[&put[..], &["--role", role]].concat());
        }
        tokens.push((who, token));
    }
    let (member, expired) = yard.member("acme", "Expired", "owner");
    yard.execute(
        "update token set expires_at = now() - interval '1 s'
          where member_id = (select id from member where name = 'Expired')",
    )
    .await;
    tokens.push((Who::Expired, expired));
    let revoked = yard.json(&["token", "create", "--member", &member]);
    yard.json(&["token", "revoke", &text(&revoked, "id")]);
    tokens.push((Who::Revoked, text(&revoked, "token")));
    let scope = ["--workspace", "acme", "--scope", "events:write"];
    let application = yard.json(&[&["token", "create"], &scope[..]].concat());
    tokens.push((Who::Application, text(&application, "token")));
    let operator = yard.json(&["token", "create", "--operator"]);
    tokens.push((Who::Operator, text(&operator, "token")));
    tokens
}

async fn rows(yard: &Yard) -> Vec<(&'static str, String)> {
    let owner = yard.owner().await;
    let mut found = Vec::new();
    macro_rules! row {
        ($name:literal, $type:ident, $sql:literal) => {
            let id: Uuid = owner.row($sql, &[]).await.unwrap().get("id");
            found.push(($name, $type(id).to_string()));
        };
    }
    row!("account", AccountId, "select id from connector_account");
    row!("config_object", ConfigObjectId, "select id from config_object");
    row!("connection", ConnectionId, "select id from connection");
    row!("dead_letter", DeadLetterId, "select id from dead_letter");
    row!("delivery", DeliveryId, "select id from delivery");
    row!("event", EventId, "select id from event");
    row!("mapping", MappingId, "select id from connector_mapping");
    row!("oauth_client", OauthClientId, "select id from oauth_client");
    row!("replay", ReplayId, "select id from replay");
    row!("source", SourceId, "select id from source");
    row!("subscription", SubscriptionId, "select id from subscription");
    row!("sync_event", SyncEventId, "select id from sync_event");
    row!("token", TokenId, "select id from token where scopes = '{events:write}'");
    found
}

/// The API's routes.
fn api() -> Vec<(String, String, String)> {
    let routes = routes::table();
    let api: BTreeSet<(String, &str)> = routes
        .iter()
        .filter(|it| it.area == Area::Api)
        .map(|it| (it.method.to_string(), it.path))
        .collect();
    table()
        .into_iter()
        .filter(|(method, path, _)| api.contains(&(method.clone(), path.as_str())))
        .collect()
}

#[tokio::test]
async fn every_route_opens_to_whom_the_table_says_and_to_nobody_else() {
    let yard = Yard::new().await;
    let walk = Walk::start(&yard).await;
    let mut wrong = Vec::new();
    for (method, template, who_may) in api() {
        let path = walk.path(&template, "acme");
        for (who, token) in &walk.tokens {
            let (door, told) = walk.ask(&method, &path, token);
            let should = expected(&who_may, *who, template.contains("{slug}"));
            if door != should {
                wrong.push(format!("{who:?}: {should:?} was expected of {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_id_of_one_workspace_opens_anything_by_way_of_another() {
    let yard = Yard::new().await;
    let walk = Walk::start(&yard).await;
    let words = ["{slug}", "{kind}", "{format}"];
    let has_id = |path: &str| {
        words.iter().fold(path.to_owned(), |it, word| it.replace(word, "")).contains('{')
    };
    for (method, template, _) in api().iter().filter(|(_, path, _)| has_id(path)) {
        for (who, token) in &walk.tokens {
            if matches!(who, Who::Stranger | Who::Operator) {
                let (door, told) = walk.ask(method, &walk.path(template, "else"), token);
                assert_eq!(door, Door::NotFound, "{who:?}: {told}");
            }
        }
    }
}
