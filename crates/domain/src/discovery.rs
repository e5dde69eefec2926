//! What a repository offers: the plugins that its manifests tell of, and the mappings that would bring them in.
//!
//! Paths and manifests are the repository's owner's word and may say anything. What cannot be used becomes a warning;
//! nothing here fails, and whatever is kept of a manifest is short.

mod components;
mod files;
mod keys;
mod manifest;
mod marketplace;
mod plugin;
#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::ToSchema;

pub use components::{ComponentKind, ComponentPaths, PlannedMapping};
pub use files::Files;
pub use manifest::{Manifest, Manifests};
pub use marketplace::Marketplace;
pub use plugin::Plugin;

use marketplace::Read;
use plugin::Draft;

/// Where a marketplace lists its plugins.
pub const MARKETPLACE_PATH: &str = ".claude-plugin/marketplace.json";
/// Where a plugin says what it is, below its root.
pub const PLUGIN_PATH: &str = ".claude-plugin/plugin.json";
/// Where an agent plugin says what it is, and what a plugin of a marketplace may have instead of [`PLUGIN_PATH`].
pub const PLAIN_PLUGIN_PATH: &str = "plugin.json";
/// Of the rules below: what was looked at by others is looked at again.
pub const VERSION: u32 = 1;
/// The most plugins of one repository that are looked at.
pub const PLUGINS_MAX: usize = 200;
/// The schemas by which a `plugin.json` is an agent plugin's.
const AGENT_PLUGIN_SCHEMAS: [&str; 2] = [
    "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json",
    "https://agent-plugins.org/schemas/1.1.0/plugin.schema.json",
];

/// What kind of repository it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Classification {
    /// It has a marketplace, which lists its plugins.
    ClaudeMarketplaceRepo,
    /// It is one plugin.
    ClaudeSinglePluginRepo,
    /// It has plugins in folders.
    ClaudeMultiPluginRepo,
    /// It is one plugin by a schema that other agents read, too.
    AgentPluginRepo,
    /// No manifest says what it offers.
    Unsupported,
}

crate::names!(Classification, "classification", {
    ClaudeMarketplaceRepo => "claude_marketplace_repo", ClaudeSinglePluginRepo => "claude_single_plugin_repo",
    ClaudeMultiPluginRepo => "claude_multi_plugin_repo", AgentPluginRepo => "agent_plugin_repo",
    Unsupported => "unsupported",
});

/// What told of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    MarketplaceEntry,
    PluginManifest,
    AgentPluginManifest,
}

crate::names!(SourceKind, "source kind", {
    MarketplaceEntry => "marketplace_entry", PluginManifest => "plugin_manifest",
    AgentPluginManifest => "agent_plugin_manifest",
});

/// What a repository offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    pub classification: Classification,
    /// What a marketplace says of itself.
    pub marketplace: Option<Marketplace>,
    pub discovered_plugins: Vec<Plugin>,
    pub warnings: Vec<String>,
}

/// The manifests that [`discover`] needs, at most [`PLUGINS_MAX`]. A marketplace is read before they are asked for,
/// because it says which folders matter.
pub fn wanted(files: &Files<'_>, marketplace: Option<&Manifest>) -> Vec<String> {
    if files.has_file(MARKETPLACE_PATH) {
        let mut paths = marketplace.map_or_else(Vec::new, |it| marketplace::wanted(files, it));
        paths.sort_unstable();
        paths.dedup();
        return paths;
    }
    let roots = roots(files);
    if roots.is_empty() {
        let plain = files.has_file(PLAIN_PLUGIN_PATH).then(|| PLAIN_PLUGIN_PATH.to_owned());
        return plain.into_iter().collect();
    }
    roots.iter().take(PLUGINS_MAX).map(|root| files::join(root, PLUGIN_PATH)).collect()
}

/// Whether a discovery may read the file at this path.
pub fn may_be_manifest(path: &str) -> bool {
    path == MARKETPLACE_PATH || path.rsplit('/').next() == Some(PLAIN_PLUGIN_PATH)
}

/// What the files and their manifests offer.
pub fn discover(files: &Files<'_>, manifests: &Manifests) -> Discovery {
    if files.has_file(MARKETPLACE_PATH) {
        let Read { marketplace, drafts, warnings } = marketplace::read(files, manifests);
        return Discovery {
            classification: Classification::ClaudeMarketplaceRepo,
            marketplace: Some(marketplace),
            discovered_plugins: keys::unique(drafts),
            warnings,
        };
    }
    let roots = roots(files);
    if roots.is_empty() {
        return agent_plugin(files, manifests);
    }
    let mut warnings = Vec::new();
    if roots.len() > PLUGINS_MAX {
        let found = roots.len();
        warnings.push(format!(
            "{found} folders have a {PLUGIN_PATH}; only the first {PLUGINS_MAX} were looked at"
        ));
    }
    let classification = if roots.iter().all(|root| root.is_empty()) {
        Classification::ClaudeSinglePluginRepo
    } else {
        Classification::ClaudeMultiPluginRepo
    };
    let drafts = roots.iter().take(PLUGINS_MAX).map(|root| {
        let key = if root.is_empty() { "root" } else { root };
        let draft = Draft::new(SourceKind::PluginManifest, format!("manifest:{key}"), root);
        draft.finish(files, manifests)
    });
    let discovered_plugins = keys::unique(drafts.collect());
    Discovery { classification, marketplace: None, discovered_plugins, warnings }
}

/// The folders that have a plugin's manifest, the repository's own as an empty text.
fn roots<'a>(files: &Files<'a>) -> Vec<&'a str> {
    let root = |path: &'a str| match path.strip_suffix(PLUGIN_PATH)? {
        "" => Some(""),
        // Not `x.claude-plugin/plugin.json`.
        folder => folder.strip_suffix('/'),
    };
    files.iter().filter_map(root).collect()
}

fn agent_plugin(files: &Files<'_>, manifests: &Manifests) -> Discovery {
    let mut warnings = Vec::new();
    if files.has_file(PLAIN_PLUGIN_PATH)
        && let Some(fields) = manifest::object(manifests, PLAIN_PLUGIN_PATH, &mut warnings)
    {
        let schema = fields.get("$schema").and_then(|it| it.as_str()).unwrap_or_default();
        if AGENT_PLUGIN_SCHEMAS.contains(&schema) {
            let mut draft =
                Draft::new(SourceKind::AgentPluginManifest, "manifest:root".to_owned(), "");
            draft.manifest_path = Some(PLAIN_PLUGIN_PATH.to_owned());
            return Discovery {
                classification: Classification::AgentPluginRepo,
                marketplace: None,
                discovered_plugins: keys::unique(vec![draft.finish(files, manifests)]),
                warnings,
            };
        }
        warnings.push(format!(
            "the {PLAIN_PLUGIN_PATH} at the root names no $schema of agent plugins 1.0.0 or 1.1.0"
        ));
    }
    warnings.push(format!(
        "nothing was discovered: the repository has neither a {MARKETPLACE_PATH} nor a {PLUGIN_PATH}"
    ));
    Discovery {
        classification: Classification::Unsupported,
        marketplace: None,
        discovered_plugins: Vec::new(),
        warnings,
    }
}
