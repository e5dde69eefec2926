//! What a repository offers, over HTTP.

use hookyard_testkit::github_sim::RouteKind;
use serde_json::{Value, json};

use crate::http::{Answer, Served};
use crate::world::World;
use crate::yard::{Yard, items, text};

/// A multi plugin repository, the process that shows it, and somebody of each kind.
struct Shown {
    world: World,
    served: Served,
    viewer: String,
    manager: String,
    admin: String,
}

impl Shown {
    async fn start() -> Self {
        let world = World::with(|repo| {
            for name in ["a", "b"] {
                repo.write(format!("{name}/.claude-plugin/plugin.json"), "{}");
                for n in 0..3 {
                    repo.write(format!("{name}/skills/{n}/SKILL.md"), "x");
                }
            }
        })
        .await;
        let github = world.sim.url();
        let settings = [("HOOKYARD_GITHUB_API_URL", github.as_str())];
        let served = Served::start_with(&world.yard, &settings);
        let granted = |role: &str| {
            let (member, token) = world.yard.member("acme", role, "member");
            let put = ["grant", "put", "--instance", &world.tracked.instance, "--member", &member];
            world.yard.json(&[&put[..], &["--role", role]].concat());
            token
        };
        let (viewer, manager) = (granted("viewer"), granted("manager"));
        let (_, admin) = world.yard.member("acme", "ada", "admin");
        Self { world, served, viewer, manager, admin }
    }

    fn path(&self, rest: &str) -> String {
        let instance = &self.world.tracked.instance;
        format!("/v1/workspaces/acme/connector-instances/{instance}/discovery{rest}")
    }

    fn get(&self, rest: &str) -> Answer {
        self.served.get(&self.path(rest), &self.viewer)
    }

    fn apply(&self, token: &str, body: &Value) -> Answer {
        self.served.post(&self.path("/apply"), token, body)
    }

