//! New plugins that come by themselves: what a repository offers at the head is mapped before it is reconciled.

use hookyard_domain::discovery::{self, Discovery, Plugin};
use hookyard_domain::ids::{AuditId, MappingId};
use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{ObjectId, Session, TreeEntry, discovery_digest, regular_files};
use hookyard_store::jobs::Lease;
use hookyard_store::sync_events::{
    FoundPlugins, KnownPlugins, PluginMapping, SyncWork, import_plugins,
};
use tracing::info;

use super::reconcile::Halt;
use crate::clock;
use crate::context::Context;

/// Maps what the repository's plugins have and the target does not, if plugins come by themselves to it. The manifests
/// are read only when the paths or the manifests changed since they were last looked at.
///
/// What is wrong with a manifest leaves out its plugin; it never fails the sync.
pub(super) async fn import(
    context: &Context,
    lease: &Lease,
    work: &mut SyncWork,
    session: &Session,
    (repo, sha): (&RepositoryFullName, &ObjectId),
    entries: &mut [TreeEntry],
) -> Result<(), Halt> {
    let Some(known) = &work.plugins else { return Ok(()) };
    let digest = tokio::task::block_in_place(|| {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        discovery_digest(entries)
    });
    if known.seen == digest {
        return Ok(());
    }
    let manifests = session.manifests(repo, entries).await.map_err(Halt::GitHub)?;
    let Discovery { discovered_plugins, warnings, .. } =
        tokio::task::block_in_place(|| discovery::discover(&regular_files(entries), &manifests));
    let left_out = discovered_plugins.iter().filter(|it| !it.supported).count();
    if left_out > 0 || !warnings.is_empty() {
        // Why is the repository's owner's word, and what the discovery shows.
        info!(target.id = %work.target, left_out, warnings = warnings.len(), "{left_out} plugins of {repo} cannot be brought in; the target's discovery says why");
    }
    let found = FoundPlugins {
        sha: &sha.to_string(),
        seen: &digest,
        offered: &discovered_plugins
            .iter()
            .filter(|it| it.has_something())
            .map(|it| &*it.key)
            .collect::<Vec<_>>(),
        mappings: &wanted(known, &discovered_plugins),
        audit: AuditId(clock::new_id()),
    };
    let mut conn = context.store.conn().await?;
    if let Some(made @ 1..) = import_plugins(&mut conn, lease, work, &found).await? {
        info!(sync_event.id = %work.sync_event, "sync {} maps {made} selectors of new plugins", work.sync_event);
    }
    Ok(())
}

/// All of plugins that were never offered before, and what has been added to those that are brought in. What somebody
/// saw and did not choose stays away.
fn wanted(known: &KnownPlugins, plugins: &[Plugin]) -> Vec<PluginMapping> {
    let is_wanted = |plugin: &&Plugin| {
        let has = |keys: &[String]| keys.contains(&plugin.key);
        plugin.supported && (!has(&known.offered) || has(&known.mapped))
    };
    let of_plugin = |plugin: &Plugin| -> Vec<PluginMapping> {
        let mapping = |it: &discovery::PlannedMapping| {
            Some(PluginMapping {
                id: MappingId(clock::new_id()),
                selector: it.selector.parse().ok()?,
                object_type: it.object_type,
                plugin_key: plugin.key.clone(),
            })
        };
        plugin.mappings.iter().filter_map(mapping).collect()
    };
    plugins.iter().filter(is_wanted).flat_map(of_plugin).collect()
}
