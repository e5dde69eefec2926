//! A plugin that was discovered.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::components::{ComponentKind, ComponentPaths, PlannedMapping};
use super::files::{self, Files};
use super::manifest::{self, DESCRIPTION_CHARS_MAX, Manifests, NAME_CHARS_MAX};
use super::{PLAIN_PLUGIN_PATH, PLUGIN_PATH, SourceKind};

/// The most warnings that a plugin keeps.
const WARNINGS_MAX: usize = 20;

/// A plugin that was discovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DiscoveredPlugin)]
pub struct Plugin {
    /// What it is chosen by.
    pub key: String,
    pub source_kind: SourceKind,
    /// Its folder; empty: the repository's own.
    pub root_path: String,
    pub display_name: String,
    pub description: Option<String>,
    pub manifest_path: Option<String>,
    pub component_kinds: Vec<ComponentKind>,
    pub component_paths: ComponentPaths,
    /// The mappings that bring it in. What is only told of, such as settings, has none.
    pub mappings: Vec<PlannedMapping>,
    /// Whether it can be brought in from this repository.
    pub supported: bool,
    pub selected_by_default: bool,
    pub warnings: Vec<String>,
}

impl Plugin {
    /// Whether there is something to bring in. One that has nothing yet, or cannot be, is new when that changes.
    pub fn has_something(&self) -> bool {
        self.supported && !self.mappings.is_empty()
    }
}

/// A plugin of which not everything is known yet.
pub(super) struct Draft {
    pub(super) key: String,
    pub(super) source_kind: SourceKind,
    pub(super) root: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    /// None: where a manifest usually lies.
    pub(super) manifest_path: Option<String>,
    /// What the marketplace says lies where.
    pub(super) declared: ComponentPaths,
    pub(super) warnings: Vec<String>,
}

/// Where the manifest of a plugin with this root lies.
pub(super) fn manifest_of(files: &Files<'_>, root: &str) -> Option<String> {
    let places = [PLUGIN_PATH, PLAIN_PLUGIN_PATH].map(|place| files::join(root, place));
    places.into_iter().find(|path| files.has_file(path))
}

impl Draft {
    pub(super) fn new(source_kind: SourceKind, key: String, root: &str) -> Self {
        Self {
            key,
            source_kind,
            root: root.to_owned(),
            name: None,
            description: None,
            manifest_path: None,
            declared: ComponentPaths::default(),
            warnings: Vec::new(),
        }
    }

    /// With what its own manifest and its folder say: whoever speaks first is believed.
    pub(super) fn finish(mut self, files: &Files<'_>, manifests: &Manifests) -> Plugin {
        let manifest_path = self.manifest_path.take().or_else(|| manifest_of(files, &self.root));
        let own = manifest_path.as_ref();
        let own = own.and_then(|path| manifest::object(manifests, path, &mut self.warnings));
        let own = own.unwrap_or_default();
        let component_paths = self.components(files, &own);
        let mappings = component_paths.mappings(files, &mut self.warnings);
        if mappings.is_empty() {
            self.warnings.push("it has nothing that can be mapped".to_owned());
        }
        let name = self.name.take().or_else(|| manifest::text(own.get("name"), NAME_CHARS_MAX));
        let description = self.description.take();
        let description =
            description.or_else(|| manifest::text(own.get("description"), DESCRIPTION_CHARS_MAX));
        Plugin {
            display_name: name.unwrap_or_else(|| folder_name(&self.root)),
            description,
            manifest_path,
            component_kinds: component_paths.kinds(),
            component_paths,
            mappings,
            supported: true,
            selected_by_default: true,
            key: self.key,
            source_kind: self.source_kind,
            root_path: self.root,
            warnings: bounded(self.warnings),
        }
    }

    /// As one that cannot be brought in, for this reason.
    pub(super) fn unsupported(mut self, why: String) -> Plugin {
        self.warnings.insert(0, why);
        Plugin {
            display_name: self.name.unwrap_or_else(|| folder_name(&self.root)),
            description: self.description,
            manifest_path: None,
            component_kinds: Vec::new(),
            component_paths: ComponentPaths::default(),
            mappings: Vec::new(),
            supported: false,
            selected_by_default: false,
            key: self.key,
            source_kind: self.source_kind,
            root_path: self.root,
            warnings: bounded(self.warnings),
        }
    }

    fn components(&mut self, files: &Files<'_>, own: &Map<String, Value>) -> ComponentPaths {
        let declared = std::mem::take(&mut self.declared);
        if !declared.is_empty() {
            return declared;
        }
        let declared = ComponentPaths::declared(files, &self.root, own, &mut self.warnings);
        if !declared.is_empty() {
            return declared;
        }
        ComponentPaths::scan(files, &self.root)
    }
}

fn folder_name(root: &str) -> String {
    let name = root.rsplit('/').next().unwrap_or_default();
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    if name.is_empty() { "Repository plugin".to_owned() } else { name }
}

fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    let found = warnings.len();
    warnings.truncate(WARNINGS_MAX);
    if found > WARNINGS_MAX {
        warnings.push(format!("and {} more warnings", found - WARNINGS_MAX));
    }
    warnings
}
