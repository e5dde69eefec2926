//! What the tests ask of a gateway.

use std::collections::BTreeMap;

use hookyard_testkit::gateway::{Gateway, GatewayBuilder, PATIENCE, Worker, sample, until};
use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::{BranchMoved, Fault, FaultKind, FaultPlan, RouteKind};
use serde_json::Value;

/// The folders that a gateway's mappings select when a test does not say otherwise.
pub(crate) const MAPPED: [&str; 3] = ["skills/", "agents/", "commands/"];

/// A gateway with the sample repository and one worker, not started yet.
pub(crate) fn builder() -> GatewayBuilder {
    Gateway::builder().repository(sample).worker(Worker::default())
}

/// The same with a repository of the test's own, started, its first import done.
pub(crate) async fn imported(build: impl FnOnce(&mut GitRepo) + Send + 'static) -> Gateway {
    let gateway = Gateway::builder().repository(build).worker(Worker::default()).start().await;
    gateway.idle().await;
    gateway
}

/// The sample repository, imported.
pub(crate) async fn started() -> Gateway {
    imported(sample).await
}

/// Pushes one file; its name and content say what changed.
pub(crate) async fn put(gateway: &Gateway, path: &str, content: impl Into<Vec<u8>>) -> BranchMoved {
    gateway
        .push(|repo| {
            repo.write(path, content);
        })
        .await
}

/// Pushes the removal of one file.
pub(crate) async fn remove(gateway: &Gateway, path: &str) -> BranchMoved {
    gateway
        .push(|repo| {
            repo.remove(path);
        })
        .await
}

/// Active objects: path and blob.
pub(crate) async fn active(gateway: &Gateway) -> BTreeMap<String, String> {
    let rows = gateway
        .db()
        .rows(
            "select object.path, version.blob_sha, binding.blob_sha as bound
               from config_object object
               join config_object_version version on version.id = object.current_version_id
               left join source_binding binding
                 on binding.config_object_id = object.id and binding.closed_at is null and binding.path = object.path
              where object.status = 'active'",
        )
        .await;
    let mut active = BTreeMap::new();
    for row in rows {
        assert_eq!(row["blob_sha"], row["bound"], "object, version and binding agree: {row}");
        let twice = active.insert(text(&row, "path"), text(&row, "blob_sha"));
        assert_eq!(twice, None, "two active objects at {}", row["path"]);
    }
    active
}

/// The files of a commit that the mappings select: path and blob.
pub(crate) fn selected(gateway: &Gateway, commit: &str) -> BTreeMap<String, String> {
    let lines = gateway.repo().ls_tree(commit).unwrap();
    lines
        .into_iter()
        .filter(|line| line.mode.starts_with("100"))
        .filter(|line| MAPPED.iter().any(|folder| line.path.starts_with(folder)))
        .map(|line| (line.path, line.sha))
        .collect()
}

/// The active objects equal the tree of this commit.
pub(crate) async fn assert_equals(gateway: &Gateway, commit: &str) {
    assert_eq!(active(gateway).await, selected(gateway, commit));
}

/// The sync event that was queued last.
pub(crate) async fn newest_sync(gateway: &Gateway) -> Value {
    gateway.db().row("select * from sync_event order by seq desc limit 1").await
}

/// `status` or `status: reason` of the sync event that was queued last.
pub(crate) async fn newest_fate(gateway: &Gateway) -> String {
    fate(&newest_sync(gateway).await)
}

/// `status` or `status: reason` of a sync event.
pub(crate) fn fate(sync: &Value) -> String {
    match sync["reason"].as_str() {
        Some(reason) => format!("{}: {reason}", text(sync, "status")),
        None => text(sync, "status"),
    }
}

/// The state of the one target.
pub(crate) async fn target(gateway: &Gateway) -> Value {
    gateway.db().row("select * from connector_target").await
}

/// The files of the newest sync event as `path outcome` or `path outcome: reason`.
pub(crate) async fn newest_files(gateway: &Gateway) -> Vec<String> {
    let sql = "select path || ' ' || outcome || coalesce(': ' || reason, '') as file from sync_file
                where sync_event_id = (select id from sync_event order by seq desc limit 1) order by path";
    gateway.db().rows(sql).await.iter().map(|row| text(row, "file")).collect()
}

/// Every sync event's counts equal what is recorded of its files and what it changed.
pub(crate) async fn assert_counts_add_up(gateway: &Gateway) {
    let wrong = gateway
        .db()
        .rows(
            "select sync_event.*, files, versions from sync_event
               cross join lateral (
                   select count(*) filter (where outcome = 'created') as created,
                          count(*) filter (where outcome = 'updated') as updated,
                          count(*) filter (where outcome = 'deleted') as deleted,
                          count(*) filter (where outcome = 'skipped') as skipped,
                          count(*) filter (where outcome = 'failed') as failed
                     from sync_file where sync_event_id = sync_event.id) files
               cross join lateral (
                   select count(*) as changed from config_object_version where sync_event_id = sync_event.id) versions
              where (sync_event.created, sync_event.updated, sync_event.deleted, sync_event.failed)
                    <> (files.created, files.updated, files.deleted, files.failed)
                 or sync_event.skipped < files.skipped
                 or versions.changed <> sync_event.created + sync_event.updated + sync_event.deleted
                 or (sync_event.failed > 0) <> (status = 'partial')
                 or (status in ('queued', 'running')) <> exists (select 1 from job where subject_id = sync_event.id)",
        )
        .await;
    assert!(wrong.is_empty(), "counts that do not add up: {wrong:#?}");
}

/// Waits until a query of one number gives this.
pub(crate) async fn counts(gateway: &Gateway, sql: &str, wanted: i64) {
    until(sql, PATIENCE, async || gateway.db().count(sql).await == wanted).await;
}

/// Waits until the newest sync event is running.
pub(crate) async fn runs(gateway: &Gateway) {
    let sql = "select count(*) from sync_event
                where status = 'running' and seq = (select max(seq) from sync_event)";
    counts(gateway, sql, 1).await;
}

/// From now on these faults.
pub(crate) fn faults(gateway: &Gateway, faults: impl IntoIterator<Item = Fault>) {
    gateway.github().faults(FaultPlan { faults: faults.into_iter().collect(), seed: 7 });
}

pub(crate) fn no_faults(gateway: &Gateway) {
    faults(gateway, []);
}

/// Answers so late that a test can do something meanwhile; [`no_faults`] ends the wait.
pub(crate) fn slow(route: RouteKind, ms: u64) -> Fault {
    Fault { latency_ms: ms, ..Fault::new(route, FaultKind::Latency) }
}

/// The requests of one kind so far.
pub(crate) fn requests(gateway: &Gateway, route: RouteKind) -> u64 {
    gateway.github().requests().get(&route).copied().unwrap_or_default()
}

pub(crate) fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {row}")).to_owned()
}
