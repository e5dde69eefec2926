use serde_json::{Value, json};

use super::*;

mod hostile;

/// What a repository with these files offers. A file with a content is a manifest that was read.
fn discovered(files: &[(&str, Option<Value>)]) -> Discovery {
    let paths = Files::new(files.iter().map(|(path, _)| *path));
    let manifests = files.iter().filter_map(|(path, content)| {
        let content = content.as_ref()?;
        Some(((*path).to_owned(), Manifest::Read(content.to_string().into_bytes())))
    });
    discover(&paths, &manifests.collect())
}

fn file(path: &str) -> (&str, Option<Value>) {
    (path, None)
}

fn with(path: &str, content: Value) -> (&str, Option<Value>) {
    (path, Some(content))
}

fn selectors(plugin: &Plugin) -> Vec<(&str, &str)> {
    plugin.mappings.iter().map(|it| (it.selector.as_str(), it.object_type.as_str())).collect()
}

fn keys(discovery: &Discovery) -> Vec<&str> {
    discovery.discovered_plugins.iter().map(|it| it.key.as_str()).collect()
}

#[test]
fn a_manifest_at_the_root_makes_a_single_plugin_of_what_lies_in_the_usual_places() {
    let found = discovered(&[
        with(PLUGIN_PATH, json!({ "name": "tools", "description": "Sharp\nones" })),
        file("skills/a/SKILL.md"),
        file(".claude/skills/b.md"),
        file("commands/run.md"),
        file("agents/x.md"),
        file("hooks/hooks.json"),
        file(".mcp.json"),
        file(".lsp.json"),
        file("monitors/monitors.json"),
        file("settings.json"),
        file("src/main.rs"),
    ]);
    assert_eq!(found.classification, Classification::ClaudeSinglePluginRepo);
    let [plugin] = &found.discovered_plugins[..] else { panic!("{found:?}") };
    assert_eq!((&*plugin.key, &*plugin.root_path), ("manifest:root", ""));
    assert_eq!(plugin.source_kind, SourceKind::PluginManifest);
    assert_eq!(
        (&*plugin.display_name, plugin.description.as_deref()),
        ("tools", Some("Sharp ones"))
    );
    assert_eq!(plugin.manifest_path.as_deref(), Some(PLUGIN_PATH));
    assert_eq!(plugin.component_kinds, ComponentKind::ALL);
    assert!(plugin.supported && plugin.selected_by_default && plugin.warnings.is_empty());
    let expected = [
        ("skills/**", "skill"),
        (".claude/skills/**", "skill"),
        ("commands/**", "command"),
        ("agents/**", "agent"),
        ("hooks/hooks.json", "hook"),
        (".mcp.json", "mcp"),
    ];
    assert_eq!(selectors(plugin), expected);
}

#[test]
fn manifests_in_folders_make_several_plugins() {
    let found = discovered(&[
        with("b/.claude-plugin/plugin.json", json!({})),
        file("b/skills/x/SKILL.md"),
        with(PLUGIN_PATH, json!({ "name": "whole" })),
        file("x.claude-plugin/plugin.json"),
    ]);
    assert_eq!(found.classification, Classification::ClaudeMultiPluginRepo);
    assert_eq!(keys(&found), ["manifest:root", "manifest:b"]);
    let plugin = &found.discovered_plugins[1];
    assert_eq!((&*plugin.display_name, &*plugin.root_path), ("b", "b"));
    assert_eq!(selectors(plugin), [("b/skills/**", "skill")]);
    assert_eq!(found.discovered_plugins[0].warnings, ["it has nothing that can be mapped"]);
}

#[test]
fn a_single_manifest_in_a_folder_is_no_single_plugin_repository() {
    let found = discovered(&[with("a/.claude-plugin/plugin.json", json!({}))]);
    assert_eq!(found.classification, Classification::ClaudeMultiPluginRepo);
}

#[test]
fn a_plugin_says_where_its_components_lie() {
    let found = discovered(&[
        with(
            PLUGIN_PATH,
            json!({ "commands": ["./deep/cmds/", "one.md"], "hooks": "my-hooks.json", "skills": ["none"] }),
        ),
        file("deep/cmds/a.md"),
        file("one.md"),
        file("my-hooks.json"),
        file("skills/ignored/SKILL.md"),
    ]);
    let plugin = &found.discovered_plugins[0];
    let expected = [("deep/cmds/**", "command"), ("one.md", "command"), ("my-hooks.json", "hook")];
    assert_eq!(selectors(plugin), expected);
    assert_eq!(plugin.warnings, ["skills: \"none\" is not in the repository"]);
}