    fn requests(&self, route: RouteKind) -> u64 {
        self.world.sim.requests().get(&route).copied().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_the_plugins_and_an_admin_brings_them_in() {
    let shown = Shown::start().await;
    let target = shown.world.tracked.target.clone();
    let found = shown.get(&format!("?target={target}"));
    assert_eq!(found.status, 200, "{found:?}");
    let found = found.json();
    assert_eq!(found["item"]["classification"], "claude_multi_plugin_repo");
    // The instance has one target only, which need not be named.
    assert_eq!(shown.get("").json(), found);

    let chosen = json!({ "target": target, "selectedKeys": ["manifest:a"], "reason": "a trial" });
    assert_eq!(shown.apply(&shown.viewer, &chosen).status, 403);
    assert_eq!(shown.apply(&shown.manager, &chosen).status, 403);
    let applied = shown.apply(&shown.admin, &chosen);
    assert_eq!(applied.status, 200, "{applied:?}");
    let applied = applied.json();
    assert_eq!(applied["item"]["created"][0]["selector"], "a/skills/**");
    assert_eq!(applied["item"]["sync"]["queued"], true);
    let again = shown.apply(&shown.admin, &chosen).json();
    assert_eq!((&again["item"]["created"], &again["item"]["sync"]), (&json!([]), &Value::Null));
    let audit = shown.world.yard.json(&["audit", "list"]);
    let line = items(&audit).iter().find(|it| it["action"] == "connector_target.apply_discovery");
    assert_eq!(text(line.unwrap(), "reason"), "a trial");
    let plugins = &shown.get("").json()["item"]["discoveredPlugins"];
    assert_eq!((&plugins[0]["mapped"], &plugins[1]["mapped"]), (&json!(true), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_plugins_come_by_themselves_where_somebody_says_so_or_has_chosen_some() {
    let shown = Shown::start().await;
    let instance = &shown.world.tracked.instance;
    let path = |rest: &str| format!("/v1/workspaces/acme/connector-instances/{instance}{rest}");
    let configuration = || shown.served.get(&path("/configuration"), &shown.viewer).json();
    let set = |token: &str, body: &Value| shown.served.post(&path("/auto-import"), token, body);
    assert_eq!(configuration()["autoImportNewPlugins"], false);
    assert_eq!(configuration()["configuredPlugins"], json!([]));

    let chosen = json!({ "selectedKeys": ["manifest:a"] });
    assert_eq!(shown.apply(&shown.admin, &chosen).status, 200);
    let of_a =
        json!([{ "key": "manifest:a", "targetId": shown.world.tracked.target, "mappingCount": 1 }]);
    assert_eq!(configuration()["autoImportNewPlugins"], true);
    assert_eq!(configuration()["configuredPlugins"], of_a);
    assert_eq!(configuration()["connectorInstance"]["autoImportNewPlugins"], Value::Null);

    let off = json!({ "autoImportNewPlugins": false, "reason": "one by one" });
    assert_eq!(set(&shown.viewer, &off).status, 403);
    let seen = shown.served.get(&path(""), &shown.viewer).json()["item"]["updatedAt"].clone();
    let answer = set(&shown.manager, &off);
    assert_eq!(
        (answer.status, &answer.json()["item"]["autoImportNewPlugins"]),
        (200, &json!(false))
    );
    assert_eq!(configuration()["autoImportNewPlugins"], false);
    let stale = json!({ "autoImportNewPlugins": true, "updatedAt": seen });
    assert_eq!(set(&shown.manager, &stale).status, 412);
    let wrong = set(&shown.manager, &json!({ "autoImportNewPlugins": "yes" }));
    assert_eq!(wrong.status, 400, "{wrong:?}");

    let kept = json!({ "selectedKeys": ["manifest:a"], "autoImportNewPlugins": true });
    assert_eq!(shown.apply(&shown.admin, &kept).json()["item"]["created"], json!([]));
    assert_eq!(configuration()["connectorInstance"]["autoImportNewPlugins"], true);
    let audit = shown.world.yard.json(&["audit", "list"]);
    let lines: Vec<_> = items(&audit)
        .iter()
        .filter(|it| it["action"] == "connector_instance.auto_import")
        .map(|it| (it["reason"].clone(), it["before"].clone(), it["after"].clone()))
        .collect();
    let is = |on: Value| json!({ "autoImportNewPlugins": on });
    let expected = [
        (Value::Null, is(json!(false)), is(json!(true))),
        (json!("one by one"), is(Value::Null), is(json!(false))),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_are_listed_page_by_page_and_read_from_github_once() {
    let mut shown = Shown::start().await;
    let mut paths = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shown.get(&format!("/tree?prefix=a/&limit=3&cursor={cursor}"));
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        paths.extend(items(&page).iter().map(|it| text(it, "path")));
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let skill = |n: usize| format!("a/skills/{n}/SKILL.md");
    assert_eq!(paths, ["a/.claude-plugin/plugin.json".to_owned(), skill(0), skill(1), skill(2)]);
    assert_eq!(items(&shown.get("/tree?limit=500").json()).len(), 8);
    assert_eq!(shown.requests(RouteKind::Tree), 1);
    assert_eq!(shown.get("/tree?limit=501").json()["details"]["field"], "limit");
    assert_eq!(shown.get("/tree?limit=0").status, 400);
    assert_eq!(items(&shown.get("/tree?prefix=none").json()), &[] as &[Value]);

    shown.world.push("a/agents/new.md", "new").await;
    assert_eq!(items(&shown.get("/tree?prefix=a/agents/").json()).len(), 1);
    assert_eq!(shown.requests(RouteKind::Tree), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_is_applied_or_nothing() {
    let mut shown = Shown::start().await;
    let seen = text(&shown.get("").json()["item"], "headSha");
    shown.world.push("a/agents/new.md", "new").await;
    let chosen = json!({ "selectedKeys": ["manifest:a"], "headSha": seen });
    let stale = shown.apply(&shown.admin, &chosen);
    assert_eq!((stale.status, &stale.json()["error"]), (412, &json!("changed_meanwhile")));
    let head = text(&shown.get("").json()["item"], "headSha");
    let chosen = json!({ "selectedKeys": ["manifest:a"], "headSha": head });
    assert_eq!(
        shown.apply(&shown.admin, &chosen).json()["item"]["created"][1]["selector"],
        "a/agents/**"
    );

    for (keys, says) in
        [(json!([]), "choose 1 to 200"), (json!(["manifest:z"]), "offers no plugin")]
    {
        let refused = shown.apply(&shown.admin, &json!({ "selectedKeys": keys }));
        assert_eq!((refused.status, &refused.json()["error"]), (422, &json!("invalid_value")));
        assert!(text(&refused.json(), "message").contains(says), "{refused:?}");
    }
    let unknown = shown.apply(&shown.admin, &json!({ "selectedKeys": [], "extra": 1 }));
    assert_eq!((unknown.status, &unknown.json()["details"]["field"]), (400, &json!("extra")));
}

/// Tracks another branch; its id.
fn track(yard: &Yard, instance: &str, branch: &str) -> String {
    let add = ["connector", "target", "add", "--instance", instance, "--repository", "octo/skills"];
    yard.id(&[&add[..], &["--repository-id", "9", "--branch", branch]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_one_of_the_instance_and_is_named_where_there_are_several() {
    let shown = Shown::start().await;
    let yard = &shown.world.yard;
    let add = ["connector", "instance", "add", "--account", &shown.world.tracked.account];
    let other = yard.id(&[&add[..], &["--name", "Other"]].concat());
    let elsewhere = track(yard, &other, "main");
    let refused = shown.get(&format!("?target={elsewhere}"));
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (404, &json!("connector_target_not_found"))
    );

    let absent = track(yard, &shown.world.tracked.instance, "nowhere");
    let which = shown.get("");
    assert_eq!(which.status, 409);
    assert!(text(&which.json(), "message").contains("say by `target`"), "{which:?}");
    let gone = shown.get(&format!("?target={absent}"));
    assert_eq!((gone.status, &gone.json()["error"]), (409, &json!("github_branch_not_found")));
}
