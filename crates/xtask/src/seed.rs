//! `cargo xtask seed`: a database with as much in it as a busy deployment has, made by the set and not by traffic.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use tokio_postgres::{Client, NoTls};

use crate::say;

const ROWS: &str = include_str!("seed/rows.sql");

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The database, as its owner; migrated, and not seeded yet
    #[arg(long, value_name = "URL", env = "HOOKYARD_OWNER_DATABASE_URL", hide_env_values = true)]
    database_url: String,
    #[command(flatten)]
    sizes: Sizes,
}

/// How much there is to be.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Sizes {
    /// Events, with bodies of 200 bytes
    #[arg(long, value_name = "COUNT", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub(crate) events: u32,
    /// Sync events
    #[arg(long, value_name = "COUNT", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub(crate) sync_events: u32,
    /// Deliveries, each with an attempt
    #[arg(long, value_name = "COUNT", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub(crate) deliveries: u32,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode> {
    let (client, connection) =
        tokio_postgres::connect(&args.database_url, NoTls).await.context("the database")?;
    tokio::select! {
        filled = fill(&client, args.sizes) => filled?,
        ended = connection => {
            ended.context("the connection")?;
            bail!("the connection ended before all was done");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Fills a migrated database that is not seeded yet, and brings its statistics and maps up to date.
pub(crate) async fn fill(client: &Client, sizes: Sizes) -> Result<()> {
    let row = client
        .query_one("select exists (select from workspace where slug = 'busy') as filled", &[])
        .await?;
    ensure!(!row.get::<_, bool>("filled"), "the database is seeded already: seed a fresh one");
    let settings = format!(
        "set seed.events = {}; set seed.sync_events = {}; set seed.deliveries = {};
         select set_config('seed.now', now()::text, false);
         set statement_timeout = 0; set synchronous_commit = off; set work_mem = '256MB';
         set maintenance_work_mem = '1GB'",
        sizes.events, sizes.sync_events, sizes.deliveries
    );
    client.batch_execute(&settings).await?;
    // What the rows refer to is there; to be asked of each takes a third of the time. Only a superuser may say so.
    if client.batch_execute("set session_replication_role = replica").await.is_err() {
        say::detail("References are checked row by row: the database's user is no superuser.");
    }
    let begun = Instant::now();
    for statement in ROWS.split("\n;\n") {
        let what = statement.lines().find(|line| line.starts_with("insert")).unwrap_or_default();
        client.batch_execute(statement).await.with_context(|| what.to_owned())?;
        if let Some(table) = what.split_whitespace().nth(2) {
            say::detail(&format!("{table}, {} s after the begin", begun.elapsed().as_secs()));
        }
    }
    say::detail(&format!("indexes, {} s after the begin", begun.elapsed().as_secs()));
    client.batch_execute("reset session_replication_role").await?;
    client.batch_execute("vacuum analyze").await.context("vacuum analyze")?;
    let size = "select pg_size_pretty(pg_database_size(current_database())) as size";
    let size: String = client.query_one(size, &[]).await?.get("size");
    say::detail(&format!("vacuum, {} s after the begin; {size}", begun.elapsed().as_secs()));
    Ok(())
}
