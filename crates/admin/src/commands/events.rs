//! `events ...`.

mod publish;

use clap::Subcommand;
use hookyard_admin::operations::{events as operation, workspaces};
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, SourceId};
use hookyard_domain::workspace::Slug;
use hookyard_store::event_list::{self, Event, EventDetail, EventFilter};
use hookyard_store::sync_event_list::BodyState;
use jiff::Timestamp;

use super::clock::parse_since;
use super::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List events, newest first
    List {
        /// Only those that concern this workspace
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only this source's
        #[arg(long, value_name = "ID")]
        source: Option<SourceId>,
        /// Only this type, such as github.push
        #[arg(long = "type", value_name = "TYPE")]
        event_type: Option<String>,
        /// ignored, replay or failed
        #[arg(long)]
        outcome: Option<EventOutcome>,
        /// What the provider calls the delivery
        #[arg(long, value_name = "ID")]
        delivery_id: Option<String>,
        /// Only those received since a time (2026-01-31T12:00:00Z) or within a span (2h)
        #[arg(long, value_name = "TIME", value_parser = parse_since)]
        since: Option<Timestamp>,
        #[command(flatten)]
        page: PageArgs<EventId>,
    },
    /// Publish an event, as an application does by HTTP
    Publish(publish::PublishArgs),
    /// Show an event
    Show {
        id: EventId,
        /// Print the stored body instead
        #[arg(long)]
        body: bool,
    },
    /// Process an event from the start, whatever became of it before
    Replay {
        id: EventId,
        #[command(flatten)]
        because: Because,
    },
    /// Remove the stored body and headers of an event for good
    Redact {
        id: EventId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: EventsCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        EventsCommand::Publish(args) => publish::run(args, &store, settings).await,
        EventsCommand::List {
            workspace,
            source,
            event_type,
            outcome,
            delivery_id,
            since,
            page,
        } => {
            let conn = store.conn().await?;
            let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
            let filter = EventFilter { workspace, source, event_type, outcome, delivery_id, since };
            let page = event_list::list(&conn, &filter, page.request()?).await?;
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        EventsCommand::Show { id, body: true } => {
            let body = String::from_utf8_lossy(&operation::body(&store, id).await?).into_owned();
            Answer::new(&serde_json::json!({ "id": id, "body": body }), body)
        }
        EventsCommand::Show { id, body: false } => {
            let view = operation::show(&store, id).await?;
            let syncs: Vec<String> = view.sync_events.iter().map(ToString::to_string).collect();
            let text = fields(&view.event)
                .maybe("job", view.job_id)
                .maybe("sync events", Some(syncs.join(", ")).filter(|ids| !ids.is_empty()))
                .render();
            Answer::new(&view, text)
        }
        EventsCommand::Replay { id, because } => {
            let replayed = operation::replay(&store, &because.actor()?, id).await?;
            let queued = if replayed.queued { "yes" } else { "it was already" };
            let text = Fields::default()
                .field("event", id)
                .field("queued", queued)
                .field("job", replayed.job.id);
            Answer::new(&replayed, text.render())
        }
        EventsCommand::Redact { id, because } => {
            let event = operation::redact(&store, &because.actor()?, id).await?;
            Answer::new(&event, fields(&event).render())
        }
    }
}

fn table(items: &[Event]) -> String {
    let mut table =
        Table::new(&["ID", "RECEIVED", "TYPE", "STATE", "SOURCE", "REPOSITORY", "DELIVERY"]);
    for it in items {
        table.row([
            it.id.to_string(),
            time(it.received_at),
            it.event_type.clone(),
            state(it),
            it.source.clone().unwrap_or_default(),
            it.repository.clone().unwrap_or_default(),
            it.delivery_id.clone().unwrap_or_default(),
        ]);
    }
    table.render("no events")
}

fn state(event: &Event) -> String {
    let reason = event.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match (event.job, event.outcome) {
        (Some(job), _) => job.to_string(),
        (None, Some(outcome)) => format!("{outcome}{reason}"),
        (None, None) => "done".to_owned(),
    }
}

fn fields(detail: &EventDetail) -> Fields {
    let event = &detail.event;
    let body = match detail.body {
        BodyState::Stored => format!("{} bytes, stored", event.body_bytes),
        BodyState::Redacted => format!("{} bytes, redacted", event.body_bytes),
        BodyState::Expired => format!("{} bytes, expired", event.body_bytes),
    };
    Fields::default()
        .field("event", event.id)
        .field("type", &event.event_type)
        .field("state", state(event))
        .field("received", time(event.received_at))
        .field("origin", event.origin)
        .maybe("source", event.source_id)
        .maybe("delivery id", event.delivery_id.as_ref())
        .maybe("hook id", detail.hook_id.as_ref())
        .maybe("repeats", detail.repeats)
        .maybe("workspaces", Some(detail.workspaces.join(", ")).filter(|slugs| !slugs.is_empty()))
        .maybe("installation", detail.installation_id)
        .maybe("repository", event.repository.as_ref())
        .maybe("ref", event.git_ref.as_ref())
        .maybe("before", detail.before_sha.as_ref())
        .maybe("head", event.head_sha.as_ref())
        .maybe("content type", detail.content_type.as_ref())
        .maybe("headers", detail.headers.as_ref())
        .field("body", body)
        .maybe("redacted", detail.redacted_at.map(time))
}
