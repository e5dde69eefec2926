//! `dead-letters causes | replay-cause | drop-cause`: all dead letters of one cause.

use clap::Args;
use hookyard_admin::operations::dead_letters::causes::{self as operation, OfOneCause, Preview};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::DeadLetterId;
use hookyard_domain::job::JobKind;
use hookyard_domain::workspace::Slug;
use hookyard_store::Store;
use hookyard_store::dead_letters::{self, Cause, Settlement};
use hookyard_store::paging::Page;
use jiff::Timestamp;

use crate::commands::clock::{self, parse_since};
use crate::output::{Answer, Fields, Table, time};
use crate::settings::Because;

#[derive(Debug, Args)]
pub(crate) struct CauseArgs {
    #[arg(long, value_name = "SLUG")]
    workspace: Slug,
    /// What was given up: event, sync or delivery
    #[arg(long)]
    kind: JobKind,
    /// Why, as `dead-letters causes` has it, such as timeout
    #[arg(long)]
    cause: String,
    /// The error, exactly as `dead-letters causes --json` has it; left out: those without one
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Only those given up until a time, or before a span
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    until: Option<Timestamp>,
    /// Do it; without this they are only counted
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    because: Because,
}

pub(super) async fn list(store: &Store, workspace: &Slug) -> anyhow::Result<Answer> {
    let conn = store.conn().await?;
    let workspace = workspaces::require(&conn, workspace).await?;
    let items = dead_letters::causes(&conn, workspace.id).await?;
    let mut table = Table::new(&["COUNT", "KIND", "CAUSE", "OLDEST", "NEWEST", "ERROR"]);
    for it in &items {
        table.row([
            it.count.to_string(),
            it.cause.kind.to_string(),
            it.cause.reason.clone(),
            time(it.oldest),
            time(it.newest),
            it.cause.error.clone().unwrap_or_default(),
        ]);
    }
    let text = table.render("no open dead letters");
    Answer::new(&Page { items, next_cursor: None::<DeadLetterId> }, text)
}

pub(super) async fn settle(
    store: &Store,
    args: CauseArgs,
    how: Settlement,
) -> anyhow::Result<Answer> {
    let of = OfOneCause {
        workspace: args.workspace,
        cause: Cause { kind: args.kind, reason: args.cause, error: args.error },
        until: args.until.unwrap_or_else(clock::now),
    };
    if !args.confirm {
        return counted(&operation::preview(store, &of).await?, how);
    }
    let settled = operation::settle_all(store, &args.because.actor()?, &of, how).await?;
    let mut text = Fields::default().field(how.as_str(), settled.settled);
    if settled.left_out > 0 {
        text = text.field("left open", format!("{} that cannot be replayed", settled.left_out));
    }
    if settled.more {
        text = text.field("", "there are more of this cause; do it again for them");
    }
    Answer::new(&settled, text.render())
}

fn counted(preview: &Preview, how: Settlement) -> anyhow::Result<Answer> {
    let among = if preview.more { " among the newest 10,000, and perhaps more" } else { "" };
    let word = match how {
        Settlement::Replayed => "would replay",
        Settlement::Dropped => "would drop",
    };
    let text = Fields::default()
        .field(word, format!("{}{among}", preview.count))
        .field("until", time(preview.until))
        .field("", "nothing was changed; --confirm does it")
        .render();
    Answer::new(preview, text)
}
