//! What a repository offers, seen and brought in from the command line.

use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::RouteKind;
use serde_json::{Value, json};

use crate::world::World;
use crate::yard::{Ran, items};

impl World {
    fn discover(&self) -> Value {
        self.run(&["connector", "target", "discover", &self.tracked.target]).json()
    }

    fn apply(&self, keys: &[&str]) -> Ran {
        let discover = ["connector", "target", "discover", &self.tracked.target, "--apply"];
        self.run(&[&discover, keys].concat())
    }

    fn mappings(&self) -> usize {
        let list = ["connector", "mapping", "list", "--target", &self.tracked.target];
        items(&self.yard.json(&list)).len()
    }

    fn requests(&self, route: RouteKind) -> u64 {
        self.sim.requests().get(&route).copied().unwrap_or_default()
    }
}

fn marketplace(repo: &mut GitRepo) {
    let plugins = json!([
        { "name": "writing", "source": "./plugins/writing", "description": "Writes" },
        { "name": "reading", "source": { "path": "plugins/reading" }, "skills": ["./only"] },
        { "name": "far", "source": { "url": "https://example.com/far.git" } },
        { "name": "climber", "source": "../../etc" },
    ]);
    let market = json!({ "name": "Octo's", "owner": { "name": "Octo" }, "plugins": plugins });
    repo.write(".claude-plugin/marketplace.json", market.to_string())
        .write("plugins/writing/.claude-plugin/plugin.json", r#"{"name": "its own name"}"#)
        .write("plugins/writing/skills/a/SKILL.md", "a")
        .write("plugins/writing/hooks/hooks.json", "{}")
        .write("plugins/reading/only/b/SKILL.md", "b")
        .write("plugins/reading/skills/overridden/SKILL.md", "c")
        .write("elsewhere/.claude-plugin/plugin.json", "{}");
}

fn single(repo: &mut GitRepo) {
    repo.write(".claude-plugin/plugin.json", r#"{"name": "tools"}"#)
        .write("skills/a/SKILL.md", "a")
        .write("commands/run.md", "run")
        .write(".mcp.json", "{}")
        .write("settings.json", "{}");
}

fn of<'a>(found: &'a Value, field: &str) -> Vec<&'a str> {
    let plugins = found["discoveredPlugins"].as_array().unwrap();
    plugins.iter().map(|it| it[field].as_str().unwrap()).collect()
}