#[test]
fn a_marketplace_lists_the_plugins_and_stands_above_manifests_and_folders() {
    let found = discovered(&[
        with(
            MARKETPLACE_PATH,
            json!({
                "name": "Acme", "version": "1.2", "owner": { "login": "acme" }, "plugins": [
                    { "name": "one", "source": "./plugins/one", "skills": ["./extra"] },
                    { "source": { "path": "plugins/two/" }, "description": "From the entry" },
                    { "name": "far", "source": { "url": "https://example.com/x.git", "path": "plugins/one" } },
                    { "name": "hub", "source": { "source": "github", "repo": "octo/x" } },
                ],
            }),
        ),
        with(PLUGIN_PATH, json!({ "name": "not listed" })),
        file("plugins/one/extra/a/SKILL.md"),
        file("plugins/one/skills/overridden/SKILL.md"),
        with(
            "plugins/two/plugin.json",
            json!({ "name": "two", "description": "From the manifest" }),
        ),
        file("plugins/two/agents/a.md"),
    ]);
    assert_eq!(found.classification, Classification::ClaudeMarketplaceRepo);
    let about = found.marketplace.as_ref().unwrap();
    assert_eq!((about.name.as_deref(), about.owner.as_deref()), (Some("Acme"), Some("acme")));
    let expected = [
        "marketplace:plugins/one",
        "marketplace:plugins/two",
        "marketplace:far",
        "marketplace:hub",
    ];
    assert_eq!(keys(&found), expected);
    let [one, two, far, hub] = &found.discovered_plugins[..] else { panic!("{found:?}") };
    assert_eq!(selectors(one), [("plugins/one/extra/**", "skill")]);
    assert_eq!((&*two.display_name, two.description.as_deref()), ("two", Some("From the entry")));
    assert_eq!(selectors(two), [("plugins/two/agents/**", "agent")]);
    for external in [far, hub] {
        assert!(!external.supported && !external.selected_by_default);
        assert!(external.warnings[0].contains("cannot be auto-mapped"), "{external:?}");
        assert!(external.mappings.is_empty());
    }
}

#[test]
fn entries_that_share_a_folder_have_keys_of_their_own_in_any_order() {
    let entry = |name: &str| json!({ "name": name, "source": "./", "skills": ["s"] });
    let market = |plugins: Value| {
        discovered(&[with(MARKETPLACE_PATH, json!({ "plugins": plugins })), file("s/a/SKILL.md")])
    };
    let found = market(json!([entry("a"), entry("b"), entry("b")]));
    assert_eq!(keys(&found), ["marketplace:#a", "marketplace:#b", "marketplace:#b#2"]);
    let found = market(json!([entry("b"), entry("a")]));
    assert_eq!(keys(&found), ["marketplace:#b", "marketplace:#a"]);
    assert_eq!(keys(&market(json!([entry("a")]))), ["marketplace:"]);
}

#[test]
fn an_agent_plugin_is_known_by_its_schema() {
    let schema = |version: &str| {
        let schema = format!("https://agent-plugins.org/schemas/{version}/plugin.schema.json");
        discovered(&[
            with(PLAIN_PLUGIN_PATH, json!({ "$schema": schema, "name": "a" })),
            file("skills/a/SKILL.md"),
        ])
    };
    for version in ["1.0.0", "1.1.0"] {
        let found = schema(version);
        assert_eq!(found.classification, Classification::AgentPluginRepo);
        let plugin = &found.discovered_plugins[0];
        assert_eq!(plugin.source_kind, SourceKind::AgentPluginManifest);
        assert_eq!(plugin.manifest_path.as_deref(), Some(PLAIN_PLUGIN_PATH));
        assert_eq!(selectors(plugin), [("skills/**", "skill")]);
    }
    let found = schema("2.0.0");
    assert_eq!(found.classification, Classification::Unsupported);
    assert!(found.warnings[0].contains("$schema"), "{found:?}");
}

#[test]
fn folders_alone_say_nothing_and_the_warning_names_the_manifests() {
    let found = discovered(&[file("skills/a/SKILL.md"), file("README.md")]);
    assert_eq!(found.classification, Classification::Unsupported);
    assert!(found.discovered_plugins.is_empty());
    let warning = &found.warnings[0];
    assert!(warning.contains(MARKETPLACE_PATH) && warning.contains(PLUGIN_PATH), "{warning}");
}

#[test]
fn only_the_manifests_that_matter_are_wanted() {
    let files = Files::new([
        MARKETPLACE_PATH,
        PLUGIN_PATH,
        "a/.claude-plugin/plugin.json",
        "a/plugin.json",
        "b/plugin.json",
        "c/plugin.json",
    ]);
    let market =
        json!({ "plugins": [{ "source": "a" }, { "source": "./b" }, { "source": "a" }, 7] });
    let market = Manifest::Read(market.to_string().into_bytes());
    assert_eq!(wanted(&files, Some(&market)), ["a/.claude-plugin/plugin.json", "b/plugin.json"]);
    let files = Files::new([PLUGIN_PATH, "a/.claude-plugin/plugin.json", "c/plugin.json"]);
    assert_eq!(wanted(&files, None), [PLUGIN_PATH, "a/.claude-plugin/plugin.json"]);
    let files = Files::new(["a/plugin.json", PLAIN_PLUGIN_PATH]);
    assert_eq!(wanted(&files, None), [PLAIN_PLUGIN_PATH]);
}
