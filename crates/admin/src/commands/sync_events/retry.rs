//! `sync-events retry`: one, or many of a workspace.

use clap::Args;
use hookyard_admin::operations::sync_events;
use hookyard_admin::operations::sync_retries::{self as operation, Preview, Selection};
use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::workspace::Slug;
use hookyard_store::Store;
use hookyard_store::sync_event_list::Search;
use jiff::Timestamp;

use crate::commands::clock::{now, parse_since};
use crate::commands::connector::{branch, queued_text};
use crate::output::{Answer, Table, time};
use crate::settings::Because;

#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// One sync event that has ended
    #[arg(required_unless_present = "workspace", conflicts_with = "workspace")]
    id: Option<SyncEventId>,
    /// Many: those of this workspace that did not end well, one sync for each target
    #[arg(long, value_name = "SLUG")]
    workspace: Option<Slug>,
    /// failed, partial, or both
    #[arg(
        long,
        value_name = "STATUS",
        value_delimiter = ',',
        default_values = ["failed", "partial"],
        requires = "workspace"
    )]
    status: Vec<SyncStatus>,
    /// Only those of this target
    #[arg(long, value_name = "ID", requires = "workspace")]
    target: Option<TargetId>,
    /// Only those of this type of event, or with this trigger
    #[arg(long, value_name = "TYPE", requires = "workspace")]
    event_type: Option<String>,
    /// Only those of a delivery id, a commit (7 characters or more) or a repository (owner/name)
    #[arg(long, value_name = "TEXT", requires = "workspace")]
    q: Option<String>,
    /// Only those queued since a time (2026-01-31T12:00:00Z) or within a span (2h)
    #[arg(long, value_name = "TIME", value_parser = parse_since, requires = "workspace")]
    since: Option<Timestamp>,
    /// Only those queued before a time, or before a span
    #[arg(long, value_name = "TIME", value_parser = parse_since, requires = "workspace")]
    until: Option<Timestamp>,
    /// Tell what would be queued, and change nothing
    #[arg(long, requires = "workspace")]
    dry_run: bool,
    #[command(flatten)]
    because: Because,
}

pub(super) async fn run(args: RetryArgs, store: &Store) -> anyhow::Result<Answer> {
    if let Some(id) = args.id {
        let queued = sync_events::retry(store, &args.because.actor()?, id).await?;
        return Answer::new(&queued, queued_text(&queued));
    }
    let Some(workspace) = args.workspace else {
        anyhow::bail!("name a sync event or a --workspace")
    };
    let selection = Selection {
        workspace,
        statuses: args.status,
        target: args.target,
        event_type: args.event_type,
        search: args.q.as_deref().map(Search::parse),
        since: args.since,
        until: args.until.unwrap_or_else(now),
        seen: None,
        edited: None,
    };
    if args.dry_run {
        let preview = operation::preview(store, &selection).await?;
        let text = format!("{}nothing was changed\n", text(&preview, "would queue"));
        return Answer::new(&preview, text);
    }
    let queued = operation::start(store, &args.because.actor()?, &selection).await?;
    let text = text(&queued.preview, "queued");
    Answer::new(&queued, text)
}

fn text(preview: &Preview, verb: &str) -> String {
    let mut table = Table::new(&["REPOSITORY", "BRANCH", "STATUS", "SELECTED", "THIS RETRY"]);
    for it in &preview.targets {
        let outcome = match it.left_out {
            None => "one sync at the head".to_owned(),
            Some(why) => format!("left out: {why}"),
        };
        table.row([
            it.repository.clone(),
            branch(&it.git_ref).to_owned(),
            it.status.to_string(),
            it.selected.to_string(),
            outcome,
        ]);
    }
    let mut text = table.render("no failed or partial sync event matches");
    let said = format!(
        "{} as of {}: {verb} {}, {} left out\n",
        counted(preview.selected.unsigned_abs(), "sync event", "sync events"),
        time(preview.as_of),
        counted(preview.syncs as u64, "sync", "syncs"),
        counted(preview.left_out as u64, "target", "targets"),
    );
    text.push_str(&said);
    if let Some(before) = preview.older_before {
        let older = format!("older ones match, too: --until {before}\n");
        text.push_str(&older);
    }
    text
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
