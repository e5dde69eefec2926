//! `rejected-messages ...`.

use clap::Subcommand;
use hookyard_domain::ids::RejectedMessageId;
use hookyard_store::rejected_messages;

use super::paging::PageArgs;
use crate::output::{Answer, Table, next_page, time};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum RejectedMessagesCommand {
    /// List rejected messages, newest first
    List {
        #[command(flatten)]
        page: PageArgs<RejectedMessageId>,
    },
}

pub(crate) async fn run(
    command: RejectedMessagesCommand,
    settings: &Settings,
) -> anyhow::Result<Answer> {
    let RejectedMessagesCommand::List { page } = command;
    let store = settings.store().await?;
    let page = rejected_messages::list(&store.conn().await?, page.request()?).await?;
    let mut table = Table::new(&["ID", "RECEIVED", "QUEUE", "REASON", "BYTES", "BEGINS"]);
    for it in &page.items {
        table.row([
            it.id.to_string(),
            time(it.received_at),
            it.queue.clone(),
            it.reason.clone(),
            it.body_bytes.to_string(),
            it.excerpt.clone(),
        ]);
    }
    let mut text = table.render("no rejected messages");
    next_page(&mut text, page.next_cursor);
    Answer::new(&page, text)
}
