//! Lists as files, and finding what somebody has a part of.

use serde_json::{Value, json};

use crate::http::{Answer, Served};
use crate::yard::{Yard, items, text};

const ACME: &str = "/v1/workspaces/acme";

impl Served {
    /// Downloads a file: an old client, so that the body comes as it is and ends with the connection.
    fn download(&self, path: &str, token: &str) -> Answer {
        self.raw(&format!(
            "GET {path} HTTP/1.0\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
        ))
    }
}

#[tokio::test]
async fn a_list_is_exported_whole_with_its_filter_and_no_formula_in_it() {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "owner");
    let members = format!("{ACME}/members");
    for n in 0..120 {
        let reason =
            if n == 7 { "=HYPERLINK(\"https://evil.example\",1)" } else { "because, of \"it\"" };
        let body = json!({ "name": format!("@m{n}"), "role": "member", "reason": reason });
        assert_eq!(served.post(&members, &ada, &body).status, 201);
    }
    let csv = served.download(&format!("{ACME}/export/audit-log/csv?action=member.add"), &ada);
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let name = "attachment; filename=\"audit-log_action-member.add.csv\"";
    assert_eq!(csv.header("content-disposition"), Some(name));
    let lines: Vec<&str> = csv.body.trim_end().split("\r\n").collect();
    // A header, ada, and the 120.
    assert_eq!(lines.len(), 122, "{}", csv.body);
    assert!(csv.body.contains(r#","'=HYPERLINK(""https://evil.example"",1)","#), "{}", csv.body);
    assert!(csv.body.contains(r#","because, of ""it""","#));
    for cell in csv.body.split([',', '\n']) {
        assert!(!cell.starts_with(['=', '+', '@', '-']), "{cell}");
    }
    let file = served.download(&format!("{ACME}/export/audit-log/json?action=member.add"), &ada);
    let rows: Value = file.json();
    let ids: std::collections::BTreeSet<String> =
        rows.as_array().unwrap().iter().map(|row| text(row, "id")).collect();
    assert_eq!(ids.len(), 121);
    assert!(rows.as_array().unwrap().iter().all(|row| row["action"] == "member.add"));
    let none = served.download(&format!("{ACME}/export/audit-log/json?action=none"), &ada);
    assert_eq!(none.json(), json!([]));
}

#[tokio::test]
async fn every_list_has_a_file_in_both_formats_and_no_other() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.id(&["connector", "target", "resync", &target]);
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "owner");
    let (_, bob) = yard.member("acme", "bob", "member");
    let nouns =
        ["sync-events", "events", "deliveries", "dead-letters", "audit-log", "config-objects"];
    for noun in nouns {
        for format in ["csv", "json"] {
            let path = format!("{ACME}/export/{noun}/{format}");
            assert_eq!(served.download(&path, &ada).status, 200, "{path}");
            assert_eq!(served.get(&format!("{path}?odd=1"), &ada).status, 400, "{path}");
        }
        assert_eq!(served.get(&format!("{ACME}/export/{noun}/xlsx"), &ada).status, 404, "{noun}");
    }
    let syncs = format!("{ACME}/export/sync-events/json");
    assert_eq!(served.download(&syncs, &ada).json()[0]["targetId"], json!(target));
    // What a member may not see in a list is in no file of theirs either.
    assert_eq!(served.download(&syncs, &bob).json(), json!([]));
}

#[tokio::test]
async fn something_is_found_by_whatever_somebody_has_of_it() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.id(&["connector", "target", "resync", &target]);
    let sync = text(&items(&yard.json(&["sync-events", "list"]))[0], "id");
    let served = Served::start(&yard);
    let (member, ada) = yard.member("acme", "ada", "owner");
    let (_, bob) = yard.member("acme", "bob", "member");
    let find = |q: &str, token: &str| {
        let answer = served.get(&format!("{ACME}/search?q={q}"), token);
        assert_eq!(answer.status, 200, "{q}: {answer:?}");
        answer.json()["item"].clone()
    };
    let found = find("octo/skills", &ada);
    assert_eq!(found["reading"], json!({ "as": "repository", "of": "octo/skills" }));
    assert_eq!(found["syncEvents"][0]["id"], json!(sync));
    assert_eq!(find("octo/skills", &bob)["syncEvents"], json!([]));
    let named = json!({ "as": "id", "of": { "noun": "member", "id": member } });
    assert_eq!(find(&member, &ada)["reading"], named);
    assert_eq!(find("9f2c1ab", &ada)["reading"]["as"], "sha");
    assert_eq!(find("skills/a/SKILL.md", &ada)["reading"]["as"], "path");
    for q in ["", "q=", "q=%20", &format!("q={}", "x".repeat(501))] {
        let answer = served.get(&format!("{ACME}/search?{q}"), &ada);
        assert_eq!((answer.status, &answer.json()["details"]["field"]), (400, &json!("q")), "{q}");
    }
}
