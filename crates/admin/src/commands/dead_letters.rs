//! `dead-letters ...`.

mod causes;

use clap::Subcommand;
use hookyard_admin::operations::dead_letters::{self as operation, Settled};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::DeadLetterId;
use hookyard_domain::workspace::Slug;
use hookyard_store::dead_letters::{self, Settlement};

use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List dead letters, newest first
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Also those that were replayed or dropped
        #[arg(long)]
        settled: bool,
        #[command(flatten)]
        page: PageArgs<DeadLetterId>,
    },
    /// List why the newest 1,000 open ones of a workspace were given up, the most frequent first
    Causes {
        #[arg(long, value_name = "SLUG")]
        workspace: Slug,
    },
    /// Do the work of all dead letters of a cause once more, 1,000 at a time
    ReplayCause(causes::CauseArgs),
    /// Let all dead letters of a cause be, 1,000 at a time
    DropCause(causes::CauseArgs),
    /// Do the work once more, by a new job
    Replay {
        id: DeadLetterId,
        #[command(flatten)]
        because: Because,
    },
    /// Let it be
    Drop {
        id: DeadLetterId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(
    command: DeadLettersCommand,
    settings: &Settings,
) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        DeadLettersCommand::List { workspace, settled, page } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let page = dead_letters::list(&conn, workspace, settled, page.request()?).await?;
            let mut table = Table::new(&["ID", "CREATED", "SUBJECT", "REASON", "SETTLED", "ERROR"]);
            for it in &page.items {
                table.row([
                    it.id.to_string(),
                    time(it.created_at),
                    it.subject_id.to_string(),
                    it.reason.clone(),
                    it.settled_how.clone().unwrap_or_default(),
                    it.error.clone().unwrap_or_default(),
                ]);
            }
            let mut text = table.render("no dead letters");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        DeadLettersCommand::Causes { workspace } => causes::list(&store, &workspace).await,
        DeadLettersCommand::ReplayCause(args) => {
            causes::settle(&store, args, Settlement::Replayed).await
        }
        DeadLettersCommand::DropCause(args) => {
            causes::settle(&store, args, Settlement::Dropped).await
        }
        DeadLettersCommand::Replay { id, because } => {
            shown(&operation::replay(&store, &because.actor()?, id).await?)
        }
        DeadLettersCommand::Drop { id, because } => {
            shown(&operation::drop_letter(&store, &because.actor()?, id).await?)
        }
    }
}

fn shown(settled: &Settled) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("dead letter", settled.id)
        .field("settled", if settled.queued { "replayed" } else { "dropped" })
        .field("subject", settled.subject_id)
        .maybe("job", settled.job.map(|job| job.id))
        .render();
    Answer::new(settled, text)
}
