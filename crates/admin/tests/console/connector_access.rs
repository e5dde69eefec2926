//! Who may do what with connectors, by way of their pages.

use crate::http::Served;
use crate::reader::{Reader, csrf};
use crate::yard::{Tracked, Yard, items, text};

/// Everything that a form of these things posts to, with who has to be let in.
fn actions(tracked: &Tracked) -> Vec<(String, &'static str)> {
    let mut out = Vec::new();
    for verb in ["disconnect", "reconnect", "instances/add"] {
        let path = format!("/w/acme/connector-accounts/{}/{verb}", tracked.account);
        out.push((path, "an admin of the workspace"));
    }
    for verb in ["rename", "sync-now", "enable", "disable", "archive", "remove", "targets/add"] {
        let path = format!("/w/acme/connector-instances/{}/{verb}", tracked.instance);
        out.push((path, "an editor of the connector instance"));
    }
    let access = format!("/w/acme/connector-instances/{}/access", tracked.instance);
    out.push((access, "a manager of the connector instance"));
    for verb in ["resync", "confirm-deletions", "branch", "disable", "enable", "mappings/add"] {
        let path = format!("/w/acme/connector-targets/{}/{verb}", tracked.target);
        out.push((path, "an editor of the connector instance"));
    }
    out
}

#[tokio::test]
async fn a_viewer_reads_has_no_buttons_and_is_refused_by_every_form() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let (bob, token) = yard.member("bob", "member");
    let served = Served::start(&yard);
    let mut bob_reads = Reader::signed_in(&served, &token);
    let instance = format!("/w/acme/connector-instances/{}", tracked.instance);
    let target = format!("/w/acme/connector-targets/{}", tracked.target);
    assert_eq!(bob_reads.open(&instance).status, 403);
    assert_eq!(bob_reads.open(&target).status, 403);
    assert!(!bob_reads.page("/w/acme/connectors").contains(&tracked.instance));
    yard.id(&[
        "grant",
        "put",
        "--instance",
        &tracked.instance,
        "--member",
        &bob,
        "--role",
        "viewer",
    ]);
    for path in [&instance, &target] {
        let page = bob_reads.page(path);
        assert!(page.contains("You can read this."), "{page}");
        for (action, _) in actions(&tracked) {
            assert!(!page.contains(&format!("\"{action}\"")), "{action} on {path}: {page}");
        }
    }
    let account = bob_reads.page(&format!("/w/acme/connector-accounts/{}", tracked.account));
    assert!(!account.contains("Disconnect …") && account.contains("Skills"), "{account}");
    let token = csrf(&account).to_owned();
    for (action, needs) in actions(&tracked) {
        let fields =
            [("csrf", &*token), ("name", "octo"), ("to", "everybody"), ("role", "manager")];
        let answer = bob_reads.send(&action, &fields, "sec-fetch-site: same-origin\r\n");
        assert_eq!(answer.status, 403, "{action}: {answer:?}");
        assert!(answer.body.contains(needs), "{action}: {answer:?}");
    }
    assert_eq!(bob_reads.open("/w/acme/sources").status, 403);
}

#[tokio::test]
async fn access_is_granted_to_a_member_a_team_and_everybody_and_revoked() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let (_, token) = yard.member("ada", "admin");
    let (bob, _) = yard.member("bob", "member");
    let team = yard.id(&["team", "create", "--workspace", "acme", "--name", "docs"]);
    yard.id(&["workspace", "create", "else", "--name", "Else"]);
    let stranger = yard.id(&["member", "add", "--workspace", "else", "--name", "eve"]);
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let path = format!("/w/acme/connector-instances/{}/access", tracked.instance);
    let page = ada.page(&path);
    assert!(page.contains("Nothing is granted here") && page.contains("Team docs"), "{page}");
    assert!(!page.contains(&stranger));
    for to in [stranger.as_str(), "nobody", ""] {
        let refused = ada.submit(&page, &path, &[("to", to), ("role", "editor")]);
        assert_eq!(refused.status, 422, "{to}: {refused:?}");
        assert!(refused.body.contains("field-to-error"), "{to}: {refused:?}");
    }
    let refused = ada.submit(&page, &path, &[("to", &bob), ("role", "king")]);
    assert!(refused.status == 422 && refused.body.contains("field-role-error"), "{refused:?}");
    for (to, role) in [(&*bob, "viewer"), (&*team, "editor"), ("everybody", "viewer")] {
        let done = ada.submit(&page, &path, &[("to", to), ("role", role), ("reason", "new here")]);
        assert_eq!(done.status, 303, "{to}: {done:?}");
    }
    let again = ada.submit(&page, &path, &[("to", &bob), ("role", "manager")]);
    assert_eq!(again.status, 303);
    let page = ada.page(&path);
    assert!(page.contains("Granted: bob is a manager of it now.") && page.contains("3 grants"));
    let listed = yard.json(&["grant", "list", "--instance", &tracked.instance]);
    let grant = items(&listed).iter().find(|it| it["name"] == "bob").unwrap();
    assert_eq!(text(grant, "role"), "manager");
    let revoke = format!("{path}/{}/revoke", text(grant, "id"));
    assert_eq!(ada.submit(&page, &revoke, &[]).status, 303);
    assert!(ada.page(&path).contains("2 grants"));
}

#[tokio::test]
async fn ids_of_another_workspace_are_not_found_on_any_page_of_connectors() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute(
        "insert into connector_mapping (id, workspace_id, target_id, selector, object_type)
         select uuid_v7(now()), workspace_id, id, 'skills/**', 'skill' from connector_target",
    )
    .await;
    let mapping = text(&items(&yard.json(&["connector", "mapping", "list"]))[0], "id");
    let create = ["source", "create", "--workspace", "acme", "--provider", "github"];
    let create = [&create[..], &["--slug", "own", "--secret-stdin", "--json"]].concat();
    let source = text(&yard.run_with(&create, "a secret").json(), "id");
    yard.id(&["workspace", "create", "else", "--name", "Else"]);
    let owner =
        yard.id(&["member", "add", "--workspace", "else", "--name", "eve", "--role", "owner"]);
    let token = text(&yard.json(&["token", "create", "--member", &owner]), "token");
    let served = Served::start(&yard);
    let mut eve = Reader::signed_in(&served, &token);
    let csrf = csrf(&eve.page("/w/else/connectors")).to_owned();
    let mut posts: Vec<String> = actions(&tracked).into_iter().map(|(path, _)| path).collect();
    posts.extend(["edit", "remove"].map(|it| format!("/w/acme/connector-mappings/{mapping}/{it}")));
    posts
        .extend(["rotate", "disable", "enable"].map(|it| format!("/w/acme/sources/{source}/{it}")));
    for path in posts {
        let own = path.replace("/w/acme/", "/w/else/");
        for path in [&path, &own] {
            let answer = eve.send(path, &[("csrf", &csrf)], "sec-fetch-site: same-origin\r\n");
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
        }
    }
    for (noun, id) in [
        ("connector-accounts", &tracked.account),
        ("connector-instances", &tracked.instance),
        ("connector-targets", &tracked.target),
    ] {
        assert_eq!(eve.open(&format!("/w/else/{noun}/{id}")).status, 404, "{noun}");
    }
}
