//! What the buttons and forms of connectors do.

use serde_json::json;

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, text};

#[tokio::test]
async fn an_account_is_added_and_disconnected_by_its_name_and_comes_back() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let add = "/w/acme/connector-accounts/add";
    let page = ada.page(add);
    let refused = ada.submit(&page, add, &[("installation", "-3"), ("login", "octo\"><b>")]);
    assert_eq!(refused.status, 422, "{refused:?}");
    for part in
        ["An installation id is a positive number.", "field-installation-error", "value=\"-3\""]
    {
        assert!(refused.body.contains(part), "{part} in {refused:?}");
    }
    assert!(refused.body.contains("octo&quot;&gt;&lt;b&gt;"), "{refused:?}");
    let done = ada.submit(&page, add, &[("installation", "7"), ("login", "octo")]);
    assert_eq!(done.status, 303, "{done:?}");
    let account = done.header("location").unwrap().to_owned();
    let again = ada.submit(&page, add, &[("installation", "7"), ("login", "octo")]);
    assert!(again.status == 422 && again.body.contains("has the installation 7 already"));
    let way = "<a href=\"/w/acme/connectors\">To the connectors</a>";
    assert!(again.body.contains("It is among the connectors.") && again.body.contains(way));
    assert!(!again.body.contains("hookyard-admin connector"), "{again:?}");

    let instances = format!("{account}/instances/add");
    let form = ada.page(&instances);
    assert_eq!(ada.submit(&form, &instances, &[("name", " ")]).status, 422);
    let made = ada.submit(&form, &instances, &[("name", "Skills")]);
    assert_eq!(made.status, 303, "{made:?}");

    let disconnect = format!("{account}/disconnect");
    let form = ada.page(&disconnect);
    assert!(form.contains("Instances archived</dt><dd>1</dd>"), "{form}");
    let wrong = ada.submit(&form, &disconnect, &[("name", "Octo"), ("reason", "moved")]);
    assert_eq!(wrong.status, 422, "{wrong:?}");
    assert!(wrong.body.contains("value=\"moved\"") && wrong.body.contains("This is not its name."));
    assert!(ada.page(&account).contains("Disconnect …"));
    let done = ada.submit(&form, &disconnect, &[("name", "octo"), ("reason", "moved")]);
    assert_eq!(done.status, 303, "{done:?}");
    let line = items(&yard.json(&["audit", "list"]))[0].clone();
    assert_eq!(text(&line, "action"), "connector_account.disconnect");
    assert_eq!(text(&line, "reason"), "moved");
    let page = ada.page(&account);
    assert!(page.contains("Disconnected.") && !page.contains("Disconnect …"), "{page}");
    let form = ada.page(&instances);
    let refused = ada.submit(&form, &instances, &[("name", "Prompts")]);
    assert!(refused.status == 422 && refused.body.contains("Connect it again first."));
    let way = format!("<a href=\"{account}\">To the account</a>");
    assert!(refused.body.contains(&way) && !refused.body.contains("hookyard-admin connector"));
    assert_eq!(ada.submit(&page, &format!("{account}/reconnect"), &[]).status, 303);
    assert!(ada.page(&account).contains("Disconnect …"));
}

