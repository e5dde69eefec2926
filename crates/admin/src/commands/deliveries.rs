//! `deliveries ...`.

mod replay;
mod show;

use clap::{Args, Subcommand};
use hookyard_admin::operations::{deliveries as operation, workspaces};
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ConnectionId, DeliveryId, EventId, OauthClientId};
use hookyard_domain::workspace::Slug;
use hookyard_store::delivery_list::{self, DeliveryFilter};
use uuid::Uuid;

use super::paging::PageArgs;
use crate::output::{Answer, Fields, next_page};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// List deliveries, those of the newest events first
    List(ListArgs),
    /// Show a delivery with its tries
    Show { id: DeliveryId },
    /// Send a delivery once more, or many: those of a workspace that match
    Replay(replay::ReplayArgs),
    /// Call a delivery off: nothing is sent for it from then on
    Cancel {
        id: DeliveryId,
        #[command(flatten)]
        because: Because,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this workspace's
    #[arg(long, value_name = "SLUG")]
    workspace: Option<Slug>,
    /// pending, delivering, delivered, failed, dead or cancelled
    #[arg(long)]
    state: Option<DeliveryState>,
    #[command(flatten)]
    receiver: ReceiverArgs,
    /// Only those of this event
    #[arg(long, value_name = "ID")]
    event: Option<EventId>,
    /// Only those of this type of event
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    #[command(flatten)]
    page: PageArgs<DeliveryId>,
}

#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
struct ReceiverArgs {
    /// Only those to this connection
    #[arg(long, value_name = "ID")]
    connection: Option<ConnectionId>,
    /// Only those to this OAuth client
    #[arg(long, value_name = "ID")]
    oauth_client: Option<OauthClientId>,
}

impl ReceiverArgs {
    fn id(self) -> Option<Uuid> {
        self.connection.map(|it| it.0).or(self.oauth_client.map(|it| it.0))
    }
}

pub(crate) async fn run(command: DeliveriesCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        DeliveriesCommand::List(args) => {
            let conn = store.conn().await?;
            let filter = DeliveryFilter {
                workspace: workspaces::filter(&conn, args.workspace.as_ref()).await?,
                state: args.state,
                receiver: args.receiver.id(),
                event: args.event,
                event_type: args.event_type,
            };
            let page = delivery_list::list(&conn, &filter, args.page.request()?).await?;
            let mut text = show::table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        DeliveriesCommand::Show { id } => {
            let view = operation::show(&store, id).await?;
            Answer::new(&view, show::text(&view))
        }
        DeliveriesCommand::Replay(args) => replay::run(args, &store).await,
        DeliveriesCommand::Cancel { id, because } => {
            let view = operation::cancel(&store, &because.actor()?, id).await?;
            let delivery = &view.detail.delivery;
            let text = Fields::default()
                .field("delivery", delivery.id)
                .field("state", delivery.state)
                .maybe("why", delivery.error.as_ref())
                .render();
            Answer::new(&view, text)
        }
    }
}
