//! `oauth-client ...`.

use clap::{Args, Subcommand};
use hookyard_admin::operations::connections::Outside;
use hookyard_admin::operations::oauth_clients::{self as operation, AddClient, Granted};
use hookyard_admin::operations::workspaces;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::OauthClientId;
use hookyard_domain::token::ClientScope;
use hookyard_domain::workspace::Slug;
use hookyard_store::oauth_clients::{self, OauthClient};
use hookyard_store::oauth_grants::{self, OauthGrant};
use hookyard_store::paging::Page;
use secrecy::SecretString;

use super::paging::PageArgs;
use super::secret;
use crate::output::{Answer, Fields, Table, next_page, since, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum OauthClientCommand {
    /// Add an application that is told when one of its users connects an integration
    Add(AddArgs),
    /// List applications
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<OauthClientId>,
    },
    /// Show an application; never its URL or its secret
    Show { id: OauthClientId },
    /// List the users who granted it access, by name; also those who took it back
    Grants {
        id: OauthClientId,
        #[command(flatten)]
        page: PageArgs<String>,
    },
    /// A user grants it access: from now on it is told of what that user connects
    Grant(GrantArgs),
    /// A user takes that back
    Revoke(GrantArgs),
    /// Switch an application on again that did nothing but fail
    Enable {
        id: OauthClientId,
        #[command(flatten)]
        because: Because,
    },
    /// Remove an application with its grants, and call off what waits for it
    Remove {
        id: OauthClientId,
        #[command(flatten)]
        because: Because,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[arg(long, value_name = "SLUG")]
    workspace: Slug,
    /// What to call it
    #[arg(long)]
    name: Name,
    /// Where its calls go
    #[arg(long, value_name = "URL")]
    webhook_url: SecretString,
    /// Read from standard input the secret that X-Webhook-Secret is made with
    #[arg(long)]
    secret_stdin: bool,
    /// What it is told: integration
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<ClientScope>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    id: OauthClientId,
    /// The user, in your own words, as `connection connect --user` names them
    #[arg(long, value_name = "USER")]
    user: String,
    #[command(flatten)]
    because: Because,
}

pub(crate) async fn run(
    command: OauthClientCommand,
    settings: &Settings,
) -> anyhow::Result<Answer> {
    match command {
        OauthClientCommand::Add(args) => add(args, settings).await,
        OauthClientCommand::List { workspace, page } => {
            let store = settings.store().await?;
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = oauth_clients::list(&conn, workspace, page.request()?).await?;
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        OauthClientCommand::Show { id } => {
            let client = operation::require(&settings.store().await?.conn().await?, id).await?;
            Answer::new(&client, fields(&client).render())
        }
        OauthClientCommand::Grants { id, page } => {
            let store = settings.store().await?;
            let conn = store.conn().await?;
            operation::require(&conn, id).await?;
            grants(&oauth_grants::list(&conn, id, page.request()?).await?)
        }
        OauthClientCommand::Grant(args) => granted(args, settings, true).await,
        OauthClientCommand::Revoke(args) => granted(args, settings, false).await,
        OauthClientCommand::Enable { id, because } => {
            let store = settings.store().await?;
            let client = operation::enable(&store, &because.actor()?, id).await?;
            Answer::new(&client, fields(&client).render())
        }
        OauthClientCommand::Remove { id, because } => {
            let store = settings.store().await?;
            let removed = operation::remove(&store, &because.actor()?, id).await?;
            let text = fields(&removed.client).field("called off", removed.cancelled).render();
            Answer::new(&removed, text)
        }
    }
}

async fn add(args: AddArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let (ring, sender) = (settings.vault_ring()?, settings.sender()?);
    let secret = if args.secret_stdin { Some(secret::text_from_stdin()?) } else { None };
    let store = settings.store().await?;
    let outside = Outside { store: &store, ring: &ring, sender: &sender };
    let new = AddClient {
        workspace: args.workspace,
        name: args.name,
        webhook_url: args.webhook_url,
        secret,
        scopes: args.scopes,
    };
    let client = operation::add(&outside, &args.because.actor()?, new).await?;
    Answer::new(&client, fields(&client).render())
}

async fn granted(args: GrantArgs, settings: &Settings, on: bool) -> anyhow::Result<Answer> {
    let (store, actor) = (settings.store().await?, args.because.actor()?);
    let done: Granted = operation::set_granted(&store, &actor, args.id, &args.user, on).await?;
    let text = Fields::default()
        .field("OAuth client", done.id)
        .field("user", &done.user_id)
        .field("granted", if done.granted { "yes" } else { "no" })
        .render();
    Answer::new(&done, text)
}

fn grants(page: &Page<OauthGrant, String>) -> anyhow::Result<Answer> {
    let mut table = Table::new(&["USER", "GRANTED", "REVOKED"]);
    for it in &page.items {
        table.row([it.user_id.clone(), time(it.granted_at), since(it.revoked_at)]);
    }
    let mut text = table.render("nobody granted it access");
    next_page(&mut text, page.next_cursor.as_deref());
    Answer::new(page, text)
}

const fn status(client: &OauthClient) -> &'static str {
    if client.active { "active" } else { "disabled" }
}

fn scopes_of(client: &OauthClient) -> String {
    client.scopes.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

fn table(items: &[OauthClient]) -> String {
    let mut table = Table::new(&[
        "ID",
        "WORKSPACE",
        "NAME",
        "STATUS",
        "HOST",
        "SCOPES",
        "GRANTS",
        "TRIGGERED",
        "ERROR",
    ]);
    for it in items {
        table.row([
            it.id.to_string(),
            it.workspace.clone(),
            it.name.clone(),
            status(it).to_owned(),
            host(it).unwrap_or_default().to_owned(),
            scopes_of(it),
            it.grants.to_string(),
            since(it.last_triggered_at),
            it.last_error.clone().unwrap_or_default(),
        ]);
    }
    table.render("no OAuth clients; add one with `hookyard-admin oauth-client add`")
}

fn fields(it: &OauthClient) -> Fields {
    Fields::default()
        .field("OAuth client", it.id)
        .field("workspace", &it.workspace)
        .field("name", &it.name)
        .field("status", status(it))
        .maybe("host", host(it))
        .field("scopes", scopes_of(it))
        .field("grants", it.grants)
        .field("created", time(it.created_at))
        .maybe("triggered", it.last_triggered_at.map(time))
        .maybe("failing since", it.failing_since.map(time))
        .maybe("error", it.last_error.as_ref())
}

fn host(it: &OauthClient) -> Option<&str> {
    it.metadata.get("host")?.as_str()
}
