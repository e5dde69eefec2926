//! `subscription try`.

use std::path::PathBuf;

use clap::Args;
use hookyard_admin::operations::OperationError;
use hookyard_admin::operations::subscriptions::{
    self as operation, FilterResult, Trial, TrialEvent, Tried,
};
use hookyard_domain::event_type::EventType;
use hookyard_domain::ids::{ConnectionId, EventId, SubscriptionId};
use hookyard_store::Store;

use super::read_template;
use crate::commands::clock;
use crate::output::{Answer, Fields};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// The subscription to try as it is saved
    #[arg(required_unless_present = "connection", conflicts_with = "connection")]
    id: Option<SubscriptionId>,
    /// Where a new subscription would send to
    #[arg(long, value_name = "ID")]
    connection: Option<ConnectionId>,
    /// A JMESPath expression to try in the place of the saved one
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// A file with a template to try in the place of the saved one
    #[arg(long, value_name = "FILE")]
    template_file: Option<PathBuf>,
    #[command(flatten)]
    event: EventArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct EventArgs {
    /// An event that happened
    #[arg(long, value_name = "ID", conflicts_with_all = ["event_type", "data"])]
    event: Option<EventId>,
    /// The type of an event that did not happen
    #[arg(long, value_name = "TYPE", requires = "data")]
    event_type: Option<EventType>,
    /// Its data, as JSON
    #[arg(long, value_name = "JSON", requires = "event_type")]
    data: Option<String>,
}

pub(super) async fn run(
    args: TryArgs,
    settings: &Settings,
    store: &Store,
) -> anyhow::Result<Answer> {
    let ring = settings.vault_ring()?;
    let event = match (args.event.event, args.event.event_type, args.event.data) {
        (Some(id), _, _) => TrialEvent::Recorded(id),
        (None, Some(event_type), Some(data)) => TrialEvent::Given { event_type, data },
        (None, _, _) => {
            let why = "name an --event, or an --event-type with its --data".to_owned();
            return Err(OperationError::Invalid(why).into());
        }
    };
    let mut trial = match (args.id, args.connection) {
        (Some(id), _) => operation::of_saved(&store.conn().await?, id, event).await?,
        (None, Some(connection)) => {
            Trial { connection, event_types: None, filter: None, template: None, event }
        }
        (None, None) => {
            return Err(OperationError::Invalid("name a subscription".to_owned()).into());
        }
    };
    trial.filter = args.filter.or(trial.filter);
    if let Some(path) = &args.template_file {
        trial.template = Some(read_template(path)?);
    }
    let tried = operation::try_out(store, &ring, trial, clock::now()).await?;
    let answer = Answer::new(&tried, text(&tried))?;
    Ok(if tried.matched { answer } else { answer.failed() })
}

fn text(tried: &Tried) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let filter = match tried.filter {
        FilterResult::None => "none",
        FilterResult::Passes => "passes",
        FilterResult::DoesNotPass => "does not pass",
        FilterResult::Fails => "fails",
    };
    let mut text = Fields::default()
        .field("event type", &tried.event_type)
        .field("would be sent", yes(tried.matched))
        .field("type wanted", yes(tried.type_wanted))
        .field("filter", filter)
        .maybe("error", tried.error.as_ref())
        .render();
    if let Some(request) = &tried.request {
        let mut fields =
            Fields::default().field("request", format!("{} {}", request.method, request.host));
        let headers: Vec<String> =
            request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        for header in headers {
            fields = fields.field("", header);
        }
        text.push('\n');
        text.push_str(&fields.render());
        text.push('\n');
        text.push_str(&request.body);
    }
    text
}
