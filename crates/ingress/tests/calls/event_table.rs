//! `docs/github-events.md` tells people what each event is answered; every row of its table is tried.

use hookyard_testkit::gateway::{Gateway, GithubCall};
use serde_json::{Value, json};

use crate::support::{assert_nothing_to_do, assert_queued};

const DOCUMENT: &str = include_str!("../../../../docs/github-events.md");
/// An event, or an action, that no row names.
const UNNAMED: &str = "unheard_of";

#[tokio::test]
async fn every_row_of_the_event_table_is_answered_as_documented() {
    let gateway = Gateway::start().await;
    let rows = rows();
    assert!(rows.len() > 20, "the table was not found: {rows:?}");
    for row in rows {
        let [event, action, condition, decision, answered, _] = row[..] else {
            panic!("a row has six cells: {row:?}");
        };
        let answer = gateway.post(call(&gateway, event, action, condition)).await;
        if answered == "202" {
            assert_queued(&answer);
        } else {
            let reason = answered.strip_prefix("200 ").and_then(code).unwrap();
            let detail = decision.strip_prefix("ignored: ").and_then(code);
            assert_nothing_to_do(&answer, reason, detail);
        }
        assert_eq!(answer.text("event"), code(event).unwrap_or(UNNAMED), "{row:?}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_push_that_nobody_tracks_is_ignored() {
    let gateway = Gateway::start().await;
    let elsewhere = [
        gateway.github_push().git_ref("refs/heads/other"),
        gateway.github_push().repository_id(1),
        gateway.github_push().edit(|push| push["installation"]["id"] = json!(1)),
    ];
    for push in elsewhere {
        assert_nothing_to_do(&gateway.post(push).await, "event ignored", Some("not_tracked"));
    }
    gateway.finish().await;
}

/// The cells of the rows of the event table.
fn rows() -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| -> Option<Vec<&'static str>> {
        let row = line.strip_prefix('|')?.strip_suffix('|')?;
        Some(row.split('|').map(str::trim).collect())
    };
    DOCUMENT
        .lines()
        .map(cells)
        .skip_while(|row| row.as_ref().is_none_or(|row| row[0] != "event"))
        .skip(2) // The header and the line below it.
        .map_while(|row| row)
        .collect()
}

/// The text between backticks, or none for a cell in words.
fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

/// A call as the row says, and complete otherwise.
fn call(gateway: &Gateway, event: &str, action: &str, condition: &str) -> GithubCall {
    let push = gateway.github_push();
    let mut payload = Value::Null;
    let push = push.edit(|it| payload = it.take());
    match action {
        "none" | "any" => {}
        "any other" => payload["action"] = json!(UNNAMED),
        named => payload["action"] = json!(code(named).unwrap()),
    }
    let mut remove = |field: &str| drop(payload.as_object_mut().unwrap().remove(field));
    match condition {
        "" | "a branch" | "no other default branch" => {}
        "a deleted branch" => payload["after"] = json!("0".repeat(40)),
        "a tag" => payload["ref"] = json!("refs/tags/v1"),
        "another default branch" => {
            payload["changes"] = json!({ "default_branch": { "from": "old" } });
        }
        missing => remove(missing.strip_prefix("no ").and_then(code).unwrap()),
    }
    drop(push);
    let event = code(event).unwrap_or(UNNAMED);
    gateway.github_event(event, json!({})).payload(payload)
}
