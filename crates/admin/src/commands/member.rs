//! `member ...`.

use clap::Subcommand;
use hookyard_admin::operations::{members as operation, workspaces};
use hookyard_domain::connection::Name;
use hookyard_domain::ids::MemberId;
use hookyard_domain::role::MemberRole;
use hookyard_domain::workspace::Slug;
use hookyard_store::members::{self, Member};

use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Add a member to a workspace
    Add {
        #[arg(long, value_name = "SLUG")]
        workspace: Slug,
        /// What to call the member
        #[arg(long)]
        name: Name,
        /// owner, admin or member
        #[arg(long, default_value = "member")]
        role: MemberRole,
        #[command(flatten)]
        because: Because,
    },
    /// List members
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<MemberId>,
    },
    /// Show a member
    Show { id: MemberId },
    /// Give a member another role
    SetRole {
        id: MemberId,
        /// owner, admin or member
        role: MemberRole,
        #[command(flatten)]
        because: Because,
    },
    /// Remove a member, with all tokens, sessions and grants
    Remove {
        id: MemberId,
        #[command(flatten)]
        because: Because,
    },
}

/// Whoever has the command line is above everybody in a workspace.
const RANK: MemberRole = MemberRole::Owner;

pub(crate) async fn run(command: MemberCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        MemberCommand::Add { workspace, name, role, because } => {
            let actor = because.actor()?;
            shown(&operation::add(&store, &actor, RANK, &workspace, &name, role).await?)
        }
        MemberCommand::List { workspace, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = members::list(&conn, workspace, page.request()?).await?;
            let mut table = Table::new(&["ID", "WORKSPACE", "NAME", "ROLE", "ADDED"]);
            for it in &page.items {
                table.row([
                    it.id.to_string(),
                    it.workspace.clone(),
                    it.name.clone(),
                    it.role.to_string(),
                    time(it.created_at),
                ]);
            }
            let mut text = table.render("no members; add one with `hookyard-admin member add`");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        MemberCommand::Show { id } => shown(&operation::require(&store.conn().await?, id).await?),
        MemberCommand::SetRole { id, role, because } => {
            shown(&operation::set_role(&store, &because.actor()?, RANK, id, role).await?)
        }
        MemberCommand::Remove { id, because } => {
            shown(&operation::remove(&store, &because.actor()?, RANK, id).await?)
        }
    }
}

fn shown(member: &Member) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("member", &member.name)
        .field("role", member.role)
        .field("workspace", &member.workspace)
        .field("id", member.id)
        .field("added", time(member.created_at))
        .maybe("removed", member.removed_at.map(time))
        .render();
    Answer::new(member, text)
}
