//! What the demo shows, rendered for people.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::records::{Delivered, File, SyncEvent};
use crate::say;
use crate::stack::Stack;

const FILES_SHOWN_MAX: usize = 12;
const SHA_CHARS_SHOWN: usize = 10;

pub(super) fn delivered(delivery: &Delivered, took: Duration) {
    say::detail(&format!("GitHub sends a signed push, delivery {}.", delivery.delivery_id));
    let status = delivery.status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
    let took = say::duration(took);
    say::detail(&format!("The ingress verifies it, records it and answers {status} after {took}:"));
    say::detail(&format!("  {}", delivery.body.as_deref().unwrap_or("(no body)")));
}

/// The stored event that a sync event goes back to.
pub(super) async fn event_behind(stack: &Stack, sync_event: &SyncEvent) -> Result<()> {
    let Some(id) = &sync_event.event_id else { return Ok(()) };
    let event: Value = stack.admin.json(&["events", "show", id]).await?;
    say::detail(&format!("Event {id}, stored once:"));
    let names = [
        ("eventType", "type"),
        ("deliveryId", "delivery"),
        ("receivedAt", "received"),
        ("bodyBytes", "body bytes"),
        ("outcome", "outcome"),
    ];
    fields(&event, &names);
    Ok(())
}

pub(super) fn sync_event(event: &SyncEvent) {
    say::detail(&format!("Sync event {}: {}", event.id, event.status));
    field("caused by", Some(&event.trigger));
    field("delivery", event.delivery_id.as_deref());
    field("repository", Some(&event.repository));
    field("announced", event.announced_sha.as_deref().map(short));
    field("applied", event.applied_sha.as_deref().map(short));
    field("reason", event.reason.as_deref());
    field("error", event.error.as_deref());
    let counts = event.counts;
    let files = format!(
        "{} created, {} updated, {} deleted, {} skipped, {} failed",
        counts.created, counts.updated, counts.deleted, counts.skipped, counts.failed
    );
    field("files", Some(&files));
    let work = format!("{}, with {} requests to GitHub", event.attempts, event.github_requests);
    field("attempts", Some(&work));
    let took =
        event.duration_ms.map(|milliseconds| say::duration(Duration::from_millis(milliseconds)));
    field("took", took.as_deref());
    let touched: Vec<&File> = touched(event).collect();
    if touched.is_empty() {
        return;
    }
    say::detail("  what became of each changed file:");
    for file in touched.iter().take(FILES_SHOWN_MAX) {
        let why = file.error.as_deref().or(file.reason.as_deref());
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        say::detail(&format!("    {:<8} {}{why}", file.outcome, file.path));
    }
    if touched.len() > FILES_SHOWN_MAX {
        say::detail(&format!("    and {} more", touched.len() - FILES_SHOWN_MAX));
    }
}

/// The config objects that the sync event's changed files became.
pub(super) async fn changed_objects(stack: &Stack, event: &SyncEvent) -> Result<()> {
    for file in touched(event) {
        let Some(id) = &file.config_object_id else { continue };
        let object: Value = stack.admin.json(&["config-objects", "show", id]).await?;
        say::detail(&format!("Config object {id}, from {}:", file.path));
        let names = ["title", "description", "status"].map(|name| (name, name));
        fields(&object, &[("objectType", "type")]);
        fields(&object, &names);
        if let Some(versions) = object.get("versions").and_then(Value::as_array) {
            field("versions", Some(&versions.len().to_string()));
        }
    }
    Ok(())
}

/// The record of a delivery and of its tries.
pub(super) fn delivery(delivery: &Value) {
    say::detail("The record of the delivery:");
    let names = [
        ("id", "id"),
        ("eventId", "event"),
        ("eventType", "type"),
        ("state", "state"),
        ("attempts", "attempts"),
        ("responseStatus", "answered"),
    ];
    fields(delivery, &names);
}

/// At rest nothing is owed.
pub(super) async fn jobs(stack: &Stack) -> Result<()> {
    let jobs = stack.admin.run(&["jobs"]).await?;
    say::detail("Unfinished jobs:");
    say::detail(&format!("  {}", jobs.trim_end()));
    Ok(())
}

pub(super) async fn where_next(stack: &Stack) -> Result<()> {
    let target = stack.plan.seeds.target.as_deref().unwrap_or_default();
    let branch = stack.plan.repository.as_ref().map_or("main", |repository| &repository.branch);
    let move_branch = format!("{}/_sim/branches/{branch}", stack.plan.github_url());
    say::step("It stays up until Ctrl-C. In a browser, signed in by this link, which works once:");
    say::detail(&sign_in_link(stack).await?);
    say::step("In another terminal:");
    say::detail(&format!("set -a; source {}; set +a", stack.layout.env_file().display()));
    say::detail(&format!("$HOOKYARD_ADMIN_BIN sync-events list --target {target}"));
    say::detail("$HOOKYARD_ADMIN_BIN events list");
    say::detail("$HOOKYARD_ADMIN_BIN config-objects list");
    say::detail("$HOOKYARD_ADMIN_BIN deliveries list --workspace demo");
    say::detail("$HOOKYARD_ADMIN_BIN doctor");
    say::detail(&format!("curl -s -X POST {move_branch} -d '{{\"sha\": \"{branch}~1\"}}'"));
    say::detail(&format!("curl -s {}/_sim/requests", stack.plan.receiver_url()));
    say::detail("$HOOKYARD_ADMIN_BIN sign-in-link --member $HOOKYARD_DEMO_OWNER");
    say::detail(&format!("Logs: {}", stack.layout.logs().display()));
    Ok(())
}

/// The address of a page with one button, which signs in as the demo workspace's owner.
async fn sign_in_link(stack: &Stack) -> Result<String> {
    let owner = stack.plan.seeds.owner.as_deref().context("the owner was made")?;
    let made: Value = stack.admin.json(&["sign-in-link", "--member", owner]).await?;
    let url = made.get("url").and_then(Value::as_str);
    url.map(str::to_owned).with_context(|| format!("sign-in-link printed no url: {made}"))
}

/// The files that the sync did something about.
fn touched(event: &SyncEvent) -> impl Iterator<Item = &File> {
    event.files.iter().filter(|file| file.outcome != "skipped")
}

/// Those of the fields that have a value, under names for people.
fn fields(object: &Value, names: &[(&str, &str)]) {
    for (name, shown) in names {
        if let Some(value) = object.get(name).filter(|value| !value.is_null()) {
            field(shown, Some(&plain(value)));
        }
    }
}

fn field(name: &str, value: Option<&str>) {
    if let Some(value) = value {
        say::detail(&format!("  {name:<12} {value}"));
    }
}

/// Enough of a commit's id to tell it from others.
pub(super) fn short(sha: &str) -> &str {
    sha.get(..SHA_CHARS_SHOWN).unwrap_or(sha)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
