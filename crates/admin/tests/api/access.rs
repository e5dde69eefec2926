//! Who is let in, and where.

use serde_json::json;

use crate::http::Served;
use crate::yard::{Yard, text};

impl Yard {
    /// A member of a workspace and a token of theirs.
    pub(crate) fn member(&self, workspace: &str, name: &str, role: &str) -> (String, String) {
        let member =
            self.id(&["member", "add", "--workspace", workspace, "--name", name, "--role", role]);
        let token = text(&self.json(&["token", "create", "--member", &member]), "token");
        (member, token)
    }
}

const LIST: &str = "/v1/workspaces/acme/sync-events";

#[tokio::test]
async fn only_a_valid_token_of_the_workspace_opens_it() {
    let yard = Yard::new().await;
    yard.workspace();
    yard.id(&["workspace", "create", "else", "--name", "Else"]);
    let served = Served::start(&yard);
    let (member, token) = yard.member("acme", "ada", "owner");
    let (_, stranger) = yard.member("else", "eve", "owner");
    let operator = text(&yard.json(&["token", "create", "--operator"]), "token");

    assert_eq!(served.get(LIST, &token).json(), json!({ "items": [], "nextCursor": null }));
    assert_eq!(served.get(LIST, &operator).status, 200);
    let nobody = served.get(LIST, "");
    assert_eq!((nobody.status, nobody.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(served.get(LIST, "hky_nonsense").json()["error"], "unauthorized");

    // Somebody else's workspace is as unknown as one that does not exist.
    let theirs = served.get(LIST, &stranger);
    let none = served.get("/v1/workspaces/none/sync-events", &stranger);
    assert_eq!((theirs.status, none.status), (404, 404));
    assert_eq!(theirs.body.replace("acme", "none"), none.body);

    yard.member("acme", "bob", "owner");
    yard.json(&["member", "remove", &member]);
    assert_eq!(served.get(LIST, &token).status, 401);
}

#[tokio::test]
async fn an_expired_token_is_told_so_and_a_revoked_one_is_unknown() {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, expired) = yard.member("acme", "ada", "owner");
    yard.execute("update token set expires_at = now() - interval '1 s'").await;
    let (member, _) = yard.member("acme", "bob", "owner");
    let revoked = yard.json(&["token", "create", "--member", &member]);
    yard.json(&["token", "revoke", &text(&revoked, "id")]);

    let answer = served.get(LIST, &expired);
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("token_expired")));
    let answer = served.get(LIST, &text(&revoked, "token"));
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("unauthorized")));
}

#[tokio::test]
async fn whoever_tries_tokens_has_to_wait_and_others_do_not() {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, token) = yard.member("acme", "ada", "owner");
    assert_eq!(served.get(LIST, &token).status, 200);
    let statuses: Vec<u16> =
        (0..30).map(|n| served.get(LIST, &format!("hky_{n:06}guess")).status).collect();
    assert!(statuses.starts_with(&[401, 401, 401]), "{statuses:?}");
    let refused = served.get(LIST, "hky_another");
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(served.get(LIST, &token).status, 200);
}

#[tokio::test]
async fn what_cannot_be_understood_is_answered_with_the_field() {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, token) = yard.member("acme", "ada", "owner");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=evt_01h455vb4pex5vsknk084sn02q", "cursor"),
        ("status=odd", "status"),
        ("colour=red", "colour"),
    ] {
        let answer = served.get(&format!("{LIST}?{query}"), &token);
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        assert_eq!(answer.json()["details"]["field"], field, "{query}: {answer:?}");
    }
    assert_eq!(served.get(&format!("{LIST}?limit=&q="), &token).status, 200);

    let answer = served.get(&format!("{LIST}/evt_01h455vb4pex5vsknk084sn02q"), &token);
    assert_eq!((answer.status, &answer.json()["details"]["field"]), (400, &json!("sync_event")));
    let answer = served.get("/v1/nothing", &token);
    assert_eq!((answer.status, &answer.json()["error"]), (404, &json!("not_found")));
    let answer = served.call("PUT", LIST, &token, None);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")));
}

#[tokio::test]
async fn a_workspace_keeps_an_owner_whoever_removes_whom_at_once() {
    let yard = Yard::new().await;
    yard.workspace();
    let (ada, _) = yard.member("acme", "ada", "owner");
    let (bob, _) = yard.member("acme", "bob", "owner");
    let mut both: Vec<_> = [&ada, &bob]
        .map(|id| yard.command(&["member", "remove", id]).spawn().unwrap())
        .into_iter()
        .collect();
    let codes: Vec<bool> = both.iter_mut().map(|child| child.wait().unwrap().success()).collect();
    assert_eq!(codes.iter().filter(|removed| **removed).count(), 1, "{codes:?}");
    let owners = "select count(*) as n from member where role = 'owner' and removed_at is null";
    assert_eq!(yard.number(owners).await, 1);
    let last = if codes[0] { bob } else { ada };
    let ran = yard.run(&["member", "set-role", &last, "admin"]);
    assert!(ran.code != 0 && ran.stderr.contains("at least one owner"), "{ran:?}");
}
