//! `connection connect`.

use clap::Args;
use hookyard_admin::operations::connections::{self as operation, Connect, Limits, Outside};
use hookyard_domain::connection::{ConnectionKind, Name};
use hookyard_domain::workspace::Slug;
use secrecy::SecretString;

use super::text;
use crate::commands::{clock, secret};
use crate::output::Answer;
use crate::settings::{Because, Settings};

#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    #[arg(long, value_name = "SLUG")]
    workspace: Slug,
    /// slack, discord or webhook
    #[arg(long)]
    kind: ConnectionKind,
    /// What to call it; one of this kind and name is given the new credentials
    #[arg(long, default_value = "default")]
    name: Name,
    #[command(flatten)]
    url: UrlArgs,
    /// Who connects it, in your own words: OAuth clients with this user's grant are told
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct UrlArgs {
    /// Where calls go. A Slack or Discord URL is a secret: rather pipe it in
    #[arg(long, value_name = "URL")]
    url: Option<SecretString>,
    /// Read the URL from standard input
    #[arg(long)]
    secret_stdin: bool,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LimitArgs {
    /// Calls that may be under way at once, 1 to 1000
    #[arg(long, value_name = "N")]
    concurrency: Option<i32>,
    /// Calls that may begin in a second
    #[arg(long, value_name = "R")]
    rate_per_s: Option<f32>,
}

impl From<LimitArgs> for Limits {
    fn from(args: LimitArgs) -> Self {
        Self { concurrency: args.concurrency, rate_per_s: args.rate_per_s }
    }
}

pub(super) async fn run(args: ConnectArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let (ring, sender) = (settings.vault_ring()?, settings.sender()?);
    let url = match args.url.url {
        Some(url) => url,
        None => secret::text_from_stdin()?,
    };
    let store = settings.store().await?;
    let outside = Outside { store: &store, ring: &ring, sender: &sender };
    let new = Connect {
        workspace: args.workspace,
        kind: args.kind,
        name: args.name,
        url,
        user: args.user,
        limits: args.limits.into(),
    };
    let done = operation::connect(&outside, &args.because.actor()?, new, clock::now()).await?;
    let fields = text::fields(&done.connection).field("", &done.message);
    let text = text::with_secret(fields, done.signing_secret.as_ref()).render();
    Answer::new(&done, text)
}
