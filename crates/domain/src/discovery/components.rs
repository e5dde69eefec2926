//! What a plugin is made of, and which mappings bring that in.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::files::{self, Files, Found};
use super::manifest::quoted;
use crate::config_object::ObjectType;
use crate::selector::Selector;

/// The most paths that a manifest may name for one kind of component.
const PATHS_MAX: usize = 100;

/// A kind of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComponentKind {
    Skill,
    Command,
    Agent,
    Hook,
    McpServer,
    LspServer,
    Monitor,
    Settings,
}

crate::names!(ComponentKind, "component kind", {
    Skill => "skill", Command => "command", Agent => "agent", Hook => "hook", McpServer => "mcp_server",
    LspServer => "lsp_server", Monitor => "monitor", Settings => "settings",
});

/// Where components lie below a plugin's root if nobody says otherwise.
const SCANNED: [(ComponentKind, &str, Found); 11] = [
    (ComponentKind::Skill, "skills", Found::Folder),
    (ComponentKind::Skill, ".claude/skills", Found::Folder),
    (ComponentKind::Command, "commands", Found::Folder),
    (ComponentKind::Command, ".claude/commands", Found::Folder),
    (ComponentKind::Agent, "agents", Found::Folder),
    (ComponentKind::Agent, ".claude/agents", Found::Folder),
    (ComponentKind::Hook, "hooks/hooks.json", Found::File),
    (ComponentKind::McpServer, ".mcp.json", Found::File),
    (ComponentKind::LspServer, ".lsp.json", Found::File),
    (ComponentKind::Monitor, "monitors/monitors.json", Found::File),
    (ComponentKind::Settings, "settings.json", Found::File),
];

/// The fields by which a manifest says where components lie, and whether a folder may stand there.
const DECLARED: [(ComponentKind, &str, bool); 6] = [
    (ComponentKind::Skill, "skills", true),
    (ComponentKind::Command, "commands", true),
    (ComponentKind::Agent, "agents", true),
    (ComponentKind::Hook, "hooks", true),
    (ComponentKind::McpServer, "mcpServers", false),
    (ComponentKind::Settings, "settings", false),
];

/// The paths of a plugin's components, from the repository's root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentPaths {
    pub skills: Vec<String>,
    pub commands: Vec<String>,
    pub agents: Vec<String>,
    pub hooks: Vec<String>,
    pub mcp_servers: Vec<String>,
    pub lsp_servers: Vec<String>,
    pub monitors: Vec<String>,
    pub settings: Vec<String>,
}

/// A mapping that would bring a component in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedMapping {
    pub selector: String,
    pub object_type: ObjectType,
}

impl ComponentKind {
    /// What its files become; nothing for what is only told of.
    const fn object_type(self) -> Option<ObjectType> {
        match self {
            Self::Skill => Some(ObjectType::Skill),
            Self::Command => Some(ObjectType::Command),
            Self::Agent => Some(ObjectType::Agent),
            Self::Hook => Some(ObjectType::Hook),
            Self::McpServer => Some(ObjectType::Mcp),
            Self::LspServer | Self::Monitor | Self::Settings => None,
        }
    }
}

impl ComponentPaths {
    /// What lies in the usual places below a root.
    pub(super) fn scan(files: &Files<'_>, root: &str) -> Self {
        let mut paths = Self::default();
        for (kind, place, found) in SCANNED {
            let path = files::join(root, place);
            if files.at(&path) == Some(found) {
                paths.of_mut(kind).push(path);
            }
        }
        paths
    }

