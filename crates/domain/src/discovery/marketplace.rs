//! A marketplace: a list of plugins, most of them in folders of the same repository.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::components::ComponentPaths;
use super::files::{self, Files};
use super::manifest::{self, DESCRIPTION_CHARS_MAX, Manifest, Manifests, NAME_CHARS_MAX, quoted};
use super::plugin::{self, Draft, Plugin};
use super::{MARKETPLACE_PATH, PLUGINS_MAX, SourceKind};

/// What a marketplace says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marketplace {
    pub name: Option<String>,
    pub description: Option<String>,
    pub version: Option<String>,
    pub owner: Option<String>,
}

/// What a marketplace's file says.
pub(super) struct Read {
    pub(super) marketplace: Marketplace,
    pub(super) drafts: Vec<Plugin>,
    pub(super) warnings: Vec<String>,
}

/// The manifests of the folders that a marketplace names.
pub(super) fn wanted(files: &Files<'_>, manifest: &Manifest) -> Vec<String> {
    let Ok(fields) = manifest::parse(manifest) else { return Vec::new() };
    let roots =
        entries(&fields).iter().take(PLUGINS_MAX).filter_map(|it| root(it.as_object()?).ok());
    roots.filter_map(|root| plugin::manifest_of(files, &root)).collect()
}

/// The plugins that a marketplace lists.
pub(super) fn read(files: &Files<'_>, manifests: &Manifests) -> Read {
    let mut warnings = Vec::new();
    let Some(fields) = manifest::object(manifests, MARKETPLACE_PATH, &mut warnings) else {
        return Read { marketplace: Marketplace::default(), drafts: Vec::new(), warnings };
    };
    let entries = entries(&fields);
    if !fields.get("plugins").is_some_and(Value::is_array) {
        warnings.push(format!("{MARKETPLACE_PATH} has no list of plugins"));
    }
    if entries.len() > PLUGINS_MAX {
        let listed = entries.len();
        warnings.push(format!(
            "the marketplace lists {listed} plugins; only the first {PLUGINS_MAX} were looked at"
        ));
    }
    let mut drafts = Vec::new();
    for (index, value) in entries.iter().take(PLUGINS_MAX).enumerate() {
        match value.as_object() {
            Some(entry) => drafts.push(plugin(files, manifests, entry, index)),
            None => warnings.push(format!("entry {} of the marketplace is no object", index + 1)),
        }
    }
    Read { marketplace: about(&fields), drafts, warnings }
}

fn entries(fields: &Map<String, Value>) -> &[Value] {
    fields.get("plugins").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn about(fields: &Map<String, Value>) -> Marketplace {
    let name = |value| manifest::text(value, NAME_CHARS_MAX);
    let owner = fields.get("owner");
    let of_owner = |field| name(owner.and_then(|it| it.get(field)));
    Marketplace {
        name: name(fields.get("name")),
        description: manifest::text(fields.get("description"), DESCRIPTION_CHARS_MAX),
        version: name(fields.get("version")),
        owner: of_owner("name").or_else(|| of_owner("login")).or_else(|| name(owner)),
    }
}

fn plugin(
    files: &Files<'_>,
    manifests: &Manifests,
    entry: &Map<String, Value>,
    index: usize,
) -> Plugin {
    let name = manifest::text(entry.get("name"), NAME_CHARS_MAX);
    let root = root(entry);
    let key = match &root {
        Ok(root) => root.clone(),
        Err(_) => name.clone().unwrap_or_else(|| index.to_string()),
    };
    let key = format!("marketplace:{key}");
    let at = root.as_deref().unwrap_or_default();
    let mut draft = Draft::new(SourceKind::MarketplaceEntry, key, at);
    draft.name = name;
    draft.description = manifest::text(entry.get("description"), DESCRIPTION_CHARS_MAX);
    match &root {
        Ok(root) if files.has_folder(root) => {
            draft.declared = ComponentPaths::declared(files, root, entry, &mut draft.warnings);
            draft.finish(files, manifests)
        }
        Ok(root) => draft.unsupported(format!("the repository has no folder {}", quoted(root))),
        Err(why) => {
            draft.name = draft.name.or_else(|| Some(format!("Marketplace plugin {}", index + 1)));
            draft.unsupported(why.clone())
        }
    }
}

/// The folder that an entry names; an error says why it names none of this repository.
fn root(entry: &Map<String, Value>) -> Result<String, String> {
    const EXTERNAL: &str =
        "the entry points at an external source and cannot be auto-mapped from this repository";
    match entry.get("source") {
        Some(Value::String(source)) if source.contains("://") => Err(EXTERNAL.to_owned()),
        Some(Value::String(source)) => files::resolve("", source),
        Some(Value::Object(source)) => {
            let elsewhere = ["url", "repo", "package"];
            match source.get("path").and_then(Value::as_str) {
                _ if elsewhere.iter().any(|field| source.contains_key(*field)) => {
                    Err(EXTERNAL.to_owned())
                }
                Some(path) => files::resolve("", path),
                None => Err("the entry's source has neither a path nor a url".to_owned()),
            }
        }
        Some(_) => Err("the entry's source is neither a path nor an object".to_owned()),
        None => Err("the entry has no source".to_owned()),
    }
}
