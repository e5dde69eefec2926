//! `grant ...`.

use clap::{ArgGroup, Subcommand};
use hookyard_admin::operations::grants as operation;
use hookyard_domain::ids::{GrantId, InstanceId, MemberId, TeamId};
use hookyard_domain::role::InstanceRole;
use hookyard_store::grants::{self, Grant, Grantee};

use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// Grant a role on a connector instance; who has one there gets this in its place
    #[command(group = ArgGroup::new("grantee").required(true).args(["member", "team", "org_wide"]))]
    Put {
        #[arg(long, value_name = "ID")]
        instance: InstanceId,
        #[arg(long, value_name = "ID")]
        member: Option<MemberId>,
        #[arg(long, value_name = "ID")]
        team: Option<TeamId>,
        /// To every member of the workspace
        #[arg(long)]
        org_wide: bool,
        /// viewer, editor or manager
        #[arg(long)]
        role: InstanceRole,
        #[command(flatten)]
        because: Because,
    },
    /// List the grants on a connector instance
    List {
        #[arg(long, value_name = "ID")]
        instance: InstanceId,
        #[command(flatten)]
        page: PageArgs<GrantId>,
    },
    /// Revoke a grant
    Revoke {
        id: GrantId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: GrantCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        GrantCommand::Put { instance, member, team, org_wide: _, role, because } => {
            // The parser has it that exactly one of the three is given.
            let grantee = match (member, team) {
                (Some(member), _) => Grantee::Member(member),
                (None, Some(team)) => Grantee::Team(team),
                (None, None) => Grantee::OrgWide,
            };
            shown(&operation::put(&store, &because.actor()?, instance, grantee, role).await?)
        }
        GrantCommand::List { instance, page } => {
            let conn = store.conn().await?;
            let page = grants::of_instance(&conn, instance, page.request()?).await?;
            let mut table = Table::new(&["ID", "ROLE", "TO", "GRANTED"]);
            for it in &page.items {
                table.row([it.id.to_string(), it.role.to_string(), to(it), time(it.updated_at)]);
            }
            let mut text = table.render("no grants; owners and admins are managers all the same");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        GrantCommand::Revoke { id, because } => {
            shown(&operation::revoke(&store, &because.actor()?, id).await?)
        }
    }
}

/// To whom, in words.
fn to(grant: &Grant) -> String {
    let name = grant.name.as_deref().unwrap_or_default();
    match (grant.member_id, grant.team_id) {
        (Some(id), _) => format!("{name} ({id})"),
        (None, Some(id)) => format!("team {name} ({id})"),
        (None, None) => "every member".to_owned(),
    }
}

fn shown(grant: &Grant) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("grant", grant.id)
        .field("role", grant.role)
        .field("to", to(grant))
        .field("instance", grant.connector_instance_id)
        .render();
    Answer::new(grant, text)
}
