//! What is tracked, set up and changed over HTTP.

use serde_json::{Value, json};

use crate::http::Served;
use crate::yard::{Yard, items, text};

const ACME: &str = "/v1/workspaces/acme";

fn id(item: &Value) -> String {
    text(&item["item"], "id")
}

#[tokio::test]
async fn a_branch_is_tracked_step_by_step() {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "admin");
    let post = |path: &str, body: &Value| served.post(&format!("{ACME}{path}"), &ada, body);
    let get = |path: &str| served.get(&format!("{ACME}{path}"), &ada);

    let account = post("/connector-accounts", &json!({ "installationId": 7, "login": "octo" }));
    assert_eq!(account.status, 201, "{account:?}");
    let account = id(&account.json());
    let new = json!({ "accountId": account, "name": "Skills", "reason": "a trial" });
    let instance = post("/connector-instances", &new);
    assert_eq!(instance.status, 201, "{instance:?}");
    let instance = format!("/connector-instances/{}", id(&instance.json()));
    let new = json!({ "repository": "octo/skills", "repositoryId": 9, "branch": "main" });
    let target = post(&format!("{instance}/targets"), &new);
    assert_eq!(target.status, 201, "{target:?}");
    let target = format!("/connector-targets/{}", id(&target.json()));
    let new = json!({ "selector": "skills/**", "objectType": "skill" });
    let mapping = post(&format!("{target}/mappings"), &new);
    assert_eq!(mapping.status, 201, "{mapping:?}");
    assert_eq!(mapping.json()["item"]["sync"]["queued"], true);
    let mapping = format!("/connector-mappings/{}", id(&mapping.json()));

    let counts = get(&format!("{instance}/configuration")).json();
    assert_eq!((&counts["targetCount"], &counts["mappingCount"]), (&json!(1), &json!(1)));
    let resync = post(&format!("{target}/resync"), &json!({ "allowDeletions": true }));
    assert_eq!((resync.status, &resync.json()["queued"]), (202, &json!(true)));
    assert_eq!(post(&format!("{instance}/sync-now"), &json!({})).status, 202);
    assert_eq!(items(&get(&format!("{target}/mappings")).json()).len(), 1);
    assert_eq!(served.call("DELETE", &format!("{ACME}{mapping}"), &ada, None).status, 204);
    assert_eq!(get(&mapping).json()["error"], "connector_mapping_not_found");
    let removed = post(&format!("{instance}/remove"), &json!({}));
    assert_eq!(removed.json()["item"]["status"], "archived");
    let line = items(&yard.json(&["audit", "list"])).last().unwrap().clone();
    assert!(text(&line, "actor").starts_with("cli:"), "{line}");
}

#[tokio::test]
async fn nobody_takes_an_installation_of_another_workspace_but_an_operator_may_share_it() {
    let yard = Yard::new().await;
    yard.workspace();
    yard.json(&["workspace", "create", "rival", "--name", "Rival"]);
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "owner");
    let (_, eve) = yard.member("rival", "eve", "owner");
    let rivals = "/v1/workspaces/rival/connector-accounts";
    let installation = json!({ "installationId": 7, "login": "octo" });
    let account = served.post(&format!("{ACME}/connector-accounts"), &ada, &installation);
    assert_eq!(account.status, 201, "{account:?}");
    let taken = served.post(rivals, &eve, &installation);
    assert_eq!((taken.status, &taken.json()["error"]), (409, &json!("conflict")), "{taken:?}");
    // Letting go of it gives it to nobody.
    let path = format!("{ACME}/connector-accounts/{}/disconnect", id(&account.json()));
    assert_eq!(served.post(&path, &ada, &json!({})).status, 200);
    assert_eq!(served.post(rivals, &eve, &installation).status, 409);
    assert!(items(&served.get(rivals, &eve).json()).is_empty());
    let add = ["connector", "account", "add", "--workspace", "rival", "--installation-id", "7"];
    yard.json(&[&add[..], &["--login", "octo"]].concat());
    assert_eq!(items(&served.get(rivals, &eve).json()).len(), 1);
}

#[tokio::test]
async fn nobody_undoes_what_another_did_meanwhile() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "owner");
    let instance = format!("{ACME}/connector-instances/{}", tracked.instance);
    let shown = served.get(&instance, &ada);
    let tag = shown.header("etag").unwrap().to_owned();
    let seen = shown.json()["item"]["updatedAt"].clone();
    assert_eq!(tag, seen.to_string());
    let patch = |body: &Value, tag: &str| {
        let body = body.to_string();
        served.raw(&format!(
            "PATCH {instance} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {ada}\r\n{tag}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let first = patch(&json!({ "name": "First" }), &format!("if-match: {tag}\r\n"));
    assert_eq!((first.status, &first.json()["item"]["name"]), (200, &json!("First")));
    let second = patch(&json!({ "name": "Second" }), &format!("if-match: {tag}\r\n"));
    assert_eq!((second.status, &second.json()["error"]), (412, &json!("changed_meanwhile")));
    let second = patch(&json!({ "name": "Second", "updatedAt": seen }), "");
    assert_eq!(second.status, 412);
    let blind = patch(&json!({ "name": "Second" }), "");
    assert_eq!((blind.status, &blind.json()["item"]["name"]), (200, &json!("Second")));
    let nonsense = patch(&json!({ "name": "Third" }), "if-match: yesterday\r\n");
    assert_eq!((nonsense.status, &nonsense.json()["details"]["field"]), (400, &json!("If-Match")));
}

#[tokio::test]
async fn a_body_names_nothing_of_another_workspace() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.id(&["workspace", "create", "else", "--name", "Else"]);
    let served = Served::start(&yard);
    let (_, eve) = yard.member("else", "eve", "owner");
    let path = "/v1/workspaces/else/connector-instances";
    let stolen = served.post(path, &eve, &json!({ "accountId": tracked.account, "name": "Mine" }));
    assert_eq!(
        (stolen.status, &stolen.json()["error"]),
        (404, &json!("connector_account_not_found"))
    );
    let listed = served.get(&format!("{path}?account={}", tracked.account), &eve);
    assert_eq!(listed.status, 404);
    let path = format!("/v1/workspaces/else/connector-targets/{}", tracked.target);
    assert_eq!(served.get(&path, &eve).status, 404);
}

#[tokio::test]
async fn a_member_sees_and_changes_what_a_grant_allows() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let served = Served::start(&yard);
    let (bob, token) = yard.member("acme", "bob", "member");
    let target = format!("{ACME}/connector-targets/{}", tracked.target);
    for list in ["connector-instances", "connector-targets"] {
        assert_eq!(items(&served.get(&format!("{ACME}/{list}"), &token).json()).len(), 0);
    }
    assert_eq!(served.get(&target, &token).status, 403);
    let grant = ["grant", "put", "--instance", &tracked.instance, "--member", &bob, "--role"];
    yard.json(&[&grant[..], &["viewer"]].concat());
    for list in ["connector-instances", "connector-targets"] {
        assert_eq!(items(&served.get(&format!("{ACME}/{list}"), &token).json()).len(), 1);
    }
    let move_it =
        |branch: &str| served.call("PATCH", &target, &token, Some(&json!({ "branch": branch })));
    assert_eq!(move_it("next").status, 403);
    yard.json(&[&grant[..], &["editor"]].concat());
    let moved = move_it("next");
    assert_eq!((moved.status, &moved.json()["item"]["ref"]), (200, &json!("refs/heads/next")));
    let disconnect = format!("{ACME}/connector-accounts/{}/disconnect", tracked.account);
    assert_eq!(served.post(&disconnect, &token, &json!({})).status, 403);
}