#[tokio::test]
async fn an_instance_is_renamed_switched_and_removed() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let path = format!("/w/acme/connector-instances/{}", tracked.instance);
    let at = |rest: &str| format!("{path}{rest}");
    let form = ada.page(&at("/rename"));
    let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let long = "x".repeat(201);
    let refused = ada.submit(&form, &at("/rename"), &[("name", &long), ("seen", seen)]);
    assert!(refused.status == 422 && refused.body.contains(&long), "{refused:?}");
    let done = ada.submit(&form, &at("/rename"), &[("name", "Prompts"), ("seen", seen)]);
    assert_eq!(done.status, 303, "{done:?}");
    let stale = ada.submit(&form, &at("/rename"), &[("name", "Other"), ("seen", seen)]);
    assert!(stale.status == 422 && stale.body.contains("was changed meanwhile"), "{stale:?}");

    let page = ada.page(&path);
    assert!(page.contains("<h1><bdi>Prompts</bdi></h1>"), "{page}");
    assert_eq!(ada.submit(&page, &at("/sync-now"), &[]).status, 303);
    assert!(ada.page(&path).contains("Queued 1 sync."));
    assert_eq!(ada.submit(&page, &at("/disable"), &[]).status, 303);
    let page = ada.page(&path);
    assert!(page.contains("It follows nothing at present") && !page.contains("Sync now"), "{page}");
    assert_eq!(ada.submit(&page, &at("/archive"), &[]).status, 303);
    let page = ada.page(&path);
    assert_eq!(ada.submit(&page, &at("/enable"), &[]).status, 303);

    let form = ada.page(&at("/auto-import"));
    assert!(form.contains("<option value=\"unset\" selected"), "{form}");
    let refused = ada.submit(&form, &at("/auto-import"), &[("to", "maybe")]);
    assert!(refused.status == 422 && refused.body.contains("Choose one of the three."));
    let done = ada.submit(&form, &at("/auto-import"), &[("to", "off"), ("reason", "by hand")]);
    assert_eq!(done.status, 303, "{done:?}");
    let page = ada.page(&path);
    assert!(page.contains("New plugins are chosen by hand."), "{page}");
    let stale = ada.submit(&form, &at("/auto-import"), &[("to", "on"), ("seen", seen)]);
    assert!(stale.status == 422 && stale.body.contains("was changed meanwhile"), "{stale:?}");

    let form = ada.page(&at("/remove"));
    assert_eq!(ada.submit(&form, &at("/remove"), &[("name", "Skills")]).status, 422);
    let done = ada.submit(&form, &at("/remove"), &[("name", "Prompts"), ("reason", "over")]);
    assert_eq!(done.status, 303, "{done:?}");
    let shown = yard.json(&["connector", "instance", "show", &tracked.instance]);
    assert!(shown.to_string().contains("\"archived\""), "{shown}");
}

#[tokio::test]
async fn a_target_that_needs_a_decision_says_so_and_deletes_only_after_its_name_was_typed() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute("update connector_target set status = 'needs_confirmation'").await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let path = format!("/w/acme/connector-targets/{}", tracked.target);
    let confirm = format!("{path}/confirm-deletions");
    let page = ada.page(&path);
    for part in ["Needs a decision", "more than half", "Somebody must decide.", &confirm] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let form = ada.page(&confirm);
    assert_eq!(ada.submit(&form, &confirm, &[("name", "octo")]).status, 422);
    let newest = || items(&yard.json(&["sync-events", "list"])).first().cloned();
    let before = newest();
    let done = ada.submit(&form, &confirm, &[("name", "octo/skills"), ("reason", "cleaned up")]);
    assert_eq!(done.status, 303, "{done:?}");
    assert_ne!(newest(), before);
    let line = items(&yard.json(&["audit", "list"]))[0].clone();
    assert_eq!(text(&line, "action"), "connector_target.resync");
    assert_eq!(line["after"]["allowDeletions"], json!(true));

    let page = ada.page(&path);
    let done = ada.submit(&page, &format!("{path}/resync"), &[]);
    assert!(done.header("location").unwrap().starts_with("/w/acme/sync-events/sync_"), "{done:?}");
    assert_eq!(ada.submit(&page, &format!("{path}/disable"), &[]).status, 303);
    // From a page that was loaded before.
    let refused = ada.submit(&page, &format!("{path}/resync"), &[]);
    assert!(refused.status == 409 && refused.body.contains("is disabled. Enable it first."));
    let refused = ada.submit(&form, &confirm, &[("name", "octo/skills")]);
    let way = format!("<a href=\"{path}\">To the target</a>");
    assert!(refused.status == 422 && refused.body.contains(&way), "{refused:?}");
    let page = ada.page(&path);
    assert!(page.contains("Switched off here"), "{page}");
    assert_eq!(ada.submit(&page, &format!("{path}/enable"), &[]).status, 303);
    let form = ada.page(&format!("{path}/branch"));
    let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let to = |branch| [("branch", branch), ("seen", seen)];
    let refused = ada.submit(&form, &format!("{path}/branch"), &to("a..b"));
    assert!(refused.status == 422 && refused.body.contains("value=\"a..b\""), "{refused:?}");
    assert_eq!(ada.submit(&form, &format!("{path}/branch"), &to("next")).status, 303);
    assert!(ada.page(&path).contains("@ <bdi>next</bdi></h1>"));
}
