//! `connection ...`.

mod connect;
mod test;
mod text;

use clap::Subcommand;
use hookyard_admin::operations::connections::{self as operation, Rotation, UpdateConnection};
use hookyard_admin::operations::workspaces;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::ConnectionId;
use hookyard_domain::workspace::Slug;
use hookyard_store::connections;

use super::paging::PageArgs;
use crate::output::{Answer, next_page};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Connect another system, or give a connection new credentials; it is tested first
    Connect(connect::ConnectArgs),
    /// List connections
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<ConnectionId>,
    },
    /// Show a connection; never its credentials
    Show { id: ConnectionId },
    /// Send a sample that names the workspace, and show what the receiver said
    Test(test::TestArgs),
    /// Set how hard a connection may be called; what is not given stays
    SetLimits {
        id: ConnectionId,
        #[command(flatten)]
        limits: connect::LimitArgs,
        #[command(flatten)]
        because: Because,
    },
    /// Call it otherwise
    Rename {
        id: ConnectionId,
        #[arg(long)]
        name: Name,
        #[command(flatten)]
        because: Because,
    },
    /// Switch a connection off: what goes to it is skipped, and says so
    Disable {
        id: ConnectionId,
        #[command(flatten)]
        because: Because,
    },
    /// Switch a connection on again
    Enable {
        id: ConnectionId,
        #[command(flatten)]
        because: Because,
    },
    /// Make a new key for signed calls; both sign until the rotation is finished or another key is made
    RotateSigningSecret {
        id: ConnectionId,
        /// End the older key instead: the receiver has the new one
        #[arg(long)]
        finish: bool,
        #[command(flatten)]
        because: Because,
    },
    /// Forget the credentials, call off what waits, keep the history
    Disconnect {
        id: ConnectionId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: ConnectionCommand, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        ConnectionCommand::Connect(args) => connect::run(args, settings).await,
        ConnectionCommand::List { workspace, page } => {
            list(settings, workspace.as_ref(), page).await
        }
        ConnectionCommand::Show { id } => {
            let connection = operation::require(&settings.store().await?.conn().await?, id).await?;
            Answer::new(&connection, text::fields(&connection).render())
        }
        ConnectionCommand::Test(args) => test::run(args, settings).await,
        ConnectionCommand::SetLimits { id, limits, because } => {
            let (store, actor) = (settings.store().await?, because.actor()?);
            let to = UpdateConnection { limits: limits.into(), ..UpdateConnection::default() };
            let connection = operation::update(&store, &actor, id, to, None).await?;
            Answer::new(&connection, text::fields(&connection).render())
        }
        ConnectionCommand::Rename { id, name, because } => {
            let (store, actor) = (settings.store().await?, because.actor()?);
            let to = UpdateConnection { name: Some(name), ..UpdateConnection::default() };
            let connection = operation::update(&store, &actor, id, to, None).await?;
            Answer::new(&connection, text::fields(&connection).render())
        }
        ConnectionCommand::Disable { id, because } => {
            set_enabled(settings, because, id, false).await
        }
        ConnectionCommand::Enable { id, because } => set_enabled(settings, because, id, true).await,
        ConnectionCommand::RotateSigningSecret { id, finish, because } => {
            let step = if finish { Rotation::Finish } else { Rotation::Begin };
            rotate(settings, because, id, step).await
        }
        ConnectionCommand::Disconnect { id, because } => {
            let store = settings.store().await?;
            let done = operation::disconnect(&store, &because.actor()?, id).await?;
            let text = text::fields(&done.connection).field("called off", done.cancelled).render();
            Answer::new(&done, text)
        }
    }
}

async fn list(
    settings: &Settings,
    workspace: Option<&Slug>,
    page: PageArgs<ConnectionId>,
) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    let conn = store.conn().await?;
    let workspace = workspaces::filter(&conn, workspace).await?;
    let page = connections::list(&conn, workspace, page.request()?).await?;
    let mut text = text::table(&page.items);
    next_page(&mut text, page.next_cursor);
    Answer::new(&page, text)
}

async fn set_enabled(
    settings: &Settings,
    because: Because,
    id: ConnectionId,
    enabled: bool,
) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    let connection = operation::set_enabled(&store, &because.actor()?, id, enabled).await?;
    Answer::new(&connection, text::fields(&connection).render())
}

async fn rotate(
    settings: &Settings,
    because: Because,
    id: ConnectionId,
    step: Rotation,
) -> anyhow::Result<Answer> {
    let ring = settings.vault_ring()?;
    let store = settings.store().await?;
    let rotated = operation::rotate(&store, &because.actor()?, &ring, id, step).await?;
    let fields = text::fields(&rotated.connection).field("keys that sign", rotated.signing_keys);
    let text = text::with_secret(fields, rotated.signing_secret.as_ref()).render();
    Answer::new(&rotated, text)
}