fn selectors(mappings: &Value) -> Vec<(&str, &str)> {
    let all = mappings.as_array().unwrap();
    all.iter()
        .map(|it| (it["selector"].as_str().unwrap(), it["objectType"].as_str().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketplace_is_discovered_by_its_manifests_alone() {
    let world = World::with(marketplace).await;
    let found = world.discover();
    assert_eq!(found["classification"], "claude_marketplace_repo");
    assert_eq!((&found["headSha"], &found["ref"]), (&json!(world.head), &json!("refs/heads/main")));
    assert_eq!(
        (&found["marketplace"]["name"], &found["marketplace"]["owner"]),
        (&json!("Octo's"), &json!("Octo"))
    );
    let summary =
        json!({ "scannedEntryCount": 7, "strategy": "git-tree-recursive", "truncated": false });
    assert_eq!(found["treeSummary"], summary);
    let keys = [
        "marketplace:plugins/writing",
        "marketplace:plugins/reading",
        "marketplace:far",
        "marketplace:climber",
    ];
    assert_eq!(of(&found, "key"), keys);
    assert_eq!(of(&found, "displayName"), ["writing", "reading", "far", "climber"]);
    let plugin = |at: usize| &found["discoveredPlugins"][at];
    let expected =
        [("plugins/writing/skills/**", "skill"), ("plugins/writing/hooks/hooks.json", "hook")];
    assert_eq!(selectors(&plugin(0)["mappings"]), expected);
    assert_eq!(selectors(&plugin(1)["mappings"]), [("plugins/reading/only/**", "skill")]);
    for (at, why) in [(2, "cannot be auto-mapped"), (3, "was refused")] {
        assert_eq!(
            (&plugin(at)["supported"], &plugin(at)["selectedByDefault"]),
            (&json!(false), &json!(false))
        );
        assert!(plugin(at)["warnings"][0].as_str().unwrap().contains(why), "{found:#}");
    }

    let asked = [RouteKind::Ref, RouteKind::Tree, RouteKind::Blob].map(|it| world.requests(it));
    assert_eq!(asked, [1, 1, 2]);
    assert_eq!(world.mappings(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_brought_in_once_however_often_it_is_chosen() {
    let mut world = World::with(single).await;
    let found = world.discover();
    assert_eq!(found["classification"], "claude_single_plugin_repo");
    assert_eq!(found["discoveredPlugins"][0]["mapped"], false);
    let kinds = json!(["skill", "command", "mcp_server", "settings"]);
    assert_eq!(found["discoveredPlugins"][0]["componentKinds"], kinds);

    let applied = world.apply(&["manifest:root", "manifest:root"]).json();
    let expected = [("skills/**", "skill"), ("commands/**", "command"), (".mcp.json", "mcp")];
    assert_eq!(selectors(&applied["created"]), expected);
    assert_eq!((&applied["sync"]["queued"], &applied["kept"]), (&json!(true), &json!([])));
    let revision = applied["mappingRevision"].as_i64().unwrap();
    assert_eq!(world.discover()["discoveredPlugins"][0]["mapped"], true);

    let again = world.apply(&["manifest:root"]).json();
    assert_eq!((&again["created"], &again["sync"]), (&json!([]), &Value::Null));
    assert_eq!(
        (selectors(&again["kept"]), again["mappingRevision"].as_i64()),
        (expected.to_vec(), Some(revision))
    );
    assert_eq!(items(&world.yard.json(&["sync-events", "list"])).len(), 1);

    world.push("agents/x.md", "x").await;
    let applied = world.apply(&["manifest:root"]).json();
    assert_eq!(selectors(&applied["created"]), [("agents/**", "agent")]);
    assert_eq!(world.mappings(), 4);

    let audit = world.yard.json(&["audit", "list"]);
    let count = |action: &str| items(&audit).iter().filter(|it| it["action"] == action).count();
    assert_eq!((count("connector_target.apply_discovery"), count("connector_mapping.add")), (2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_plugins_only_the_chosen_ones_come_in() {
    let world = World::with(|repo| {
        for name in ["a", "b", "c"] {
            repo.write(format!("{name}/.claude-plugin/plugin.json"), "{}")
                .write(format!("{name}/skills/x/SKILL.md"), "x");
        }
    })
    .await;
    let found = world.discover();
    assert_eq!(found["classification"], "claude_multi_plugin_repo");
    assert_eq!(of(&found, "key"), ["manifest:a", "manifest:b", "manifest:c"]);
    let add = ["connector", "mapping", "add", "--target", &world.tracked.target];
    world.yard.id(&[&add[..], &["--selector", "c/skills/**", "--object-type", "file"]].concat());

    let unknown = world.apply(&["manifest:a", "manifest:z"]);
    assert!(unknown.code == 64 && unknown.stderr.contains("manifest:z"), "{unknown:?}");
    assert_eq!(world.mappings(), 1);

    let applied = world.apply(&["manifest:a", "manifest:c"]).json();
    assert_eq!(selectors(&applied["created"]), [("a/skills/**", "skill")]);
    assert_eq!(selectors(&applied["kept"]), [("c/skills/**", "file")]);
    assert!(applied["warnings"][0].as_str().unwrap().contains("stays mapped as file"), "{applied}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_brought_in_is_refused_with_its_reason() {
    let world = World::with(marketplace).await;
    let refused = world.apply(&["marketplace:plugins/writing", "marketplace:far"]);
    assert!(refused.code == 64 && refused.stderr.contains("external source"), "{refused:?}");
    assert_eq!(world.mappings(), 0);
    let keys: Vec<String> = (0..201).map(|n| format!("manifest:{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let refused = world.apply(&keys);
    assert!(refused.code == 64 && refused.stderr.contains("1 to 200 plugins"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_is_too_large_or_a_link_is_not_read() {
    let world = World::with(|repo| {
        repo.write("big/.claude-plugin/plugin.json", " ".repeat(256 * 1024 + 1))
            .write("big/skills/a/SKILL.md", "a")
            .write("broken/.claude-plugin/plugin.json", "[".repeat(100_000))
            .write("real.json", r#"{"name": "elsewhere"}"#);
        repo.link(".claude-plugin/marketplace.json", "../real.json");
    })
    .await;
    let found = world.discover();
    assert_eq!(found["classification"], "claude_multi_plugin_repo");
    assert_eq!(of(&found, "displayName"), ["big", "broken"]);
    let warned = |at: usize| found["discoveredPlugins"][at]["warnings"][0].as_str().unwrap();
    assert!(warned(0).contains("larger than 262144 bytes"), "{found:#}");
    assert!(warned(1).contains("is not JSON"), "{found:#}");
    assert_eq!(world.requests(RouteKind::Blob), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_what_a_repository_offers_and_what_to_do_next() {
    let world = World::with(marketplace).await;
    let mut command =
        world.yard.command(&["connector", "target", "discover", &world.tracked.target]);
    command.env("HOOKYARD_GITHUB_API_URL", world.sim.url().as_str());
    let shown = Ran::of(command.output().unwrap());
    assert_eq!(shown.code, 0, "{shown:?}");
    for part in [
        "claude_marketplace_repo",
        "marketplace:plugins/writing",
        "skill, hook",
        "cannot be",
        "--apply KEY",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
}
