//! `subscription ...`.

mod trial;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use hookyard_admin::operations::subscriptions::{
    self as operation, AddSubscription, UpdateSubscription,
};
use hookyard_admin::operations::{Edit, OperationError, workspaces};
use hookyard_destinations::TEMPLATE_BYTES_MAX;
use hookyard_domain::delivery_retry::DeliveryRetryPolicy;
use hookyard_domain::event_type::EventTypes;
use hookyard_domain::ids::{ConnectionId, SubscriptionId};
use hookyard_domain::workspace::Slug;
use hookyard_store::Store;
use hookyard_store::subscriptions::{self, Subscription};

use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// Send events of some types to a connection
    Add(AddArgs),
    /// List subscriptions
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only this connection's
        #[arg(long, value_name = "ID", conflicts_with = "workspace")]
        connection: Option<ConnectionId>,
        #[command(flatten)]
        page: PageArgs<SubscriptionId>,
    },
    /// Show a subscription
    Show { id: SubscriptionId },
    /// Change a subscription; events that come from now on go by it
    Update(UpdateArgs),
    /// Show whether an event would be sent, and as which request; sends nothing
    Try(trial::TryArgs),
    /// Match no further events with it
    Pause {
        id: SubscriptionId,
        #[command(flatten)]
        because: Because,
    },
    /// Let it go on
    Resume {
        id: SubscriptionId,
        #[command(flatten)]
        because: Because,
    },
    /// Remove it; what is still owed for it is not sent any more
    Remove {
        id: SubscriptionId,
        #[command(flatten)]
        because: Because,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[arg(long, value_name = "ID")]
    connection: ConnectionId,
    /// Types of events: exact, a beginning such as 'post.*', or '*'; may be given several times
    #[arg(long = "event-type", value_name = "TYPE", required = true, num_args = 1..)]
    event_types: Vec<String>,
    /// Only events whose data passes this JMESPath expression, such as "priority == 'high'"
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// A file with the template of the message, or of a signed call's JSON body
    #[arg(long, value_name = "FILE")]
    template_file: Option<PathBuf>,
    /// default, persistent, or JSON such as {"attempts":5,"baseMs":1000,"longestMs":60000}
    #[arg(long, value_name = "POLICY", default_value = "default", value_parser = parse_retry)]
    retry: Retry,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    id: SubscriptionId,
    /// Types of events in the place of the ones before; may be given several times
    #[arg(long = "event-type", value_name = "TYPE", num_args = 1..)]
    event_types: Vec<String>,
    /// A JMESPath expression in the place of the one before; an empty one takes the filter away
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// A file with the template in the place of the one before
    #[arg(long, value_name = "FILE", conflicts_with = "no_template")]
    template_file: Option<PathBuf>,
    /// Take the template away
    #[arg(long)]
    no_template: bool,
    /// default, persistent, or JSON such as {"attempts":5,"baseMs":1000,"longestMs":60000}
    #[arg(long, value_name = "POLICY", value_parser = parse_retry)]
    retry: Option<Retry>,
    #[command(flatten)]
    because: Because,
}

/// None: the default policy, whatever it may become.
#[derive(Debug, Clone)]
struct Retry(Option<DeliveryRetryPolicy>);

fn parse_retry(text: &str) -> Result<Retry, String> {
    match text {
        "default" => Ok(Retry(None)),
        "persistent" => Ok(Retry(Some(DeliveryRetryPolicy::persistent()))),
        json if json.trim_start().starts_with('{') => {
            serde_json::from_str(json).map(|it| Retry(Some(it))).map_err(|it| it.to_string())
        }
        _ => Err("write default, persistent, or JSON such as {\"attempts\":5,\"baseMs\":1000,\"longestMs\":60000}"
            .to_owned()),
    }
}

