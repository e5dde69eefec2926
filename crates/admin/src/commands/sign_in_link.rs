//! `sign-in-link`.

use clap::Args;
use hookyard_admin::operations::sign_in;
use hookyard_domain::ids::MemberId;
use hookyard_domain::role::MemberRole;
use serde_json::json;
use url::Url;

use crate::output::{Answer, Fields, time};
use crate::settings::{Because, Settings};

/// Make a link that signs a member in to the console, once, within ten minutes.
#[derive(Debug, Args)]
pub(crate) struct SignInLinkArgs {
    /// Whom it signs in
    #[arg(long, value_name = "ID")]
    member: MemberId,
    /// Where people reach the console
    #[arg(
        long,
        env = "HOOKYARD_ADMIN_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8084"
    )]
    admin_url: Url,
    #[command(flatten)]
    because: Because,
}

pub(crate) async fn run(args: SignInLinkArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    let actor = args.because.actor()?;
    let made = sign_in::make_link(&store, &actor, MemberRole::Owner, args.member).await?;
    let url = args.admin_url.join(made.path.expose())?;
    let text = Fields::default()
        .field("link", &url)
        .field("until", time(made.expires_at))
        .field("", "it works once; whoever has it is signed in as this member")
        .render();
    Answer::new(
        &json!({ "memberId": made.member_id, "url": url.as_str(), "expiresAt": made.expires_at }),
        text,
    )
}
