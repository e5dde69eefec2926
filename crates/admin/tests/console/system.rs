//! The audit log's filters, lists as files, and the doctor on a page.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, text};

#[tokio::test]
async fn the_audit_log_is_narrowed_by_who_what_and_when() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let (bob, _) = yard.member("bob", "member");
    yard.json(&["member", "set-role", &bob, "admin", "--reason", "x"]);
    let served = Served::start(&yard);
    let mut reader = Reader::signed_in(&served, &token);
    let rows = |page: &str| page.matches("<tr role=\"row\" id=\"aud_").count();
    let log = reader.page("/w/acme/audit-log");
    assert!(log.contains("member.add") && log.contains("token.create"), "{log}");
    let all = rows(&log);
    let added = reader.page("/w/acme/audit-log?action=member.add");
    assert_eq!(rows(&added), 2, "{added}");
    assert!(rows(&reader.page(&format!("/w/acme/audit-log?subject={bob}"))) >= 2);
    assert_eq!(rows(&reader.page("/w/acme/audit-log?since=1h")), all);
    let none = reader.page("/w/acme/audit-log?actor=nobody&since=1h");
    assert!(none.contains("No change is like this") && none.contains("Look at any time"));
    for wrong in ["since=soon", "odd=1", "after=x"] {
        assert_eq!(reader.open(&format!("/w/acme/audit-log?{wrong}")).status, 400, "{wrong}");
    }
    // The file has what the page shows, with its filter.
    let link = added.split("href=\"").find(|part| part.contains("/export/audit-log/json")).unwrap();
    let link = link.split('"').next().unwrap();
    assert_eq!(link, "/w/acme/export/audit-log/json?action=member.add");
    let file = reader.open(link);
    let name = "attachment; filename=\"audit-log_action-member.add.json\"";
    assert_eq!((file.status, file.header("content-disposition")), (200, Some(name)));
    assert_eq!(file.header("x-hookyard-rows-max"), Some("100000"));
    assert!(added.contains("(at most the newest 100,000 rows)"), "{added}");
    assert_eq!(file.body.matches("\"action\":\"member.add\"").count(), 2, "{file:?}");
}

#[tokio::test]
async fn an_operator_examines_the_deployment_and_an_admin_sees_only_the_workspace() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let operator = text(&yard.json(&["token", "create", "--operator"]), "token");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page("/w/acme/system");
    assert!(page.contains("No worker was heard of") && !page.contains("Rejected messages"));
    assert_eq!(ada.open("/w/acme/system/examination").status, 403);
    let mut root = Reader::signed_in(&served, &operator);
    let page = root.page("/w/acme/system");
    assert!(page.contains("Rejected messages") && page.contains("All work is done."), "{page}");
    let page = root.page("/w/acme/system/examination");
    assert!(page.contains("PostgreSQL answers") && page.contains("looked at."), "{page}");
}
