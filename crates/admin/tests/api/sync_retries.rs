//! Many sync events retried over HTTP.

use serde_json::json;

use crate::http::Served;
use crate::yard::Yard;

const FAILED: &str = "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository,
                                              git_ref)
     select uuid_v7(now() - interval '1 minute'), workspace_id, id, 'push', 'failed', now(), repository, git_ref
       from connector_target, generate_series(1, 2)";

#[tokio::test]
async fn many_syncs_are_previewed_and_retried_by_whoever_may_edit_their_target() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(FAILED).await;
    let served = Served::start(&yard);
    let (bob, token) = yard.member("acme", "bob", "member");
    let path = |rest: &str| format!("/v1/workspaces/acme/sync-events/{rest}");
    let (preview, start) = (path("retry-preview"), path("retry"));

    // Without a grant there is nothing to see, and as a viewer nothing to start.
    assert_eq!(served.post(&preview, &token, &json!({})).json()["selected"], 0);
    let put = ["grant", "put", "--instance", &tracked.instance, "--member", &bob];
    yard.id(&[&put[..], &["--role", "viewer"]].concat());
    let seen = served.post(&preview, &token, &json!({})).json();
    assert_eq!((&seen["selected"], &seen["syncs"]), (&json!(2), &json!(0)), "{seen}");
    assert_eq!(seen["targets"][0]["leftOut"], "not_permitted");

    yard.id(&[&put[..], &["--role", "editor"]].concat());
    let seen = served.post(&preview, &token, &json!({ "status": ["failed"] })).json();
    assert_eq!((&seen["selected"], &seen["syncs"]), (&json!(2), &json!(1)), "{seen}");
    let body = json!({ "filter": { "until": seen["asOf"] }, "reason": "GitHub is back" });
    let answer = served.post(&start, &token, &body);
    assert_eq!(answer.status, 202, "{answer:?}");
    let queued = answer.json();
    assert_eq!(queued["queued"], true);
    assert_eq!(queued["syncEventIds"].as_array().unwrap().len(), 1, "{queued}");
    let again = served.post(&start, &token, &body).json();
    assert_eq!((&again["queued"], &again["syncEventIds"]), (&json!(false), &json!([])), "{again}");
    assert_eq!(again["preview"]["targets"][0]["leftOut"], "queued");

    for (body, field) in [
        (json!({ "status": ["odd"] }), "status"),
        (json!({ "colour": 1 }), "colour"),
        (json!({ "since": "yesterday" }), "since"),
    ] {
        let refused = served.post(&preview, &token, &body);
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.body.contains(field), "{refused:?}");
    }
    let refused = served.post(&preview, &token, &json!({ "status": ["completed"] }));
    assert_eq!(refused.status, 422, "{refused:?}");
}
