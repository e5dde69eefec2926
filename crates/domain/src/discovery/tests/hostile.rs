//! Manifests that nobody who means well writes.

use proptest::prelude::*;

use super::*;

/// One plugin by this manifest, in a repository with a few files.
fn plugin_by(manifest: &[u8]) -> Discovery {
    let files = Files::new([PLUGIN_PATH, "skills/a/SKILL.md"]);
    let manifest = Manifest::Read(manifest.to_vec());
    discover(&files, &Manifests::from([(PLUGIN_PATH.to_owned(), manifest)]))
}

fn market(plugins: &Value) -> Discovery {
    discovered(&[
        with(MARKETPLACE_PATH, json!({ "plugins": plugins })),
        file("skills/a/SKILL.md"),
        file("etc/passwd"),
    ])
}

#[test]
fn a_manifest_that_is_no_json_object_is_a_warning_and_the_folders_still_count() {
    let deep = "[".repeat(100_000);
    for (bytes, why) in [
        (&b"{ nope"[..], "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"", "is not JSON"),
        (b"[1, 2]", "no object"),
        (b"null", "no object"),
        (deep.as_bytes(), "is not JSON"),
    ] {
        let found = plugin_by(bytes);
        let plugin = &found.discovered_plugins[0];
        assert!(plugin.warnings[0].contains(why), "{:?}", plugin.warnings);
        assert_eq!(selectors(plugin), [("skills/**", "skill")]);
    }
    let files = Files::new([PLUGIN_PATH, "skills/a.md"]);
    let left = Manifest::LeftOut("it is larger than 5 bytes".to_owned());
    let found = discover(&files, &Manifests::from([(PLUGIN_PATH.to_owned(), left)]));
    assert!(found.discovered_plugins[0].warnings[0].contains("larger than 5 bytes"), "{found:?}");
}

#[test]
fn a_marketplace_that_is_no_json_object_lists_nothing_and_says_so() {
    for (content, why) in [
        (json!([]), "no object"),
        (json!({}), "no list of plugins"),
        (json!({ "plugins": { "a": 1 } }), "no list of plugins"),
        (json!({ "plugins": [1, null, "x"] }), "entry 1 of the marketplace is no object"),
    ] {
        let found = discovered(&[with(MARKETPLACE_PATH, content)]);
        assert_eq!(found.classification, Classification::ClaudeMarketplaceRepo);
        assert!(found.discovered_plugins.is_empty());
        assert!(found.warnings[0].contains(why), "{found:?}");
    }
}

#[test]
fn fields_of_the_wrong_type_are_not_believed() {
    let manifest = json!({
        "name": { "a": 1 }, "description": 7, "skills": { "path": "x" }, "commands": [1, null],
        "hooks": { "PreToolUse": [] }, "mcpServers": { "a": { "command": "sh" } },
    });
    let found = plugin_by(manifest.to_string().as_bytes());
    let plugin = &found.discovered_plugins[0];
    assert_eq!((&*plugin.display_name, &plugin.description), ("Repository plugin", &None));
    assert_eq!(plugin.warnings.len(), 5, "{:?}", plugin.warnings);
    assert_eq!(selectors(plugin), [("skills/**", "skill")]);
}

#[test]
fn a_path_that_leads_out_of_the_plugin_is_refused() {
    for path in ["../x", "a/../../etc", "..", "/etc/passwd", "\\\\host\\share", "a\0b", "/"] {
        let found = market(&json!([{ "name": "n", "source": path }]));
        let plugin = &found.discovered_plugins[0];
        assert!(!plugin.supported && plugin.warnings[0].contains("was refused"), "{plugin:?}");
        assert_eq!((plugin.key.as_str(), plugin.root_path.as_str()), ("marketplace:n", ""));

        let found = market(&json!([{ "name": "n", "source": "./", "skills": [path] }]));
        let plugin = &found.discovered_plugins[0];
        assert!(plugin.warnings[0].contains("was refused"), "{path:?}: {plugin:?}");
        assert_eq!(selectors(plugin), [("skills/**", "skill")]);
    }
}

#[test]
fn a_whole_repository_is_no_component() {
    let found = market(&json!([{ "source": "./", "skills": ["./"], "hooks": ["."] }]));
    let plugin = &found.discovered_plugins[0];
    assert!(plugin.warnings[0].contains("whole repository"), "{plugin:?}");
    assert_eq!(selectors(plugin), [("skills/**", "skill")]);
}

#[test]
fn a_selector_means_just_the_path_whatever_is_in_it() {
    let found = discovered(&[
        with("[a]{b,c}*/.claude-plugin/plugin.json", json!({})),
        file("[a]{b,c}*/skills/x.md"),
        file("abc/skills/x.md"),
        with("line\nbreak/.claude-plugin/plugin.json", json!({})),
        file("line\nbreak/skills/x.md"),
    ]);
    let plugin = &found.discovered_plugins[0];
    let selector: crate::selector::Selector = plugin.mappings[0].selector.parse().unwrap();
    assert!(selector.matches("[a]{b,c}*/skills/x.md") && !selector.matches("abc/skills/x.md"));
    let broken = &found.discovered_plugins[1];
    assert!(broken.mappings.is_empty() && broken.warnings[0].contains("no selector"), "{broken:?}");
}

#[test]
fn what_is_kept_of_a_large_manifest_is_short() {
    let long = "x\u{7}".repeat(1_000);
    let paths: Vec<String> = (0..300).map(|n| format!("{n}{long}")).collect();
    let entries: Vec<Value> = (0..1_000)
        .map(|n| json!({ "name": format!("{n}"), "source": if n == 0 { "" } else { &*long } }))
        .collect();
    let found = market(&json!(entries));
    assert_eq!(found.discovered_plugins.len(), PLUGINS_MAX);
    assert!(found.warnings[0].contains("lists 1000 plugins"), "{:?}", found.warnings);
    let manifest = json!({ "name": long, "description": long, "skills": paths });
    let found = plugin_by(manifest.to_string().as_bytes());
    let plugin = &found.discovered_plugins[0];
    assert!(plugin.display_name.len() <= 100 && plugin.warnings.len() <= 21);
    assert!(serde_json::to_string(&found).unwrap().len() < 10_000);
}

proptest! {
    #[test]
    fn no_manifest_makes_it_panic_or_makes_a_selector_that_leads_out(
        market in any_json(), own in any_json(), source in ".{0,20}"
    ) {
        let market = json!({ "plugins": [
            { "source": source, "skills": market, "hooks": own },
            { "source": { "path": "p" }, "commands": market }, market, own,
        ]});
        let found = discovered(&[
            with(MARKETPLACE_PATH, market),
            with("p/.claude-plugin/plugin.json", own),
            file("p/a/b.md"),
        ]);
        for plugin in &found.discovered_plugins {
            for mapping in &plugin.mappings {
                prop_assert!(mapping.selector.parse::<crate::selector::Selector>().is_ok());
                prop_assert!(mapping.selector.split('/').all(|part| part != ".."));
            }
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let path =
        prop_oneof![Just("a"), Just("../a"), Just("a/b.md"), Just("/a"), Just("."), Just("")];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        path.prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        let key = prop_oneof![Just("source"), Just("path"), Just("skills"), Just("name")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}
