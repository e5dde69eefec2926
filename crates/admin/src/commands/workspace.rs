//! `workspace ...`.

use clap::Subcommand;
use hookyard_admin::operations::workspaces as operation;
use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::workspace::{Plan, Slug};
use hookyard_store::workspaces::{self, Workspace};

use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Add a workspace
    Create {
        /// Its label: a-z, 0-9 and -
        slug: Slug,
        /// Its name, for people
        #[arg(long)]
        name: String,
        /// free, starter or professional
        #[arg(long, default_value_t)]
        plan: Plan,
        #[command(flatten)]
        because: Because,
    },
    /// List workspaces
    List {
        #[command(flatten)]
        page: PageArgs<WorkspaceId>,
    },
    /// Show a workspace
    Show { slug: Slug },
}

pub(crate) async fn run(command: WorkspaceCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        WorkspaceCommand::Create { slug, name, plan, because } => {
            let workspace =
                operation::create(&store, &because.actor()?, &slug, &name, plan).await?;
            shown(&workspace)
        }
        WorkspaceCommand::List { page } => {
            let page = workspaces::list(&store.conn().await?, page.request()?).await?;
            let mut table = Table::new(&["SLUG", "NAME", "PLAN", "CREATED", "ID"]);
            for it in &page.items {
                let plan = it.plan.to_string();
                table.row([
                    it.slug.clone(),
                    it.name.clone(),
                    plan,
                    time(it.created_at),
                    it.id.to_string(),
                ]);
            }
            let mut text = table.render(
                "no workspaces; add one with `hookyard-admin workspace create SLUG --name NAME`",
            );
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        WorkspaceCommand::Show { slug } => {
            shown(&operation::require(&store.conn().await?, &slug).await?)
        }
    }
}

fn shown(workspace: &Workspace) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("workspace", &workspace.slug)
        .field("name", &workspace.name)
        .field("plan", workspace.plan)
        .field("created", time(workspace.created_at))
        .field("id", workspace.id)
        .render();
    Answer::new(workspace, text)
}
