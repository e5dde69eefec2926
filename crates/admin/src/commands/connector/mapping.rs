//! `connector mapping ...`.

use clap::Subcommand;
use hookyard_admin::operations::mappings::{self as operation, ChangedMapping};
use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::selector::Selector;
use hookyard_store::mappings::{self, Mapping};

use crate::commands::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum MappingCommand {
    /// Add a mapping to a target, and queue a sync
    Add {
        #[arg(long, value_name = "ID")]
        target: TargetId,
        /// A glob over paths, such as 'skills/**' or '.claude/agents/*.md'
        #[arg(long, value_name = "GLOB")]
        selector: Selector,
        /// skill, agent, command, hook, mcp or file
        #[arg(long, value_name = "TYPE")]
        object_type: ObjectType,
        #[command(flatten)]
        because: Because,
    },
    /// List mappings
    List {
        /// Only this target's
        #[arg(long, value_name = "ID")]
        target: Option<TargetId>,
        #[command(flatten)]
        page: PageArgs<MappingId>,
    },
    /// Show a mapping
    Show { id: MappingId },
    /// Remove a mapping, and queue the sync that deletes what no other mapping selects
    Remove {
        id: MappingId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: MappingCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        MappingCommand::Add { target, selector, object_type, because } => changed(
            &operation::add(&store, &because.actor()?, target, &selector, object_type).await?,
        ),
        MappingCommand::List { target, page } => {
            let page = mappings::list(&store.conn().await?, target, page.request()?).await?;
            let mut table = Table::new(&["ID", "TARGET", "SELECTOR", "TYPE"]);
            for it in &page.items {
                let (target, object_type) = (it.target_id.to_string(), it.object_type.to_string());
                table.row([it.id.to_string(), target, it.selector.clone(), object_type]);
            }
            let mut text =
                table.render("no mappings; add one with `hookyard-admin connector mapping add`");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        MappingCommand::Show { id } => {
            let mapping = operation::require(&store.conn().await?, id).await?;
            Answer::new(&mapping, fields(&mapping).render())
        }
        MappingCommand::Remove { id, because } => {
            changed(&operation::remove(&store, &because.actor()?, id).await?)
        }
    }
}

fn changed(changed: &ChangedMapping) -> anyhow::Result<Answer> {
    let sync = changed.sync.as_ref().map_or_else(
        || "none: the target is not synchronised at present".to_owned(),
        |sync| format!("{} (queued)", sync.id),
    );
    let text = fields(&changed.mapping)
        .field("mapping revision", changed.mapping_revision)
        .field("sync", sync)
        .render();
    Answer::new(changed, text)
}

fn fields(mapping: &Mapping) -> Fields {
    Fields::default()
        .field("mapping", mapping.id)
        .field("target", mapping.target_id)
        .field("selector", &mapping.selector)
        .field("object type", mapping.object_type)
        .field("created", time(mapping.created_at))
}
