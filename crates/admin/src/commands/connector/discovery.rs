//! `connector target discover`: what a repository offers.

use hookyard_admin::operations::discovery::{
    self as operation, AppliedDiscovery, Apply, DiscoveredRepository, OfferedPlugin,
};
use hookyard_admin::operations::github::GitHubAccess;
use hookyard_domain::ids::TargetId;

use super::{branch, short_sha};
use crate::output::{Answer, Fields, Table};
use crate::settings::Because;

/// Shows what a target's repository offers; with `keys`, brings those plugins in.
pub(super) async fn run(
    github: &GitHubAccess,
    target: TargetId,
    keys: Vec<String>,
    auto_import: Option<bool>,
    because: Because,
) -> anyhow::Result<Answer> {
    if keys.is_empty() {
        let found = operation::discover(github, target).await?;
        return Answer::new(&found, discovered(&found));
    }
    let asked = Apply { target, keys, head_sha: None, auto_import };
    let applied = operation::apply(github, &because.actor()?, asked).await?;
    Answer::new(&applied, applied_text(&applied))
}

fn discovered(found: &DiscoveredRepository) -> String {
    let mut text = Fields::default()
        .field("repository", &found.repository)
        .field("branch", branch(&found.git_ref))
        .field("head", &found.head_sha)
        .field("kind", found.classification)
        .maybe("marketplace", found.marketplace.as_ref().and_then(|it| it.name.as_ref()))
        .field("files", found.tree_summary.scanned_entry_count)
        .render();
    let mut table = Table::new(&["KEY", "NAME", "COMPONENTS", "MAPPINGS", "BROUGHT IN"]);
    for it in &found.discovered_plugins {
        let kinds: Vec<&str> = it.plugin.component_kinds.iter().map(|kind| kind.as_str()).collect();
        table.row([
            it.plugin.key.clone(),
            it.plugin.display_name.clone(),
            kinds.join(", "),
            it.plugin.mappings.len().to_string(),
            state(it).to_owned(),
        ]);
    }
    text.push('\n');
    text.push_str(&table.render("no plugins"));
    let mut told = Table::new(&["PLUGIN", "WARNING"]);
    let mut any = false;
    let of_plugins = found
        .discovered_plugins
        .iter()
        .flat_map(|it| it.plugin.warnings.iter().map(|warning| (&*it.plugin.key, warning)));
    for (key, warning) in found.warnings.iter().map(|warning| ("", warning)).chain(of_plugins) {
        any = true;
        told.row([key.to_owned(), warning.clone()]);
    }
    if any {
        text.push('\n');
        text.push_str(&told.render(""));
    }
    if found.discovered_plugins.iter().any(|it| it.plugin.supported && !it.mapped) {
        let next =
            format!("hookyard-admin connector target discover {} --apply KEY", found.target_id);
        text.push('\n');
        text.push_str(&Fields::default().field("next", next).render());
    }
    text
}

fn state(offered: &OfferedPlugin) -> &'static str {
    match (offered.plugin.supported, offered.mapped) {
        (false, _) => "cannot be",
        (true, true) => "yes",
        (true, false) => "no",
    }
}

fn applied_text(applied: &AppliedDiscovery) -> String {
    let sync = match (&applied.sync, applied.created.is_empty()) {
        (Some(sync), _) => format!("{} (queued)", sync.id),
        (None, true) => "none: nothing changed".to_owned(),
        (None, false) => "none: the target is not synchronised at present".to_owned(),
    };
    let mut fields = Fields::default()
        .field("target", applied.target_id)
        .field("looked at", short_sha(Some(&applied.head_sha)))
        .field("mapping revision", applied.mapping_revision)
        .field("sync", sync);
    for warning in &applied.warnings {
        fields = fields.field("warning", warning);
    }
    let mut table = Table::new(&["MAPPING", "SELECTOR", "TYPE", ""]);
    let lines = applied.created.iter().map(|it| (it, "made"));
    for (it, how) in lines.chain(applied.kept.iter().map(|it| (it, "there already"))) {
        let object_type = it.object_type.to_string();
        table.row([it.id.to_string(), it.selector.clone(), object_type, how.to_owned()]);
    }
    let mut text = fields.render();
    text.push('\n');
    text.push_str(&table.render("the plugins have nothing that can be mapped"));
    text
}
