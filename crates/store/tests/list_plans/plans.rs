//! The plans of the statements that a connection really runs, as `auto_explain` tells them.
//!
//! The server explains every statement after it ran and sends the plan as a notice, which the driver logs. So these are
//! the plans of the store's own functions with their own parameters, custom or generic as the server chooses.

use std::sync::Mutex;

use hookyard_store::{Store, StoreSettings};
use hookyard_testkit::database::TestDatabase;
use secrecy::SecretString;
use serde_json::Value;

/// Tables whose rows grow with time or with use.
const BIG: [&str; 27] = [
    "workspace",
    "source",
    "source_secret",
    "audit_log",
    "event",
    "event_workspace",
    "job",
    "dead_letter",
    "rejected_message",
    "connector_account",
    "connector_instance",
    "connector_target",
    "connector_mapping",
    "sync_event",
    "sync_file",
    "sync_attempt",
    "config_object",
    "config_object_version",
    "connection",
    "subscription",
    "oauth_client",
    "token",
    "member",
    "day_seen",
    "delivery",
    "attempt",
    "replay",
];
/// The most rows that a list may sort: some pages' worth, never a table's.
const SORTED_ROWS_MAX: f64 = 2_100.0;
/// The most rows of a table that a statement may look at: a walk's, or those of its arms together, and a page's.
const LOOKED_ROWS_MAX: f64 = 7_000.0;
/// The most rows of a partition that are no fault to read through.
const SCANNED_ROWS_MAX: f64 = 1_000.0;

static NOTICES: Notices = Notices(Mutex::new(Vec::new()));

/// The plans that arrived and were not taken yet.
struct Notices(Mutex<Vec<Value>>);

impl log::Log for Notices {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("tokio_postgres")
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = record.args().to_string();
        let Some((_, plan)) = text.split_once("plan:\n") else { return };
        self.0.lock().unwrap().push(serde_json::from_str(plan).unwrap());
    }

    fn flush(&self) {}
}

/// A store on this database whose statements' plans are collected.
pub(crate) async fn explained_store(database: &TestDatabase) -> Store {
    // The only logger of this process: every test is one.
    log::set_logger(&NOTICES).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let name = database.name();
    super::execute(
        database,
        &format!(
            "alter database {name} set session_preload_libraries = 'auto_explain';
             alter database {name} set auto_explain.log_min_duration = 0;
             alter database {name} set auto_explain.log_analyze = on;
             alter database {name} set auto_explain.log_timing = off;
             alter database {name} set auto_explain.log_level = 'notice';
             alter database {name} set auto_explain.log_format = 'json';"
        ),
    )
    .await;
    let url = SecretString::from(database.owner_url());
    Store::new(&StoreSettings {
        connections_max: 1,
        statement_ms_max: 60_000,
        ..StoreSettings::new(url, "plans")
    })
    .unwrap()
}

/// Checks the plans since the last call.
pub(crate) fn check(what: &str) {
    check_with(what, LOOKED_ROWS_MAX);
}

/// The same for what counts up to 10,000 rows of a table, twice.
pub(crate) fn check_counted(what: &str) {
    check_with(what, 20_000.0);
}

fn check_with(what: &str, looked_max: f64) {
    let plans = std::mem::take(&mut *NOTICES.0.lock().unwrap());
    assert!(!plans.is_empty(), "{what}: the server explained nothing");
    for plan in &plans {
        let query = plan["Query Text"].as_str().unwrap_or_default();
        let faults = faults(&plan["Plan"], looked_max);
        assert!(faults.is_empty(), "{what}: {} in\n{query}\n{plan:#}", faults.join(", "));
    }
}

fn faults(node: &Value, looked_max: f64) -> Vec<String> {
    let text = |key: &str| node[key].as_str().unwrap_or_default();
    let children: Vec<&Value> = node["Plans"].as_array().into_iter().flatten().collect();
    let mut faults: Vec<String> =
        children.iter().flat_map(|child| faults(child, looked_max)).collect();
    let relation = text("Relation Name");
    // A partition is called after its table.
    let table = ["event", "delivery", "attempt"]
        .into_iter()
        .find(|table| relation.starts_with(&format!("{table}_2")))
        .unwrap_or(relation);
    let count = |key: &str| node[key].as_f64().unwrap_or_default();
    let rows_read =
        (count("Actual Rows") + count("Rows Removed by Filter")) * count("Actual Loops");
    // A partition of few rows is read any way: which rows lie in yesterday's hangs on the hour.
    if text("Node Type") == "Seq Scan" && BIG.contains(&table) && rows_read > SCANNED_ROWS_MAX {
        faults.push(format!("a sequential scan of {relation}"));
    }
    if BIG.contains(&table) && rows_read > looked_max {
        faults.push(format!("a look at {rows_read} rows of {relation}"));
    }
    if text("Node Type").contains("Sort") {
        let rows: f64 = children.iter().filter_map(|child| child["Actual Rows"].as_f64()).sum();
        if rows > SORTED_ROWS_MAX {
            faults.push(format!("a sort of {rows} rows"));
        }
    }
    faults
}
