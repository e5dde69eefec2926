//! `source ...`.

use std::time::Duration;

use clap::{Args, Subcommand};
use hookyard_admin::operations::sources::{
    self as operation, CreateSource, KEEP_OLD_MAX, SourceView,
};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::SourceId;
use hookyard_domain::provider::Provider;
use hookyard_domain::workspace::Slug;
use jiff::{Span, SpanRelativeTo};

use super::paging::PageArgs;
use super::secret;
use crate::output::{Answer, Fields, Table, next_page, since, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Add a source: without a workspace the deployment's, at the provider's connector URL
    Create {
        /// github or linear
        #[arg(long)]
        provider: Provider,
        /// The workspace that owns it
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Its label: a-z, 0-9 and -
        #[arg(long)]
        slug: Slug,
        #[command(flatten)]
        secret: SecretArgs,
        #[command(flatten)]
        because: Because,
    },
    /// Give a source a new secret; the old one stays valid for a while
    Rotate {
        id: SourceId,
        #[command(flatten)]
        secret: SecretArgs,
        /// How long the old secret stays valid, such as 24h or 7d, 30d at most; 0s ends it now
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_keep_old)]
        keep_old_for: Duration,
        #[command(flatten)]
        because: Because,
    },
    /// List sources
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        #[command(flatten)]
        page: PageArgs<SourceId>,
    },
    /// Show a source
    Show { id: SourceId },
    /// Switch a source off: its URL answers as if it were unknown
    Disable {
        id: SourceId,
        #[command(flatten)]
        because: Because,
    },
    /// Switch a source on again
    Enable {
        id: SourceId,
        #[command(flatten)]
        because: Because,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// Read the provider's signing secret from standard input
    #[arg(long, required = true)]
    secret_stdin: bool,
}

pub(crate) async fn run(command: SourceCommand, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        SourceCommand::Create { provider, workspace, slug, secret: _, because } => {
            let ring = settings.source_ring()?;
            let secret = secret::from_stdin()?;
            let new = CreateSource { provider, workspace, slug };
            shown(
                &operation::create(
                    &settings.store().await?,
                    &because.actor()?,
                    &ring,
                    new,
                    &secret,
                )
                .await?,
            )
        }
        SourceCommand::Rotate { id, secret: _, keep_old_for, because } => {
            let ring = settings.source_ring()?;
            let secret = secret::from_stdin()?;
            let store = settings.store().await?;
            shown(
                &operation::rotate(&store, &because.actor()?, &ring, id, &secret, keep_old_for)
                    .await?,
            )
        }
        SourceCommand::List { workspace, page } => list(settings, workspace.as_ref(), page).await,
        SourceCommand::Show { id } => {
            shown(&operation::require(&settings.store().await?.conn().await?, id).await?)
        }
        SourceCommand::Disable { id, because } => shown(
            &operation::set_disabled(&settings.store().await?, &because.actor()?, id, true).await?,
        ),
        SourceCommand::Enable { id, because } => shown(
            &operation::set_disabled(&settings.store().await?, &because.actor()?, id, false)
                .await?,
        ),
    }
}

async fn list(
    settings: &Settings,
    workspace: Option<&Slug>,
    page: PageArgs<SourceId>,
) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    let conn = store.conn().await?;
    let workspace = workspaces::filter(&conn, workspace).await?;
    let page = operation::list(&conn, workspace, page.request()?).await?;
    let mut table = Table::new(&[
        "ID",
        "PROVIDER",
        "WORKSPACE",
        "SLUG",
        "SECRETS",
        "OLD ENDS",
        "VERIFIED",
        "FAILED",
        "DISABLED",
        "PATH",
    ]);
    for view in &page.items {
        let it = &view.source;
        table.row([
            it.id.to_string(),
            it.provider.to_string(),
            it.workspace.clone().unwrap_or_default(),
            it.slug.clone(),
            it.secrets.to_string(),
            since(view.old_secret_until),
            since(view.last_verified_at),
            since(view.last_failed_at),
            since(it.disabled_at),
            view.path.clone(),
        ]);
    }
    let mut text = table.render("no sources; add one with `hookyard-admin source create`");
    next_page(&mut text, page.next_cursor);
    Answer::new(&page, text)
}

fn shown(view: &SourceView) -> anyhow::Result<Answer> {
    let source = &view.source;
    let policy = &source.policy;
    let text = Fields::default()
        .field("source", source.id)
        .field("provider", source.provider)
        .field("workspace", source.workspace.as_deref().unwrap_or("- (the deployment's)"))
        .field("slug", &source.slug)
        .field("path", &view.path)
        .field("valid secrets", source.secrets)
        .maybe("newest secret", view.secret_since.map(time))
        .maybe("old secret ends", view.old_secret_until.map(time))
        .field("last verified", view.last_verified_at.map_or_else(|| "never".to_owned(), time))
        .maybe("last failed", failed(view))
        .field("answers", format!("{} when accepted", policy.accepted_status))
        .field("longest body", format!("{} bytes", policy.body_bytes_max))
        .field("replay window", format!("{} s", policy.replay_window_s))
        .field("created", time(source.created_at))
        .maybe("disabled", source.disabled_at.map(time))
        .render();
    Answer::new(view, text)
}

/// When signatures kept failing, and how many.
fn failed(view: &SourceView) -> Option<String> {
    let (at, failures) = (view.last_failed_at?, view.last_failures?);
    Some(format!("{failures} signatures in the quarter of an hour from {}", time(at)))
}

/// How long an old secret is kept: a span of time such as `24h`, `90m`, `7d` or `1h 30m`.
fn parse_keep_old(text: &str) -> Result<Duration, String> {
    let span: Span = text.parse().map_err(|_| {
        "write a span of time, such as 24h, 90m, 7d, or 0s to end it now".to_owned()
    })?;
    let limit = || {
        let hours = KEEP_OLD_MAX.as_secs() / (60 * 60);
        format!("an old secret is kept for {} days ({hours}h) at most", hours / 24)
    };
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| limit())?;
    let span =
        Duration::try_from(span).map_err(|_| "a span of time that is not negative".to_owned())?;
    if span <= KEEP_OLD_MAX { Ok(span) } else { Err(limit()) }
}
