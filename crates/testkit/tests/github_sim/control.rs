use http::StatusCode;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn a_branch_is_moved_over_http() {
    let mut world = World::start().await;
    let before = world.head();
    let after = world.repo.write("b", "2").commit("second").unwrap();
    let (status, moved) =
        world.post("/_sim/branches/main", &json!({ "sha": after, "deliveryId": "d-1" })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&moved["before"], &moved["after"]), (&json!(before), &json!(after)));
    assert_eq!(
        (&moved["deliveries"][0]["status"], &moved["deliveries"][0]["deliveryId"]),
        (&json!(202), &json!("d-1"))
    );

    let quiet = json!({ "sha": null, "deliver": false });
    let (_, moved) = world.post("/_sim/branches/main", &quiet).await;
    assert_eq!((&moved["after"], &moved["deliveries"]), (&json!("0".repeat(40)), &json!([])));
    assert_eq!(world.receiver.received().len(), 1);

    let (_, moved) = world.post("/_sim/branches/feature%2Fx", &json!({ "sha": "main" })).await;
    assert_eq!(moved["after"], json!(after));
    assert_eq!(world.sim.head("feature/x"), Some(after));
}

#[tokio::test]
async fn a_wrong_call_says_what_is_wrong() {
    let world = World::start().await;
    for (path, body, expected) in [
        ("/_sim/branches/main", json!({ "sha": "nonsense" }), StatusCode::BAD_REQUEST),
        ("/_sim/branches/main", json!({ "commit": "main" }), StatusCode::BAD_REQUEST),
        ("/_sim/branches/main", json!({ "repository": "no/such" }), StatusCode::BAD_REQUEST),
        (
            "/_sim/faults",
            json!({ "faults": [{ "route": "blob", "kind": "explode" }] }),
            StatusCode::BAD_REQUEST,
        ),
        ("/_sim/deliveries/77/redeliver", json!({}), StatusCode::BAD_REQUEST),
        ("/_sim/nothing", json!({}), StatusCode::NOT_FOUND),
    ] {
        let (status, answer) = world.post(path, &body).await;
        assert_eq!(status, expected, "{path} {body}");
        assert!(!answer["error"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn faults_are_set_and_ended_over_http() {
    let world = World::start().await;
    let token = world.installation_token().await;
    let fault = json!({ "route": "*", "kind": "rate_limit_secondary", "status": 429, "retryAfterS": 9, "times": 1 });
    world.post("/_sim/faults", &json!({ "faults": [fault], "seed": 3 })).await;
    let refused = world.get("/repos/octo-org/skills", &token).await;
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"9".parse().unwrap())
    );
    assert_eq!(world.get("/repos/octo-org/skills", &token).await.status(), StatusCode::OK);
    let (_, state) = world.post("/_sim/faults", &json!({ "faults": [] })).await;
    assert_eq!(state["faults"], json!([]));
}

#[tokio::test]
async fn the_state_shows_branches_and_requests() {
    let world = World::start().await;
    let token = world.installation_token().await;
    world.get("/repos/octo-org/skills", &token).await;
    let state: Value = world.get("/_sim/state", "").await.json().await.unwrap();
    assert_eq!(state["repositories"][0]["branches"]["main"], json!(world.head()));
    assert_eq!((&state["requests"]["repo"], &state["requests"]["token"]), (&json!(1), &json!(1)));
    assert_eq!(state["requestsTotal"], json!(2));
}

#[tokio::test]
async fn the_limit_and_the_installation_are_changed_over_http() {
    let world = World::start().await;
    let token = world.installation_token().await;
    world.post("/_sim/rate-limit", &json!({ "remaining": 0, "resetInS": 60 })).await;
    let refused = world.get("/repos/octo-org/skills", &token).await;
    assert_eq!(
        (refused.status(), &refused.headers()["x-ratelimit-remaining"]),
        (StatusCode::FORBIDDEN, &"0".parse().unwrap())
    );
    world.post("/_sim/installation", &json!({ "deleted": true })).await;
    assert_eq!(
        world.get("/repos/octo-org/skills", &token).await.status(),
        StatusCode::UNAUTHORIZED
    );
}
