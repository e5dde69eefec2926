//! All dead letters of one cause, over HTTP and on the command line.

use serde_json::{Value, json};

use crate::http::Served;
use crate::yard::{Yard, items};

const LETTERS: &str = "/v1/workspaces/acme/dead-letters";
/// Three of one cause and one of another, of syncs that may be run again.
const BURY: &str = "with syncs as (
        insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository, git_ref)
        select uuid_v7(now() + n * interval '1 ms'), workspace_id, id, 'push', 'failed', now(), repository, git_ref
          from connector_target, generate_series(1, 4) n
     returning id, workspace_id
    )
    insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
    select uuid_v7(now() + row_number() over () * interval '1 ms'), workspace_id, id, 'sync',
           case when row_number() over () = 1 then 'not_permitted' else 'attempts_exhausted' end,
           case when row_number() over () = 1 then null else 'GitHub answers 502' end
      from syncs";

async fn buried() -> (Yard, Served, String) {
    let yard = Yard::new().await;
    yard.tracked();
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(BURY).await;
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "admin");
    (yard, served, ada)
}

/// Cause by cause: why, and how many.
fn told(causes: &Value) -> Vec<(&str, i64)> {
    let told = |it: &'_ Value| it["count"].as_i64().unwrap();
    items(causes).iter().map(|it| (it["reason"].as_str().unwrap(), told(it))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_letters_of_a_cause_are_counted_replayed_and_dropped_over_http() {
    let (yard, served, ada) = buried().await;
    let path = format!("{LETTERS}/causes");
    let causes = served.get(&path, &ada).json();
    assert_eq!(told(&causes), [("attempts_exhausted", 3), ("not_permitted", 1)]);
    assert_eq!(causes["nextCursor"], Value::Null);

    let cause =
        |reason: &str, error: Value| json!({ "kind": "sync", "reason": reason, "error": error });
    let many = cause("attempts_exhausted", json!("GitHub answers 502"));
    let count = |body: Value| {
        let answer = served.post(&format!("{path}/preview"), &ada, &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.json()["count"].as_i64().unwrap(), answer.json()["more"].as_bool().unwrap())
    };
    assert_eq!(count(json!({ "cause": many })), (3, false));
    assert_eq!(count(json!({ "cause": many, "until": "2020-01-01T00:00:00Z" })), (0, false));
    assert_eq!(count(json!({ "cause": cause("attempts_exhausted", Value::Null) })), (0, false));

    let body = json!({ "cause": many, "reason": "GitHub is well again" });
    let replayed = served.post(&format!("{path}/replay"), &ada, &body);
    assert_eq!(replayed.json(), json!({ "settled": 3, "leftOut": 0, "more": false }));
    assert_eq!(yard.number("select count(*) as n from job where kind = 'sync'").await, 3);
    let body = json!({ "cause": { "kind": "sync", "reason": "not_permitted" } });
    let dropped = served.post(&format!("{path}/drop"), &ada, &body).json();
    assert_eq!(dropped["settled"], 1);
    assert_eq!(told(&served.get(&path, &ada).json()), []);
    let lines = "select count(*) as n from audit_log
        where action = 'dead_letter.replay_many' and reason = 'GitHub is well again' or action = 'dead_letter.drop_many'";
    assert_eq!(yard.number(lines).await, 2);
    let wrong = served.post(&format!("{path}/drop"), &ada, &json!({ "cause": { "kind": "x" } }));
    assert_eq!((wrong.status, &wrong.json()["details"]["field"]), (400, &json!("cause.kind")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_letters_of_a_cause_are_counted_replayed_and_dropped_by_a_command() {
    let (yard, _served, _) = buried().await;
    let causes = ["dead-letters", "causes", "--workspace", "acme"];
    assert_eq!(told(&yard.json(&causes)), [("attempts_exhausted", 3), ("not_permitted", 1)]);
    let text = yard.run(&causes).stdout;
    assert!(text.contains("attempts_exhausted") && text.contains("GitHub answers 502"), "{text}");

    let of = |command: &'static str, more: &[&'static str]| {
        let of = ["dead-letters", command, "--workspace", "acme", "--kind", "sync", "--cause"];
        [&of[..], more].concat()
    };
    let many = of("replay-cause", &["attempts_exhausted", "--error", "GitHub answers 502"]);
    let preview = yard.run(&many);
    assert!(preview.stdout.contains("nothing was changed; --confirm does it"), "{preview:?}");
    assert_eq!(yard.json(&many)["count"], 3);
    assert_eq!(told(&yard.json(&causes)).len(), 2);
    assert_eq!(yard.json(&[&many[..], &["--confirm"]].concat())["settled"], 3);
    assert_eq!(told(&yard.json(&causes)), [("not_permitted", 1)]);
    let dropped = yard.json(&of("drop-cause", &["not_permitted", "--confirm"]));
    assert_eq!(dropped, json!({ "settled": 1, "leftOut": 0, "more": false }));
    assert_eq!(
        yard.number("select count(*) as n from dead_letter where settled_at is null").await,
        0
    );
}
