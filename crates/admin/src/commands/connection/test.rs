//! `connection test`.

use clap::Args;
use hookyard_admin::operations::connections::{self as operation, Outside, Tested};
use hookyard_admin::operations::workspaces;
use hookyard_domain::ids::ConnectionId;
use hookyard_domain::workspace::Slug;

use crate::commands::clock;
use crate::output::{Answer, Fields, Table, next_page};
use crate::settings::{Because, Settings};

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<ConnectionId>,
    /// Test every connection that is in use: the smoke test of a deployment
    #[arg(long)]
    all: bool,
    /// With --all, only this workspace's
    #[arg(long, value_name = "SLUG", requires = "all")]
    workspace: Option<Slug>,
    /// With --all, where the call before ended
    #[arg(long, value_name = "CURSOR", requires = "all")]
    cursor: Option<ConnectionId>,
    #[command(flatten)]
    because: Because,
}

pub(super) async fn run(args: TestArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let (ring, sender) = (settings.vault_ring()?, settings.sender()?);
    let store = settings.store().await?;
    let outside = Outside { store: &store, ring: &ring, sender: &sender };
    let actor = args.because.actor()?;
    let Some(id) = args.id else {
        let workspace = workspaces::filter(&store.conn().await?, args.workspace.as_ref()).await?;
        let now = clock::now();
        let page =
            Box::pin(operation::test_all(&outside, &actor, workspace, args.cursor, now)).await?;
        let mut text = table(&page.items);
        next_page(&mut text, page.next_cursor);
        let answer = Answer::new(&page, text)?;
        let all_ok = page.items.iter().all(|it| it.ok);
        return Ok(if all_ok { answer } else { answer.failed() });
    };
    let tested = operation::test(&outside, &actor, id, clock::now()).await?;
    let answer = Answer::new(&tested, fields(&tested).render())?;
    Ok(if tested.ok { answer } else { answer.failed() })
}

fn table(items: &[Tested]) -> String {
    let mut table = Table::new(&["ID", "WORKSPACE", "KIND", "NAME", "TEST", "STATUS", "ERROR"]);
    for it in items {
        table.row([
            it.id.to_string(),
            it.workspace.clone(),
            it.kind.to_string(),
            it.name.clone(),
            word(it).to_owned(),
            it.response_status.map(|status| status.to_string()).unwrap_or_default(),
            it.error.clone().unwrap_or_default(),
        ]);
    }
    table.render("no connection is in use")
}

fn fields(it: &Tested) -> Fields {
    let said = it.response_excerpt.as_ref().filter(|text| !text.is_empty());
    Fields::default()
        .field("connection", it.id)
        .field("kind", it.kind)
        .field("name", &it.name)
        .field("test", word(it))
        .maybe("status", it.response_status)
        .maybe("class", it.error_class)
        .maybe("error", it.error.as_ref())
        .maybe("receiver said", said)
}

const fn word(it: &Tested) -> &'static str {
    if it.ok { "ok" } else { "failed" }
}
