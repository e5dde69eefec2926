//! `token ...`.

use clap::{ArgGroup, Subcommand};
use hookyard_admin::operations::tokens::{self as operation, CreateToken, TokenOwner};
use hookyard_admin::operations::workspaces;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TokenId};
use hookyard_domain::role::MemberRole;
use hookyard_domain::token::TokenScope;
use hookyard_domain::workspace::Slug;
use hookyard_store::tokens::{self, Token};
use jiff::SignedDuration;

use super::clock;
use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, since, time};
use crate::settings::{Because, Settings};

/// The longest life of a token that has an end, in days.
const DAYS_MAX: i64 = 3650;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for an application, a member or an operator; it is shown this once
    #[command(group = ArgGroup::new("owner").required(true).args(["workspace", "member", "operator"]))]
    Create {
        /// For an application of this workspace, which may what the scopes say
        #[arg(long, value_name = "SLUG", requires = "scopes")]
        workspace: Option<Slug>,
        /// What an application's token allows: events:write
        #[arg(
            id = "scopes",
            long = "scope",
            value_name = "SCOPE",
            requires = "workspace",
            value_parser = parse_application_scope
        )]
        scopes: Vec<TokenScope>,
        /// For this member, who may with it what the member's role allows
        #[arg(long, value_name = "ID")]
        member: Option<MemberId>,
        /// For an operator, who may everything in the deployment but publish
        #[arg(long)]
        operator: bool,
        /// What to call it
        #[arg(long, default_value = "default")]
        name: Name,
        /// Days until it expires; without it the token lives until it is revoked
        #[arg(
            long,
            value_name = "DAYS",
            value_parser = clap::value_parser!(i64).range(1..=DAYS_MAX)
        )]
        expires_days: Option<i64>,
        #[command(flatten)]
        because: Because,
    },
    /// List tokens; never the tokens themselves
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<TokenId>,
    },
    /// End a token's validity; an ingress forgets it within seconds
    Revoke {
        id: TokenId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: TokenCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        TokenCommand::Create {
            workspace,
            scopes,
            member,
            operator: _,
            name,
            expires_days,
            because,
        } => {
            // The parser has it that exactly one of the three is given.
            let owner = match (workspace, member) {
                (Some(workspace), _) => TokenOwner::Application { workspace, scopes },
                (None, Some(member)) => TokenOwner::Member(member),
                (None, None) => TokenOwner::Operator,
            };
            let life = expires_days.map(|days| SignedDuration::from_hours(days * 24));
            let expires_at = life.map(|life| clock::now().checked_add(life)).transpose()?;
            let new = CreateToken { owner, name, expires_at };
            let made = operation::create(&store, &because.actor()?, MemberRole::Owner, new).await?;
            let text = fields(&made.view)
                .field("token", made.token.expose())
                .field("", "keep it now: it is not shown again")
                .render();
            Answer::new(&made, text)
        }
        TokenCommand::List { workspace, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = tokens::list(&conn, workspace, page.request()?).await?;
            let mut table =
                Table::new(&["ID", "WORKSPACE", "NAME", "BEGINS", "OPENS", "EXPIRES", "REVOKED"]);
            for it in &page.items {
                table.row([
                    it.id.to_string(),
                    it.workspace.clone().unwrap_or_default(),
                    it.name.clone(),
                    it.prefix.clone(),
                    opens(it),
                    since(it.expires_at),
                    since(it.revoked_at),
                ]);
            }
            let mut text = table.render("no tokens; make one with `hookyard-admin token create`");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        TokenCommand::Revoke { id, because } => {
            let token = operation::revoke(&store, &because.actor()?, MemberRole::Owner, id).await?;
            Answer::new(&token, fields(&token).render())
        }
    }
}

/// A scope that an application's token may have.
fn parse_application_scope(text: &str) -> Result<TokenScope, String> {
    let given = |it: &&TokenScope| **it != TokenScope::Operator;
    let scopes = || TokenScope::ALL.iter().filter(given);
    let found = scopes().copied().find(|it| it.as_str() == text);
    found.ok_or_else(|| {
        let known: Vec<&str> = scopes().map(|it| it.as_str()).collect();
        format!("an application's token has no scope {text:?}; known are: {}", known.join(", "))
    })
}

/// What a token opens, in words.
fn opens(token: &Token) -> String {
    if let Some(member) = &token.member {
        return format!("as {member}");
    }
    token.scopes.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

fn fields(token: &Token) -> Fields {
    Fields::default()
        .field("id", token.id)
        .maybe("workspace", token.workspace.as_ref())
        .field("name", &token.name)
        .field("opens", opens(token))
        .field("created", time(token.created_at))
        .maybe("expires", token.expires_at.map(time))
        .maybe("revoked", token.revoked_at.map(time))
}
