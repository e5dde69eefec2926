//! `connector mapping ...`.

use clap::Subcommand;
use hookyard_admin::operations::mappings::{
    self as operation, ChangedMapping, Preview, PreviewSelector, UpdateMapping,
};
use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::selector::Selector;
use hookyard_store::mappings::{self, Mapping};

use super::branch;
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
    /// Change a mapping, and queue the sync that does what that means
    Update {
        id: MappingId,
        #[arg(long, value_name = "GLOB", required_unless_present = "object_type")]
        selector: Option<Selector>,
        /// skill, agent, command, hook, mcp or file
        #[arg(long, value_name = "TYPE")]
        object_type: Option<ObjectType>,
        #[command(flatten)]
        because: Because,
    },
    /// Show what a selector matches at the branch's head; changes nothing
    Preview {
        #[arg(long, value_name = "ID")]
        target: TargetId,
        #[arg(long, value_name = "GLOB")]
        selector: Selector,
    },
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
        MappingCommand::Update { id, selector, object_type, because } => {
            let to = UpdateMapping { selector, object_type };
            changed(&operation::update(&store, &because.actor()?, id, to, None).await?)
        }
        MappingCommand::Preview { target, selector } => {
            let asked = PreviewSelector { selector, mapping: None };
            let preview = operation::preview(&settings.github(&store)?, target, asked).await?;
            Answer::new(&preview, previewed(&preview))
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

fn previewed(preview: &Preview) -> String {
    let mut text = Fields::default()
        .field("repository", &preview.repository)
        .field("branch", branch(&preview.git_ref))
        .field("head", &preview.head_sha)
        .field("files", preview.files)
        .field("matched", preview.matched)
        .field("of these new", preview.new)
        .field("taken by a mapping before", preview.taken)
        .render();
    let mut table = Table::new(&["PATH", "BYTES", "KIND", "TAKEN BY"]);
    for it in &preview.items {
        let taken_by = it.taken_by.map(|id| id.to_string()).unwrap_or_default();
        table.row([it.path.clone(), it.bytes.to_string(), it.kind.to_owned(), taken_by]);
    }
    text.push('\n');
    text.push_str(&table.render("the selector matches no file"));
    text
}

fn fields(mapping: &Mapping) -> Fields {
    Fields::default()
        .field("mapping", mapping.id)
        .field("target", mapping.target_id)
        .field("selector", &mapping.selector)
        .field("object type", mapping.object_type)
        .field("created", time(mapping.created_at))
}
