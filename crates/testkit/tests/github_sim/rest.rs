use hookyard_testkit::github_sim::Deliver;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn an_apps_token_is_checked_as_github_checks_it() {
    let world = World::start().await;
    assert_eq!(world.get("/app", &world.app_token(-60, 540)).await.status(), StatusCode::OK);
    for (issued_s, expires_s, word) in
        [(-60, 700, "too far"), (-700, -60, "future"), (300, 540, "Issued at")]
    {
        let response = world.get("/app", &world.app_token(issued_s, expires_s)).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let body: Value = response.json().await.unwrap();
        assert!(body["message"].as_str().unwrap().contains(word), "{body}");
    }
    let mut forged = world.app_token(-60, 540);
    forged.truncate(forged.len() - 4);
    assert_eq!(world.get("/app", &(forged + "AAAA")).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_installation_cannot_ask_as_the_app_nor_the_app_as_an_installation() {
    let world = World::start().await;
    let token = world.installation_token().await;
    assert_eq!(world.get("/app", &token).await.status(), StatusCode::UNAUTHORIZED);
    let response = world.get("/repos/octo-org/skills", &world.app_token(-60, 540)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn answers_count_down_the_limit() {
    let world = World::start().await;
    let token = world.installation_token().await;
    let mut left = Vec::new();
    for path in ["/repos/octo-org/skills", "/repos/octo-org/skills/commits/main", "/rate_limit"] {
        let response = world.get(path, &token).await;
        assert_eq!(response.status(), StatusCode::OK);
        left.push(response.headers()["x-ratelimit-remaining"].to_str().unwrap().to_owned());
    }
    assert_eq!(left, ["4999", "4998", "4998"]);
}

#[tokio::test]
async fn a_blob_comes_as_base64_unless_raw_is_asked_for() {
    let world = World::start().await;
    let token = world.installation_token().await;
    let sha = &world.repo.ls_tree("main").unwrap()[0].sha;
    let response = world.get(&format!("/repos/octo-org/skills/git/blobs/{sha}"), &token).await;
    let blob: Value = response.json().await.unwrap();
    assert_eq!(
        (&blob["content"], &blob["encoding"], &blob["size"]),
        (&json!("b25l"), &json!("base64"), &json!(3))
    );
}

#[tokio::test]
async fn any_value_makes_a_tree_recursive() {
    let world = World::start().await;
    let token = world.installation_token().await;
    for (query, expected) in [("", 1), ("?recursive=1", 3), ("?recursive=false", 3)] {
        let response =
            world.get(&format!("/repos/octo-org/skills/git/trees/main{query}"), &token).await;
        let tree: Value = response.json().await.unwrap();
        assert_eq!(tree["tree"].as_array().unwrap().len(), expected, "{query}");
        assert_eq!(tree["truncated"], json!(false));
    }
}

#[tokio::test]
async fn deliveries_are_listed_page_by_page_and_shown_with_their_payload() {
    let world = World::start().await;
    for _ in 0..3 {
        world.sim.deliver(Deliver::new("ping", json!({ "zen": "z" }))).await.unwrap();
    }
    let app = world.app_token(-60, 540);
    let first = world.get("/app/hook/deliveries?per_page=2", &app).await;
    let link = first.headers()["link"].to_str().unwrap().to_owned();
    let first: Vec<Value> = first.json().await.unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let second: Vec<Value> = world.get(next, &app).await.json().await.unwrap();
    assert_eq!((first.len(), second.len()), (2, 1));
    assert_eq!((&first[0]["status"], &first[0]["status_code"]), (&json!("OK"), &json!(202)));

    let id = &second[0]["id"];
    let shown: Value =
        world.get(&format!("/app/hook/deliveries/{id}"), &app).await.json().await.unwrap();
    assert_eq!(shown["request"]["payload"]["zen"], "z");
    assert_eq!(shown["guid"], second[0]["guid"]);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_in_githubs_words() {
    let world = World::start().await;
    let token = world.installation_token().await;
    let response = world.get("/repos/octo-org/other", &token).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["message"], &body["status"]), (&json!("Not Found"), &json!("404")));
}
