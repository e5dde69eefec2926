//! `connector account ...`.

use clap::Subcommand;
use hookyard_admin::operations::accounts::{self as operation, AccountRepository};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::AccountId;
use hookyard_domain::workspace::Slug;
use hookyard_store::accounts::{self, Account};
use serde_json::json;

use crate::commands::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Add an installation to a workspace, or bring a disconnected one back
    Add {
        #[arg(long, value_name = "SLUG")]
        workspace: Slug,
        /// The installation's id, from its URL on GitHub
        #[arg(long, value_name = "N")]
        installation_id: i64,
        /// The GitHub user or organization that installed the App
        #[arg(long, value_name = "NAME")]
        login: String,
        #[command(flatten)]
        because: Because,
    },
    /// List accounts
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<AccountId>,
    },
    /// Show an account
    Show { id: AccountId },
    /// List the repositories that the installation may read, as GitHub says
    Repositories { id: AccountId },
    /// Bring a disconnected account back; its instances stay archived until each is enabled
    Reconnect {
        id: AccountId,
        #[command(flatten)]
        because: Because,
    },
    /// Disconnect an account: archive its instances, delete their config objects, keep the records
    Disconnect {
        id: AccountId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: AccountCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        AccountCommand::Add { workspace, installation_id, login, because } => {
            let actor = because.actor()?;
            let account =
                operation::add(&store, &actor, &workspace, installation_id, &login).await?;
            Answer::new(&account, fields(&account).render())
        }
        AccountCommand::List { workspace, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = accounts::list(&conn, workspace, page.request()?).await?;
            let mut table = Table::new(&["ID", "WORKSPACE", "LOGIN", "INSTALLATION", "STATUS"]);
            for it in &page.items {
                let (installation, status) =
                    (it.installation_id.to_string(), it.status.to_string());
                table.row([
                    it.id.to_string(),
                    it.workspace.clone(),
                    it.login.clone(),
                    installation,
                    status,
                ]);
            }
            let mut text =
                table.render("no accounts; add one with `hookyard-admin connector account add`");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        AccountCommand::Show { id } => {
            let account = operation::require(&store.conn().await?, id).await?;
            Answer::new(&account, fields(&account).render())
        }
        AccountCommand::Repositories { id } => {
            let found = operation::repositories(&settings.github(&store)?, id).await?;
            Answer::new(&json!({ "items": found, "nextCursor": null }), repositories(&found))
        }
        AccountCommand::Reconnect { id, because } => {
            let account = operation::reconnect(&store, &because.actor()?, id).await?;
            Answer::new(&account, fields(&account).render())
        }
        AccountCommand::Disconnect { id, because } => {
            let done = operation::disconnect(&store, &because.actor()?, id).await?;
            let text = fields(&done.account)
                .field("instances archived", done.gone.instances_archived)
                .field("syncs ended", done.gone.syncs_ended)
                .field("objects deleted", done.gone.objects_deleted)
                .render();
            Answer::new(&done, text)
        }
    }
}

fn repositories(items: &[AccountRepository]) -> String {
    let mut table = Table::new(&["ID", "REPOSITORY", "DEFAULT BRANCH", "ARCHIVED"]);
    for it in items {
        table.row([
            it.repository_id.to_string(),
            it.full_name.clone(),
            it.default_branch.clone(),
            if it.archived { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table.render("the installation may read no repository")
}

fn fields(account: &Account) -> Fields {
    Fields::default()
        .field("account", account.id)
        .field("workspace", &account.workspace)
        .field("login", &account.login)
        .field("installation", account.installation_id)
        .field("status", account.status)
        .field("created", time(account.created_at))
        .field("updated", time(account.updated_at))
}
