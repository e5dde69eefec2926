//! Sync events over HTTP, and who may see them.

use serde_json::json;

use crate::http::Served;
use crate::yard::{Yard, items, text};

const FAILED: &str = "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository,
                                              git_ref, delivery_id, event_type, announced_sha)
     select uuid_v7(now()), workspace_id, id, 'push', 'failed', now(), repository, git_ref, 'd-1', 'github.push',
            '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567'
       from connector_target";

#[tokio::test]
async fn a_grant_opens_an_instance_s_sync_events_as_far_as_it_goes() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(FAILED).await;
    let served = Served::start(&yard);
    let (_, admin) = yard.member("acme", "ada", "admin");
    let (bob, token) = yard.member("acme", "bob", "member");
    let list = "/v1/workspaces/acme/sync-events";
    let id = text(&items(&served.get(list, &admin).json())[0], "id");
    let (one, retry) = (format!("{list}/{id}"), format!("{list}/{id}/retry"));

    // Without a grant nothing is seen.
    assert_eq!(items(&served.get(list, &token).json()).len(), 0);
    let refused = served.get(&one, &token);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["message"], "this needs a viewer of the connector instance");

    // By a team a viewer, by oneself an editor: the strongest wins.
    let team = yard.id(&["team", "create", "--workspace", "acme", "--name", "docs"]);
    yard.json(&["team", "add-member", &team, "--member", &bob]);
    let put = ["grant", "put", "--instance", &tracked.instance];
    yard.json(&[&put[..], &["--team", &team, "--role", "viewer"]].concat());
    assert_eq!(items(&served.get(list, &token).json()).len(), 1);
    assert_eq!(served.get(&one, &token).json()["item"]["status"], "failed");
    assert_eq!(served.post(&retry, &token, &json!({})).status, 403);
    let grant = yard.id(&[&put[..], &["--member", &bob, "--role", "editor"]].concat());
    let answer = served.post(&retry, &token, &json!({ "reason": "the file is mended" }));
    assert_eq!(answer.status, 202, "{answer:?}");
    let answer = answer.json();
    assert_eq!((&answer["ok"], &answer["queued"]), (&json!(true), &json!(true)));
    assert!(text(&answer["job"], "id").starts_with("job_"), "{answer}");
    let line = &items(&yard.json(&["audit", "list"]))[0].clone();
    assert_eq!(text(line, "action"), "sync_event.retry");
    assert_eq!(text(line, "actor"), format!("member:{bob} bob"));
    assert_eq!(text(line, "reason"), "the file is mended");

    yard.json(&["grant", "revoke", &grant]);
    assert_eq!(served.post(&retry, &token, &json!({})).status, 403);
    yard.json(&["team", "remove", &team]);
    assert_eq!(served.get(&one, &token).status, 403);
    // Granted again, the old row is back.
    assert_eq!(yard.id(&[&put[..], &["--member", &bob, "--role", "viewer"]].concat()), grant);
    assert_eq!(served.get(&one, &token).status, 200);
}

#[tokio::test]
async fn an_id_of_another_workspace_is_as_unknown_as_none() {
    let yard = Yard::new().await;
    yard.tracked();
    yard.execute(FAILED).await;
    yard.id(&["workspace", "create", "else", "--name", "Else"]);
    let served = Served::start(&yard);
    let operator = text(&yard.json(&["token", "create", "--operator"]), "token");
    let (_, eve) = yard.member("else", "eve", "owner");
    let listed = served.get("/v1/workspaces/acme/sync-events", &operator).json();
    let id = text(&items(&listed)[0], "id");
    let none = "sync_01h455vb4pex5vsknk084sn02q";
    for token in [&operator, &eve] {
        let ask = |id: &str| served.get(&format!("/v1/workspaces/else/sync-events/{id}"), token);
        let (theirs, unknown) = (ask(&id), ask(none));
        assert_eq!(theirs.status, 404, "{theirs:?}");
        assert_eq!(theirs.json()["error"], "connector_sync_event_not_found");
        assert_eq!(theirs.body.replace(&id, none), unknown.body);
    }
}
