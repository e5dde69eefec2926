//! `config-objects ...`.

use clap::Subcommand;
use hookyard_admin::operations::{config_objects as operation, workspaces};
use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::ids::{ConfigObjectId, TargetId};
use hookyard_domain::workspace::Slug;
use hookyard_store::config_object_list::{self, ConfigObjectFilter};

use super::connector::short_sha;
use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigObjectsCommand {
    /// List config objects, newest first
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only this target's
        #[arg(long, value_name = "ID")]
        target: Option<TargetId>,
        /// skill, agent, command, hook, mcp or file
        #[arg(long = "type", value_name = "TYPE")]
        object_type: Option<ObjectType>,
        /// active or deleted
        #[arg(long)]
        status: Option<ObjectStatus>,
        /// Exactly this path
        #[arg(long)]
        path: Option<String>,
        #[command(flatten)]
        page: PageArgs<ConfigObjectId>,
    },
    /// Show a config object and its versions
    Show {
        id: ConfigObjectId,
        /// Print the current version's text instead
        #[arg(long)]
        content: bool,
    },
}

pub(crate) async fn run(
    command: ConfigObjectsCommand,
    settings: &Settings,
) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        ConfigObjectsCommand::List { workspace, target, object_type, status, path, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let instances = None;
            let filter =
                ConfigObjectFilter { workspace, target, instances, object_type, status, path };
            let page = config_object_list::list(&conn, &filter, page.request()?).await?;
            let mut table = Table::new(&["ID", "TYPE", "STATUS", "PATH", "TITLE", "UPDATED"]);
            for it in &page.items {
                table.row([
                    it.id.to_string(),
                    it.object_type.to_string(),
                    it.status.to_string(),
                    it.path.clone(),
                    it.title.clone(),
                    time(it.updated_at),
                ]);
            }
            let mut text = table.render("no config objects");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        ConfigObjectsCommand::Show { id, content: true } => {
            let content =
                String::from_utf8_lossy(&operation::content(&store, id).await?).into_owned();
            Answer::new(&serde_json::json!({ "id": id, "content": content }), content)
        }
        ConfigObjectsCommand::Show { id, content: false } => {
            let view = operation::show(&store, id).await?;
            Answer::new(&view, text(&view))
        }
    }
}

fn text(view: &operation::ConfigObjectView) -> String {
    let object = &view.object;
    let fields = Fields::default()
        .field("config object", object.id)
        .field("workspace", &object.workspace)
        .field("target", object.target_id)
        .field("type", object.object_type)
        .field("path", &object.path)
        .field("status", object.status)
        .field("title", &object.title)
        .maybe("description", object.description.as_ref())
        .field("created", time(object.created_at))
        .field("updated", time(object.updated_at));
    let mut table = Table::new(&["VERSION", "CREATED", "COMMIT", "BLOB", "SYNC EVENT", "TITLE"]);
    for version in &view.versions {
        let blob = if version.deleted {
            "deleted".to_owned()
        } else {
            short_sha(version.blob_sha.as_deref())
        };
        table.row([
            version.number.to_string(),
            time(version.created_at),
            short_sha(Some(&version.commit_sha)),
            blob,
            version.sync_event_id.to_string(),
            version.title.clone(),
        ]);
    }
    format!("{}\n{}", fields.render(), table.render("no versions"))
}
