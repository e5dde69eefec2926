//! `connector instance ...`.

use clap::Subcommand;
use hookyard_admin::operations::{connectors as operation, workspaces};
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
        #[command(flatten)]
        page: PageArgs<InstanceId>,
    },
    /// Show an instance
    Show { id: InstanceId },
}

pub(crate) async fn run(command: InstanceCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        InstanceCommand::Add { account, name, because } => {
            shown(&operation::add_instance(&store, &because.actor()?, account, &name).await?)
        }
        InstanceCommand::List { workspace, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = instances::list(&conn, workspace, page.request()?).await?;
            let mut table = Table::new(&["ID", "WORKSPACE", "NAME", "STATUS", "ACCOUNT"]);
            for it in &page.items {
                let (status, account) = (it.status.to_string(), it.account_id.to_string());
                table.row([
                    it.id.to_string(),
                    it.workspace.clone(),
                    it.name.clone(),
                    status,
                    account,
                ]);
            }
            let mut text =
                table.render("no instances; add one with `hookyard-admin connector instance add`");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        InstanceCommand::Show { id } => {
            shown(&operation::require_instance(&store.conn().await?, id).await?)
        }
    }
}

fn shown(instance: &Instance) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("instance", instance.id)
        .field("workspace", &instance.workspace)
        .field("name", &instance.name)
        .field("status", instance.status)
        .field("account", instance.account_id)
        .field("created", time(instance.created_at))
        .field("updated", time(instance.updated_at))
        .render();
    Answer::new(instance, text)
}