pub(crate) async fn run(
    command: SubscriptionCommand,
    settings: &Settings,
) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        SubscriptionCommand::Add(args) => {
            let template = args.template_file.as_deref().map(read_template).transpose()?;
            let event_types = types(args.event_types)?;
            let new = AddSubscription {
                connection: args.connection,
                event_types,
                filter: args.filter,
                template,
                retry_policy: args.retry.0,
            };
            shown(&operation::add(&store, &args.because.actor()?, new).await?)
        }
        SubscriptionCommand::List { workspace, connection, page } => {
            let conn = store.conn().await?;
            let page = if let Some(connection) = connection {
                subscriptions::list_of_connection(&conn, connection, page.request()?).await?
            } else {
                let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
                subscriptions::list(&conn, workspace, page.request()?).await?
            };
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        SubscriptionCommand::Show { id } => {
            shown(&operation::require(&store.conn().await?, id).await?)
        }
        SubscriptionCommand::Update(args) => update(args, &store).await,
        SubscriptionCommand::Try(args) => trial::run(args, settings, &store).await,
        SubscriptionCommand::Pause { id, because } => {
            shown(&operation::set_active(&store, &because.actor()?, id, false).await?)
        }
        SubscriptionCommand::Resume { id, because } => {
            shown(&operation::set_active(&store, &because.actor()?, id, true).await?)
        }
        SubscriptionCommand::Remove { id, because } => {
            shown(&operation::remove(&store, &because.actor()?, id).await?)
        }
    }
}

async fn update(args: UpdateArgs, store: &Store) -> anyhow::Result<Answer> {
    let event_types = match args.event_types {
        none if none.is_empty() => None,
        some => Some(types(some)?),
    };
    let template = match args.template_file {
        Some(path) => Edit::Set(read_template(&path)?),
        None if args.no_template => Edit::Clear,
        None => Edit::Keep,
    };
    let to = UpdateSubscription {
        event_types,
        filter: match args.filter {
            Some(filter) if filter.is_empty() => Edit::Clear,
            Some(filter) => Edit::Set(filter),
            None => Edit::Keep,
        },
        template,
        retry_policy: match args.retry {
            Some(Retry(Some(policy))) => Edit::Set(policy),
            Some(Retry(None)) => Edit::Clear,
            None => Edit::Keep,
        },
        active: None,
    };
    shown(&operation::update(store, &args.because.actor()?, args.id, to, None).await?)
}

fn types(patterns: Vec<String>) -> Result<EventTypes, OperationError> {
    EventTypes::try_from(patterns).map_err(|error| OperationError::Invalid(error.to_string()))
}

/// The file's text; what is longer than a template may be stays so, and is refused for it.
fn read_template(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(TEMPLATE_BYTES_MAX as u64 + 4).read_to_string(&mut text))
        .with_context(|| format!("the template {} could not be read", path.display()))?;
    Ok(text)
}

fn table(items: &[Subscription]) -> String {
    let mut table =
        Table::new(&["ID", "WORKSPACE", "CONNECTION", "EVENT TYPES", "FILTER", "STATE"]);
    for it in items {
        table.row([
            it.id.to_string(),
            it.workspace.clone(),
            it.connection.clone(),
            it.event_types.join(", "),
            it.filter.clone().unwrap_or_default(),
            state(it).to_owned(),
        ]);
    }
    table.render("no subscriptions; add one with `hookyard-admin subscription add`")
}

fn shown(it: &Subscription) -> anyhow::Result<Answer> {
    let retry = match &it.retry_policy {
        None => "default".to_owned(),
        Some(policy) => serde_json::to_string(policy)?,
    };
    let text = Fields::default()
        .field("subscription", it.id)
        .field("workspace", &it.workspace)
        .field("connection", format!("{} {}", it.connection_id, it.connection))
        .field("event types", it.event_types.join(", "))
        .maybe("filter", it.filter.as_ref())
        .maybe("template", it.template.as_ref())
        .field("retry", retry)
        .field("state", state(it))
        .field("created", time(it.created_at))
        .field("updated", time(it.updated_at))
        .render();
    Answer::new(it, text)
}

const fn state(it: &Subscription) -> &'static str {
    if it.active { "active" } else { "paused" }
}
