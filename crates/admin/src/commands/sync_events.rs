//! `sync-events ...`.

mod retry;
mod show;

use clap::Subcommand;
use hookyard_admin::operations::sync_events::{self as operation, FILES_MAX, FileCursor};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::workspace::Slug;
use hookyard_store::sync_event_list::{self, Search, SyncEvent, SyncEventFilter};

use super::connector::{branch, short_sha};
use super::paging::PageArgs;
use crate::output::{Answer, Table, duration_ms, next_page, time};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum SyncEventsCommand {
    /// List sync events, newest first
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only this target's
        #[arg(long, value_name = "ID")]
        target: Option<TargetId>,
        /// queued, running, completed, failed, partial or ignored
        #[arg(long)]
        status: Option<SyncStatus>,
        /// The type of the event behind it, such as github.push, or the trigger, such as `manual_resync`
        #[arg(long, value_name = "TYPE")]
        event_type: Option<String>,
        /// A delivery id, a commit (7 characters or more) or a repository (owner/name)
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        page: PageArgs<SyncEventId>,
    },
    /// Show a sync event: counts, files, times, attempts, the event behind it
    Show {
        id: SyncEventId,
        /// Files to show
        #[arg(
            long,
            value_name = "N",
            default_value_t = 100,
            value_parser = clap::value_parser!(u16).range(0..=i64::from(FILES_MAX))
        )]
        files_limit: u16,
        /// The cursor that the files before ended with
        #[arg(long, value_name = "CURSOR")]
        files_cursor: Option<FileCursor>,
    },
    /// Run one sync once more, or many of a workspace, as new sync events
    Retry(retry::RetryArgs),
}

pub(crate) async fn run(command: SyncEventsCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        SyncEventsCommand::List { workspace, target, status, event_type, q, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let search = q.as_deref().map(Search::parse);
            let filter = SyncEventFilter {
                workspace,
                target,
                statuses: status.into_iter().collect(),
                event_type,
                search,
                ..SyncEventFilter::default()
            };
            let page = sync_event_list::list(&conn, &filter, page.request()?).await?;
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        SyncEventsCommand::Show { id, files_limit, files_cursor } => {
            let view = operation::show(&store, id, files_limit, files_cursor.as_ref()).await?;
            Answer::new(&view, show::text(&view))
        }
        SyncEventsCommand::Retry(args) => retry::run(args, &store).await,
    }
}

fn table(items: &[SyncEvent]) -> String {
    let mut table = Table::new(&[
        "ID",
        "QUEUED",
        "STATUS",
        "REPOSITORY",
        "BRANCH",
        "COMMIT",
        "+",
        "~",
        "-",
        "!",
        "TOOK",
    ]);
    for it in items {
        let status = it
            .reason
            .as_ref()
            .map_or_else(|| it.status.to_string(), |why| format!("{}: {why}", it.status));
        table.row([
            it.id.to_string(),
            time(it.queued_at),
            status,
            it.repository.clone(),
            branch(&it.git_ref).to_owned(),
            short_sha(it.applied_sha.as_deref().or(it.announced_sha.as_deref())),
            it.counts.created.to_string(),
            it.counts.updated.to_string(),
            it.counts.deleted.to_string(),
            it.counts.failed.to_string(),
            it.duration_ms.map(duration_ms).unwrap_or_default(),
        ]);
    }
    table.render("no sync events")
}
