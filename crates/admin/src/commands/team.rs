//! `team ...`.

use clap::Subcommand;
use hookyard_admin::operations::{teams as operation, workspaces};
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId};
use hookyard_domain::workspace::Slug;
use hookyard_store::teams::{self, Team};

use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum TeamCommand {
    /// Add a team
    Create {
        #[arg(long, value_name = "SLUG")]
        workspace: Slug,
        /// What to call the team
        #[arg(long)]
        name: Name,
        #[command(flatten)]
        because: Because,
    },
    /// List teams
    List {
        #[arg(long, value_name = "SLUG")]
        workspace: Slug,
        #[command(flatten)]
        page: PageArgs<TeamId>,
    },
    /// Show a team
    Show { id: TeamId },
    /// Take a member into a team
    AddMember {
        id: TeamId,
        #[arg(long, value_name = "ID")]
        member: MemberId,
        #[command(flatten)]
        because: Because,
    },
    /// Take a member out of a team
    RemoveMember {
        id: TeamId,
        #[arg(long, value_name = "ID")]
        member: MemberId,
        #[command(flatten)]
        because: Because,
    },
    /// Remove a team with its grants
    Remove {
        id: TeamId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: TeamCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        TeamCommand::Create { workspace, name, because } => {
            shown(&operation::create(&store, &because.actor()?, &workspace, &name).await?)
        }
        TeamCommand::List { workspace, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::require(&conn, &workspace).await?;
            let page = teams::list(&conn, workspace.id, page.request()?).await?;
            let mut table = Table::new(&["ID", "NAME", "MEMBERS", "CREATED"]);
            for it in &page.items {
                let members = it.members.len().to_string();
                table.row([it.id.to_string(), it.name.clone(), members, time(it.created_at)]);
            }
            let mut text = table.render("no teams; add one with `hookyard-admin team create`");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        TeamCommand::Show { id } => shown(&operation::require(&store.conn().await?, id).await?),
        TeamCommand::AddMember { id, member, because } => {
            shown(&operation::add_member(&store, &because.actor()?, id, member).await?)
        }
        TeamCommand::RemoveMember { id, member, because } => {
            shown(&operation::remove_member(&store, &because.actor()?, id, member).await?)
        }
        TeamCommand::Remove { id, because } => {
            shown(&operation::remove(&store, &because.actor()?, id).await?)
        }
    }
}

fn shown(team: &Team) -> anyhow::Result<Answer> {
    let members: Vec<String> = team.members.iter().map(ToString::to_string).collect();
    let text = Fields::default()
        .field("team", &team.name)
        .field("workspace", &team.workspace)
        .field("id", team.id)
        .field("members", members.join(", "))
        .field("created", time(team.created_at))
        .render();
    Answer::new(team, text)
}
