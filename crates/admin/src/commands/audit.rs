//! `audit ...`.

use clap::Subcommand;
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::AuditId;
use hookyard_domain::workspace::Slug;
use hookyard_store::audit::{self, AuditFilter};
use jiff::Timestamp;

use super::clock::parse_since;
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
        /// Only by this actor, as the list shows it
        #[arg(long, value_name = "NAME", requires = "workspace")]
        actor: Option<String>,
        /// Only of this kind, such as source.rotate
        #[arg(long, requires = "workspace")]
        action: Option<String>,
        /// Only changes of what has this id
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        /// Only those made since a time (2026-01-31T12:00:00Z) or within a span (2h)
        #[arg(long, value_name = "TIME", value_parser = parse_since)]
        since: Option<Timestamp>,
        #[command(flatten)]
        page: PageArgs<AuditId>,
    },
}

pub(crate) async fn run(command: AuditCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let AuditCommand::List { workspace, actor, action, subject, since, page } = command;
    let store = settings.store().await?;
    let conn = store.conn().await?;
    let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
    let filter = AuditFilter {
        workspace,
        actor: actor.as_deref(),
        action: action.as_deref(),
        subject: subject.as_deref(),
        since,
    };
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
