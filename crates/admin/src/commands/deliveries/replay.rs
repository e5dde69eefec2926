//! `deliveries replay`: one, many, and the replays of many.

use clap::{Args, Subcommand};
use hookyard_admin::operations::replays::{self as operation, PER_S_DEFAULT, PER_S_MAX, Selection};
use hookyard_admin::operations::{deliveries, workspaces};
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{DeliveryId, ReplayId};
use hookyard_domain::workspace::Slug;
use hookyard_store::Store;
use hookyard_store::replays::{self, Replay};
use jiff::Timestamp;

use super::ReceiverArgs;
use crate::commands::clock::parse_since;
use crate::commands::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, since, time};
use crate::settings::Because;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ReplayArgs {
    #[command(subcommand)]
    command: Option<ReplayCommand>,
    /// One delivery that is over
    #[arg(required_unless_present = "workspace", conflicts_with = "workspace")]
    id: Option<DeliveryId>,
    /// Many: those of this workspace
    #[arg(long, value_name = "SLUG")]
    workspace: Option<Slug>,
    #[command(flatten)]
    many: ManyArgs,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
struct ManyArgs {
    /// delivered, dead or cancelled; may be given several times
    #[arg(
        long = "state",
        value_name = "STATE",
        default_values = ["dead"],
        requires = "workspace"
    )]
    states: Vec<DeliveryState>,
    #[command(flatten)]
    receiver: ReceiverArgs,
    /// Only those of this type of event
    #[arg(long, value_name = "TYPE", requires = "workspace")]
    event_type: Option<String>,
    /// Only those that ended since a time (2026-01-31T12:00:00Z) or within a span (2h)
    #[arg(long, value_name = "TIME", value_parser = parse_since, requires = "workspace")]
    since: Option<Timestamp>,
    /// Only those that ended until a time, or before a span
    #[arg(long, value_name = "TIME", value_parser = parse_since, requires = "workspace")]
    until: Option<Timestamp>,
    /// How many become pending in a second
    #[arg(
        long,
        value_name = "N",
        default_value_t = PER_S_DEFAULT,
        value_parser = clap::value_parser!(i32).range(1..=i64::from(PER_S_MAX))
    )]
    per_s: i32,
    #[command(flatten)]
    step: StepArgs,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct StepArgs {
    /// Count what matches, and change nothing
    #[arg(long)]
    preview: bool,
    /// Start the replay
    #[arg(long)]
    confirm: bool,
}

#[derive(Debug, Subcommand)]
enum ReplayCommand {
    /// List the replays of many
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<ReplayId>,
    },
    /// End a running replay: what is pending by now stays so
    Cancel {
        id: ReplayId,
        #[command(flatten)]
        because: Because,
    },
}

pub(super) async fn run(args: ReplayArgs, store: &Store) -> anyhow::Result<Answer> {
    match (args.command, args.id, args.workspace) {
        (Some(ReplayCommand::List { workspace, page }), _, _) => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = replays::list(&conn, workspace, page.request()?).await?;
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        (Some(ReplayCommand::Cancel { id, because }), _, _) => {
            shown(&operation::cancel(store, &because.actor()?, id).await?)
        }
        (None, Some(id), _) => one(store, args.because, id).await,
        (None, None, Some(workspace)) => many(store, args.because, workspace, args.many).await,
        (None, None, None) => anyhow::bail!("name a delivery or a --workspace"),
    }
}

async fn one(store: &Store, because: Because, id: DeliveryId) -> anyhow::Result<Answer> {
    let replayed = deliveries::replay(store, &because.actor()?, id).await?;
    let text = Fields::default().field("delivery", id).field("job", replayed.job.id).render();
    Answer::new(&replayed, text)
}

async fn many(
    store: &Store,
    because: Because,
    workspace: Slug,
    args: ManyArgs,
) -> anyhow::Result<Answer> {
    let selection = Selection {
        workspace,
        states: args.states,
        receiver: args.receiver.id(),
        event_type: args.event_type,
        since: args.since,
        until: args.until,
    };
    if args.step.confirm {
        let replay = operation::start(store, &because.actor()?, &selection, args.per_s).await?;
        return shown(&replay);
    }
    let preview = operation::preview(store, &selection).await?;
    let at_least = if preview.more { "at least " } else { "" };
    let text = Fields::default()
        .field("workspace", &preview.workspace)
        .field("would replay", format!("{at_least}{} deliveries", preview.expected))
        .field("", "nothing was changed; --confirm starts it")
        .render();
    Answer::new(&preview, text)
}

fn table(items: &[Replay]) -> String {
    let mut table =
        Table::new(&["ID", "WORKSPACE", "STATE", "REPLAYED", "OF", "PER S", "CREATED", "ENDED"]);
    for it in items {
        table.row([
            it.id.to_string(),
            it.workspace.clone(),
            it.state.clone(),
            it.replayed.to_string(),
            it.expected.to_string(),
            it.per_s.to_string(),
            time(it.created_at),
            since(it.ended_at),
        ]);
    }
    table.render("no replays of many deliveries")
}

fn shown(it: &Replay) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("replay", it.id)
        .field("workspace", &it.workspace)
        .field("state", &it.state)
        .field("replayed", format!("{} of {}", it.replayed, it.expected))
        .field("pace", format!("{} a second", it.per_s))
        .field("filter", &it.filter)
        .field("by", &it.actor)
        .maybe("reason", it.reason.as_ref())
        .field("created", time(it.created_at))
        .maybe("ended", it.ended_at.map(time))
        .render();
    Answer::new(it, text)
}
