//! Values that no column holds: whoever sends them is told so.

use serde_json::{Value, json};

use crate::http::Served;
use crate::yard::Yard;

const ACME: &str = "/v1/workspaces/acme";
/// Before PostgreSQL's calendar begins.
const LONG_AGO: &str = "-009999-01-02T01:59:59Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_nul_and_a_time_before_all_calendars_are_bad_requests() {
    let yard = Yard::new().await;
    yard.workspace();
    let served = Served::start(&yard);
    let (_, ada) = yard.member("acme", "ada", "admin");
    for (path, field) in [
        ("audit-log?actor=%00", "actor"),
        ("config-objects?path=a%00b", "path"),
        ("deliveries?eventType=%00", "eventType"),
        ("events?deliveryId=%00", "deliveryId"),
        ("export/audit-log/csv?subject=%00", "subject"),
        ("search?q=%00", "q"),
        ("sync-events?q=%00", "q"),
    ] {
        let answer = served.get(&format!("{ACME}/{path}"), &ada);
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert_eq!(answer.json()["details"]["field"], field, "{path}");
    }
    for path in ["audit-log", "events", "export/audit-log/csv"] {
        for since in [LONG_AGO, "80000000h"] {
            let answer = served.get(&format!("{ACME}/{path}?since={since}"), &ada);
            assert_eq!(answer.status, 400, "{path} since {since}: {answer:?}");
        }
    }
    let bodies = [
        ("replays/preview", json!({ "states": ["dead"], "eventType": "\0" })),
        ("replays/preview", json!({ "states": ["dead"], "since": LONG_AGO })),
        ("sync-events/retry-preview", json!({ "q": "\0" })),
        ("sync-events/retry-preview", json!({ "since": LONG_AGO })),
        ("dead-letters/causes/preview", json!({ "cause": { "kind": "sync", "reason": "\0" } })),
    ];
    for (path, body) in bodies {
        let answer = served.post(&format!("{ACME}/{path}"), &ada, &body);
        assert_eq!(answer.status, 400, "{path} {body}: {answer:?}");
        assert_ne!(answer.json()["message"], Value::Null);
    }
}
