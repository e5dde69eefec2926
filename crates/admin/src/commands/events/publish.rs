//! `events publish`.

use clap::Args;
use hookyard_admin::operations::publishing::{self as operation, Publish};
use hookyard_domain::workspace::Slug;
use hookyard_store::Store;
use jiff::Timestamp;

use crate::commands::clock;
use crate::output::{Answer, Fields};
use crate::settings::{Because, Settings};

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The workspace that it happened in
    #[arg(long, value_name = "SLUG")]
    workspace: Slug,
    /// A dotted type, such as post.created
    #[arg(long = "type", value_name = "TYPE")]
    event_type: String,
    /// What happened: a JSON object
    #[arg(long, value_name = "JSON")]
    data: String,
    /// When it happened, such as 2026-01-31T12:00:00Z; now, if it is not said
    #[arg(long, value_name = "TIME")]
    occurred_at: Option<Timestamp>,
    /// The same event under the same key is recorded once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    because: Because,
}

pub(crate) async fn run(
    args: PublishArgs,
    store: &Store,
    settings: &Settings,
) -> anyhow::Result<Answer> {
    let PublishArgs { workspace, event_type, data, occurred_at, idempotency_key, because } = args;
    let new = Publish { workspace, event_type, data, occurred_at, idempotency_key };
    let (database, actor) = (settings.store_settings()?, because.actor()?);
    let event = operation::publish(store, &database, &actor, &new, clock::now_ms).await?;
    let text = Fields::default()
        .field("event", event.id)
        .field("type", &event.event_type)
        .field("queued", if event.queued { "yes" } else { "no: nobody has subscribed to it" })
        .maybe("repeated", event.repeated.then_some("it was published before under this key"))
        .render();
    Answer::new(&event, text)
}
