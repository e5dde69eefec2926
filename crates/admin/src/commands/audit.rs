//! `audit ...`.

use clap::Subcommand;
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::AuditId;
use hookyard_domain::workspace::Slug;
use hookyard_store::audit::{self, AuditFilter};

use super::paging::PageArgs;
use crate::output::{Answer, Table, next_page, time};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List changes, newest first
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only changes of what has this id
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        #[command(flatten)]
        page: PageArgs<AuditId>,
    },
}

pub(crate) async fn run(command: AuditCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let AuditCommand::List { workspace, subject, page } = command;
    let store = settings.store().await?;
    let conn = store.conn().await?;
    let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
    let filter = AuditFilter { workspace, subject: subject.as_deref() };
    let page = audit::list(&conn, filter, page.request()?).await?;
    let mut table = Table::new(&["AT", "ACTOR", "ACTION", "SUBJECT", "REASON"]);
    for it in &page.items {
        let reason = it.reason.clone().unwrap_or_default();
        table.row([time(it.at), it.actor.clone(), it.action.clone(), it.subject.clone(), reason]);
    }
    let mut text = table.render("no changes yet");
    next_page(&mut text, page.next_cursor);
    Answer::new(&page, text)
}
