//! `bench sync`: what reconciliations cost GitHub and how fast a first import is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hookyard_domain::ids::TargetId;
use hookyard_testkit::github_sim::{GithubSim, MoveBranch, RouteKind, SimRepository};
use tokio_postgres::types::ToSql;

use super::github::{self, path, skill};
use super::house::{BRANCH, House, REPOSITORY, REPOSITORY_ID};
use super::numbers::whole;
use super::report::Table;
use crate::say;

const IMPORTED: usize = 2_000;
const UNCHANGED: usize = 10_000;
const UNCHANGED_REPOSITORY: &str = "Codertocat/Many-Files";
const SYNC_LIMIT: Duration = Duration::from_mins(5);
const SYNC_POLL: Duration = Duration::from_millis(20);
const UNCHANGED_REQUESTS_MAX: u64 = 3;

/// What one sync came to.
struct Synced {
    seconds: f64,
    counts: String,
    requests: BTreeMap<RouteKind, u64>,
}

impl Synced {
    fn requests(&self) -> u64 {
        self.requests.values().sum()
    }

    fn blobs(&self) -> u64 {
        self.requests.get(&RouteKind::Blob).copied().unwrap_or_default()
    }
}

pub(super) async fn measure(house: &House) -> Result<Vec<Table>> {
    say::step("Making two repositories");
    let imported = house.work().join("imported");
    let _small = github::repository_of(&imported, IMPORTED)?;
    let unchanged = house.work().join("unchanged");
    let mut large = github::repository_of(&unchanged, UNCHANGED)?;
    let large_id = REPOSITORY_ID + 1;
    let served = vec![
        SimRepository { path: imported, full_name: REPOSITORY.to_owned(), id: REPOSITORY_ID },
        SimRepository { path: unchanged, full_name: UNCHANGED_REPOSITORY.to_owned(), id: large_id },
    ];
    let simulator = github::simulate(house, served).await?;
    let ingress = house.ingress().await?;
    let worker = house.worker("events,syncs", simulator.url().as_str()).await?;
    github::deliver_to(&simulator, &ingress)?;
    let syncs = Syncs { house, simulator: &simulator };

    say::step("First imports");
    let small = house.track(REPOSITORY, REPOSITORY_ID).await?;
    let first = syncs.watch(&small.target, house.map_skills(&small.target)).await?;
    let peak_mib = worker.peak_mib()?;
    let many = house.add_target(&small.instance, UNCHANGED_REPOSITORY, large_id).await?;
    let large_first = syncs.watch(&many, house.map_skills(&many)).await?;

    say::step("Syncs of the large repository");
    let resync = syncs.watch(&many, house.resync(&many)).await?;
    let same_tree = large.commit("Change nothing")?;
    let same_tree = syncs.watch(&many, syncs.push(same_tree)).await?;
    large.write(path(7), skill(7, 2));
    let one_file = large.commit("Sharpen one skill")?;
    let one_file = syncs.watch(&many, syncs.push(one_file)).await?;
    ensure!(
        resync.requests() <= UNCHANGED_REQUESTS_MAX && resync.blobs() == 0,
        "a resync asked too much"
    );
    ensure!(one_file.blobs() == 1, "a push of one file fetched {} blobs", one_file.blobs());

    let mut table =
        Table::new(&["sync", "seconds", "files/s", "requests", "of these for blobs", "result"]);
    let rows = [
        (format!("first import of {} mapped files", whole_of(IMPORTED)), &first, Some(IMPORTED)),
        (format!("first import of {}", whole_of(UNCHANGED)), &large_first, Some(UNCHANGED)),
        (format!("resync of {} unchanged files", whole_of(UNCHANGED)), &resync, None),
        ("push of a commit with the same tree".to_owned(), &same_tree, None),
        (format!("push that changes 1 file of {}", whole_of(UNCHANGED)), &one_file, None),
    ];
    for (name, synced, files) in rows {
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let speed =
            files.map_or_else(|| "-".to_owned(), |files| whole(files as f64 / synced.seconds));
        table.row([
            name,
            format!("{:.2}", synced.seconds),
            speed,
            synced.requests().to_string(),
            synced.blobs().to_string(),
            synced.counts.clone(),
        ]);
    }
    let mut memory = Table::new(&["worker's peak memory", "MiB"]);
    memory.row([
        format!("after the first import of {} files", whole_of(IMPORTED)),
        format!("{peak_mib:.0}"),
    ]);
    memory.row([
        format!("after all of the above, {} files included", whole_of(UNCHANGED)),
        format!("{:.0}", worker.peak_mib()?),
    ]);
    tokio::try_join!(ingress.stop(), worker.stop())?;
    simulator.stop().await;
    Ok(vec![table, memory])
}

fn whole_of(count: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    whole(count as f64)
}

struct Syncs<'a> {
    house: &'a House,
    simulator: &'a GithubSim,
}

impl Syncs<'_> {
    async fn push(&self, commit: String) -> Result<()> {
        let request = MoveBranch {
            repository: Some(UNCHANGED_REPOSITORY.to_owned()),
            ..MoveBranch::to(commit)
        };
        self.simulator.move_branch(BRANCH, request).await.map(drop)
    }

    /// Does what makes a sync of the target and waits until that is done.
    async fn watch(&self, target: &str, cause: impl Future<Output = Result<()>>) -> Result<Synced> {
        const NEWEST: &str = "select id::text, status, extract(epoch from completed_at - started_at)::float8 as seconds,
                   created, updated, deleted, skipped, failed, reason
              from sync_event where target_id = $1 and status in ('completed', 'partial', 'failed')
             order by seq desc limit 1";
        let id = target.parse::<TargetId>().context("the target's id")?.0;
        let parameters: [&(dyn ToSql + Sync); 1] = [&id];
        let newest = || self.house.owner.query_opt(NEWEST, &parameters);
        let before = newest().await?.map(|row| row.get::<_, String>("id"));
        let requests_before = self.simulator.requests();
        cause.await?;
        let begun = Instant::now();
        let row = loop {
            let row = newest().await?.filter(|row| Some(row.get::<_, String>("id")) != before);
            match row {
                Some(row) if self.house.count("select count(*) from job").await? == 0 => break row,
                _ if begun.elapsed() > SYNC_LIMIT => {
                    bail!("no sync of {target} within {SYNC_LIMIT:?}")
                }
                _ => tokio::time::sleep(SYNC_POLL).await,
            }
        };
        let count = |name: &str| row.get::<_, i32>(name);
        let status: String = row.get("status");
        let reason: Option<String> = row.get("reason");
        ensure!(status == "completed", "the sync of {target} ended {status}: {reason:?}");
        let mut requests = self.simulator.requests();
        for (route, before) in requests_before {
            *requests.entry(route).or_default() -= before;
        }
        let counts = ["created", "updated", "deleted", "skipped"]
            .map(|name| format!("{} {name}", count(name)));
        let synced = Synced { seconds: row.get("seconds"), counts: counts.join(", "), requests };
        say::detail(&format!(
            "{:.2} s, {} requests, {}",
            synced.seconds,
            synced.requests(),
            synced.counts
        ));
        Ok(synced)
    }
}
