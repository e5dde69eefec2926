//! `connector instance ...`.

use clap::{Args, Subcommand, ValueEnum};
use hookyard_admin::operations::instances::{self as operation, Configuration};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::{AccountId, InstanceId};
use hookyard_domain::workspace::Slug;
use hookyard_store::instances::{self, Instance};

use crate::commands::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum InstanceCommand {
    /// Add a configured use of an account, or bring the archived one of this name back
    Add {
        #[arg(long, value_name = "ID")]
        account: AccountId,
        /// Its name, for people
        #[arg(long)]
        name: String,
        #[command(flatten)]
        because: Because,
    },
    /// List instances
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only this account's
        #[arg(long, value_name = "ID", conflicts_with = "workspace")]
        account: Option<AccountId>,
        #[command(flatten)]
        page: PageArgs<InstanceId>,
    },
    /// Show an instance
    Show { id: InstanceId },
    /// Show what an instance is made of and brings in
    Configuration { id: InstanceId },
    /// Call it otherwise
    Rename {
        id: InstanceId,
        #[arg(long)]
        name: String,
        #[command(flatten)]
        because: Because,
    },
    /// Say whether syncs map plugins that are new in the repository, from the next push on
    AutoImport {
        id: InstanceId,
        /// Left out: in targets that have plugins already
        to: Option<Switch>,
        #[command(flatten)]
        because: Because,
    },
    /// Synchronise all its targets, whether anything changed or not
    SyncNow(ChangeArgs),
    /// Follow nothing any more; its config objects stay
    Disable(ChangeArgs),
    /// Follow its targets again, and synchronise them
    Enable(ChangeArgs),
    /// Put it away; its config objects stay
    Archive(ChangeArgs),
    /// Put it away and delete its config objects; the records stay
    Remove(ChangeArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

impl Switch {
    pub(super) fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    id: InstanceId,
    #[command(flatten)]
    because: Because,
}

pub(crate) async fn run(command: InstanceCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        InstanceCommand::Add { account, name, because } => {
            shown(&operation::add(&store, &because.actor()?, account, &name).await?)
        }
        InstanceCommand::List { workspace, account, page } => {
            let conn = store.conn().await?;
            let page = if let Some(account) = account {
                instances::list_of_account(&conn, account, page.request()?).await?
            } else {
                let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
                instances::list(&conn, workspace, page.request()?).await?
            };
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        InstanceCommand::Show { id } => shown(&operation::require(&store.conn().await?, id).await?),
        InstanceCommand::Configuration { id } => {
            let configuration = operation::configuration(&store, id).await?;
            Answer::new(&configuration, configured(&configuration))
        }
        InstanceCommand::Rename { id, name, because } => {
            shown(&operation::rename(&store, &because.actor()?, id, &name, None).await?)
        }
        InstanceCommand::AutoImport { id, to, because } => {
            let (actor, on) = (because.actor()?, to.map(Switch::is_on));
            shown(&operation::set_auto_import(&store, &actor, id, on, None).await?)
        }
        InstanceCommand::SyncNow(ChangeArgs { id, because }) => {
            let queued = operation::sync_now(&store, &because.actor()?, id).await?;
            let text = Fields::default().field("syncs queued", queued.syncs_queued);
            Answer::new(&queued, text.field("next", "hookyard-admin sync-events list").render())
        }
        InstanceCommand::Disable(ChangeArgs { id, because }) => {
            shown(&operation::disable(&store, &because.actor()?, id).await?)
        }
        InstanceCommand::Enable(ChangeArgs { id, because }) => {
            shown(&operation::enable(&store, &because.actor()?, id).await?)
        }
        InstanceCommand::Archive(ChangeArgs { id, because }) => {
            shown(&operation::archive(&store, &because.actor()?, id).await?)
        }
        InstanceCommand::Remove(ChangeArgs { id, because }) => {
            let done = operation::remove(&store, &because.actor()?, id).await?;
            let text = fields(&done.instance)
                .field("syncs ended", done.gone.syncs_ended)
                .field("objects deleted", done.gone.objects_deleted)
                .render();
            Answer::new(&done, text)
        }
    }
}

fn table(items: &[Instance]) -> String {
    let mut table = Table::new(&["ID", "WORKSPACE", "NAME", "STATUS", "ACCOUNT"]);
    for it in items {
        let (status, account) = (it.status.to_string(), it.account_id.to_string());
        table.row([it.id.to_string(), it.workspace.clone(), it.name.clone(), status, account]);
    }
    table.render("no instances; add one with `hookyard-admin connector instance add`")
}

fn configured(it: &Configuration) -> String {
    let mut text = fields(&it.connector_instance)
        .field("targets", it.counts.target_count)
        .field("mappings", it.counts.mapping_count)
        .field("config objects", it.counts.imported_config_object_count)
        .render();
    let mut table = Table::new(&["PLUGIN", "TARGET", "MAPPINGS"]);
    for plugin in &it.configured_plugins {
        let target = plugin.target_id.to_string();
        table.row([plugin.key.clone(), target, plugin.mapping_count.to_string()]);
    }
    text.push('\n');
    text.push_str(
        &table.render("no plugins; `hookyard-admin connector target discover` shows them"),
    );
    text
}

fn shown(instance: &Instance) -> anyhow::Result<Answer> {
    Answer::new(instance, fields(instance).render())
}

fn fields(instance: &Instance) -> Fields {
    Fields::default()
        .field("instance", instance.id)
        .field("workspace", &instance.workspace)
        .field("name", &instance.name)
        .field("status", instance.status)
        .field("account", instance.account_id)
        .field("new plugins", operation::new_plugins(instance.auto_import_new_plugins))
        .field("created", time(instance.created_at))
        .field("updated", time(instance.updated_at))
}
