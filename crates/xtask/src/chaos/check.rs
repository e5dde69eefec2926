//! Counts what was recorded and done against what was answered.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use hookyard_testkit::gateway::Gateway;

use super::house::{BRANCHES, House};
use super::ledger::{Entry, Kind, Ledger};
use super::load::head;
use super::report::Line;

/// An event as it was recorded.
struct Recorded {
    outcome: Option<String>,
    syncs: u64,
}

/// Fills in what came of a mishap's calls. Only to be asked when no job is left.
pub(super) async fn scenario(house: &House, ledger: &Ledger, line: &mut Line) {
    let recorded = recorded(&house.gateway).await;
    for entry in ledger.of(line.mishap) {
        line.sent += 1;
        line.accepted += u64::from(entry.accepted);
        for status in &entry.refused {
            *line.refused.entry(*status).or_default() += 1;
        }
        count(line, &entry, recorded.get(&entry.delivery_id).map_or(&[], Vec::as_slice));
    }
}

fn count(line: &mut Line, entry: &Entry, recorded: &[Recorded]) {
    let Some((first, others)) = recorded.split_first() else {
        line.lost += u64::from(entry.accepted);
        return;
    };
    line.recorded += 1;
    line.doubled += others.len() as u64;
    let owed = match (first.outcome.as_deref(), entry.kind) {
        (None, _) => 1,
        // The head was queued or applied already.
        (Some("ignored"), Kind::Push) => 0,
        (Some(_), _) => {
            line.lost += 1;
            return;
        }
    };
    line.lost += u64::from(first.syncs < owed);
    line.doubled += first.syncs.saturating_sub(owed);
}

async fn recorded(gateway: &Gateway) -> HashMap<String, Vec<Recorded>> {
    let sql = "select provider_delivery_id as id, outcome,
                      (select count(*) from sync_event where event_id = event.id) as syncs from event";
    let mut recorded: HashMap<String, Vec<Recorded>> = HashMap::new();
    for row in gateway.db().rows(sql).await {
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        let outcome = row["outcome"].as_str().map(str::to_owned);
        let syncs = row["syncs"].as_u64().unwrap_or_default();
        recorded.entry(id).or_default().push(Recorded { outcome, syncs });
    }
    recorded
}

/// What must hold of everything that was done, when all is quiet, and does not.
pub(super) async fn effects(house: &House) -> Result<Vec<String>> {
    let none = [
        ("unfinished syncs", "select count(*) from sync_event where status in ('queued', 'running')"),
        ("syncs that failed", "select count(*) from sync_event where status in ('failed', 'partial')"),
        ("events that failed", "select count(*) from event where outcome = 'failed'"),
        ("dead letters of our own work", "select count(*) from dead_letter where kind <> 'delivery'"),
        ("rejected messages", "select count(*) from rejected_message"),
        (
            "versions that repeat the one before them",
            "select count(*) from (
                select blob_sha, lag(blob_sha) over (partition by config_object_id order by number) as before
                  from config_object_version) versions where blob_sha = before",
        ),
        (
            "syncs whose counts differ from what they changed",
            "select count(*) from sync_event where created + updated + deleted
                <> (select count(*) from config_object_version where sync_event_id = sync_event.id)",
        ),
        (
            "paths with two active objects",
            "select count(*) from (select 1 from config_object where status = 'active'
                group by target_id, path having count(*) > 1) doubled",
        ),
    ];
    let mut faults = Vec::new();
    for (what, sql) in none {
        let found = house.gateway.db().count(sql).await;
        if found > 0 {
            faults.push(format!("{found} {what}"));
        }
    }
    for branch in BRANCHES {
        if !equals_head(&house.gateway, branch).await? {
            faults.push(format!("the objects of {branch} differ from its head"));
        }
    }
    Ok(faults)
}

async fn equals_head(gateway: &Gateway, branch: &str) -> Result<bool> {
    let commit = head(gateway, branch)?;
    let tree: BTreeMap<String, String> = gateway
        .repo()
        .ls_tree(&commit)?
        .into_iter()
        .filter(|line| line.path.starts_with("skills/") || line.path.starts_with("agents/"))
        .map(|line| (line.path, line.sha))
        .collect();
    let sql = format!(
        "select path, blob_sha from source_binding where closed_at is null and target_id =
            (select id from connector_target where git_ref = 'refs/heads/{branch}' and repository_id = {})",
        hookyard_testkit::gateway::REPOSITORY_ID
    );
    let text =
        |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let bound: BTreeMap<String, String> = gateway
        .db()
        .rows(&sql)
        .await
        .iter()
        .map(|row| (text(row, "path"), text(row, "blob_sha")))
        .collect();
    Ok(bound == tree)
}