    /// What a manifest says lies below a root.
    pub(super) fn declared(
        files: &Files<'_>,
        root: &str,
        manifest: &Map<String, Value>,
        warnings: &mut Vec<String>,
    ) -> Self {
        let mut paths = Self::default();
        for (kind, field, folders) in DECLARED {
            let Some(value) = manifest.get(field) else { continue };
            let one = || std::slice::from_ref(value);
            let given = value.as_array().map_or_else(one, Vec::as_slice);
            if given.len() > PATHS_MAX {
                warnings.push(format!("{field}: only the first {PATHS_MAX} paths were looked at"));
            }
            for value in given.iter().take(PATHS_MAX) {
                match declared_path(files, root, value, folders) {
                    Ok(path) if paths.of(kind).contains(&path) => {}
                    Ok(path) => paths.of_mut(kind).push(path),
                    Err(why) => warnings.push(format!("{field}: {why}")),
                }
            }
        }
        paths
    }

    pub(super) fn is_empty(&self) -> bool {
        ComponentKind::ALL.iter().all(|kind| self.of(*kind).is_empty())
    }

    /// The kinds that it has.
    pub(super) fn kinds(&self) -> Vec<ComponentKind> {
        let kinds = ComponentKind::ALL.iter().copied();
        kinds.filter(|kind| !self.of(*kind).is_empty()).collect()
    }

    /// The mappings that bring its files in.
    pub(super) fn mappings(
        &self,
        files: &Files<'_>,
        warnings: &mut Vec<String>,
    ) -> Vec<PlannedMapping> {
        let mut mappings: Vec<PlannedMapping> = Vec::new();
        for kind in ComponentKind::ALL {
            let Some(object_type) = kind.object_type() else { continue };
            for path in self.of(*kind) {
                let mut selector = escaped(path);
                if files.at(path) == Some(Found::Folder) {
                    selector.push_str("/**");
                }
                if selector.parse::<Selector>().is_err() {
                    warnings.push(format!("no selector can be made of the path {}", quoted(path)));
                } else if mappings.iter().all(|it| it.selector != selector) {
                    mappings.push(PlannedMapping { selector, object_type });
                }
            }
        }
        mappings
    }

    fn of(&self, kind: ComponentKind) -> &Vec<String> {
        match kind {
            ComponentKind::Skill => &self.skills,
            ComponentKind::Command => &self.commands,
            ComponentKind::Agent => &self.agents,
            ComponentKind::Hook => &self.hooks,
            ComponentKind::McpServer => &self.mcp_servers,
            ComponentKind::LspServer => &self.lsp_servers,
            ComponentKind::Monitor => &self.monitors,
            ComponentKind::Settings => &self.settings,
        }
    }

    fn of_mut(&mut self, kind: ComponentKind) -> &mut Vec<String> {
        match kind {
            ComponentKind::Skill => &mut self.skills,
            ComponentKind::Command => &mut self.commands,
            ComponentKind::Agent => &mut self.agents,
            ComponentKind::Hook => &mut self.hooks,
            ComponentKind::McpServer => &mut self.mcp_servers,
            ComponentKind::LspServer => &mut self.lsp_servers,
            ComponentKind::Monitor => &mut self.monitors,
            ComponentKind::Settings => &mut self.settings,
        }
    }
}

fn declared_path(
    files: &Files<'_>,
    root: &str,
    value: &Value,
    folders: bool,
) -> Result<String, String> {
    let Some(given) = value.as_str() else {
        return Err("what is no path cannot be mapped".to_owned());
    };
    let path = files::resolve(root, given)?;
    if path.is_empty() {
        return Err("the whole repository cannot be mapped as one component".to_owned());
    }
    match files.at(&path) {
        Some(Found::Folder) if !folders => {
            Err(format!("{} is a folder, not a file", quoted(&path)))
        }
        Some(_) => Ok(path),
        None => Err(format!("{} is not in the repository", quoted(&path))),
    }
}

/// A path as a selector that means just it.
fn escaped(path: &str) -> String {
    let mut selector = String::with_capacity(path.len());
    for c in path.chars() {
        if "*?[]{}\\!,".contains(c) {
            selector.push('\\');
        }
        selector.push(c);
    }
    selector
}
