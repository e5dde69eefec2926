//! Keys by which plugins are chosen: each means one plugin.

use std::collections::{HashMap, HashSet};

use super::Plugin;

/// Entries that share a folder are told apart by their names, so that a key means the same when their order changes;
/// those that share that, too, by their number.
pub(super) fn unique(mut plugins: Vec<Plugin>) -> Vec<Plugin> {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for plugin in &plugins {
        *uses.entry(plugin.key.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    for plugin in &mut plugins {
        if uses.get(&plugin.key).is_some_and(|uses| *uses > 1) {
            plugin.key = format!("{}#{}", plugin.key, plugin.display_name);
        }
        let mut key = plugin.key.clone();
        let mut number = 1;
        while !taken.insert(key.clone()) {
            number += 1;
            key = format!("{}#{number}", plugin.key);
        }
        plugin.key = key;
    }
    plugins
}
