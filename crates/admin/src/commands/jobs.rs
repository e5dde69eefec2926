//! `jobs`.

use clap::{Args, Subcommand};
use hookyard_domain::job::{JobKind, JobState};
use hookyard_store::job_list::{self, JobCursor};
use serde_json::json;

use super::paging::PageArgs;
use crate::output::{Answer, Table, ago, next_page, time};
use crate::settings::Settings;

/// Counts by kind and state, up to 2,000 of each, with the oldest age; `jobs list` for the jobs themselves.
#[derive(Debug, Args)]
pub(crate) struct JobsArgs {
    #[command(subcommand)]
    command: Option<JobsCommand>,
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// List the jobs of one kind and state, those due first before the others; parked ones in the order of their subjects
    List {
        /// event, sync, delivery or replay
        #[arg(long)]
        kind: JobKind,
        /// ready, scheduled, leased or parked
        #[arg(long, default_value = "ready")]
        state: JobState,
        #[command(flatten)]
        page: PageArgs<JobCursor>,
    },
}

pub(crate) async fn run(args: JobsArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    let conn = store.conn().await?;
    match args.command {
        None => {
            let counts = job_list::counts(&conn).await?;
            let total: i64 = counts.iter().map(|it| it.count).sum();
            let mut table = Table::new(&["KIND", "STATE", "JOBS", "OVERDUE", "OLDEST"]);
            for it in &counts {
                let (kind, state) = (it.kind.to_string(), it.state.to_string());
                let least = if it.count >= job_list::COUNT_MAX { "at least " } else { "" };
                let count = format!("{least}{}", it.count);
                table.row([kind, state, count, it.overdue.to_string(), ago(it.oldest_ms)]);
            }
            Answer::new(
                &json!({ "total": total, "items": counts }),
                table.render("no jobs: all work is done"),
            )
        }
        Some(JobsCommand::List { kind, state, page }) => {
            let page = job_list::list(&conn, kind, state, page.request()?).await?;
            let mut table =
                Table::new(&["ID", "KIND", "SUBJECT", "STATE", "DUE", "RUNS", "CREATED"]);
            for it in &page.items {
                table.row([
                    it.id.to_string(),
                    it.kind.to_string(),
                    it.subject_id.to_string(),
                    it.state.to_string(),
                    time(it.due_at),
                    it.runs.to_string(),
                    time(it.created_at),
                ]);
            }
            let mut text = table.render("no such jobs");
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
    }
}
