//! The page of sources: their state, their secrets once, and what is done to them.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, text};

const LIST: &str = "/w/acme/sources";

#[tokio::test]
async fn a_source_is_added_rotated_and_switched_off_and_its_secret_is_shown_once() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    assert!(ada.page(LIST).contains("No source of this workspace"));
    let add = "/w/acme/sources/add";
    let form = ada.page(add);
    let pasted = "pasted-very-secret";
    let fields = [("provider", "linear"), ("slug", "Not A Label"), ("secret", pasted)];
    let refused = ada.submit(&form, add, &fields);
    assert_eq!(refused.status, 422, "{refused:?}");
    for part in ["field-slug-error", "value=\"Not A Label\"", "value=\"linear\" selected"] {
        assert!(refused.body.contains(part), "{part} in {refused:?}");
    }
    assert!(!refused.body.contains(pasted));
    let fields = [("provider", "linear"), ("slug", "bugs"), ("secret", pasted)];
    let done = ada.submit(&form, add, &fields);
    assert!(done.status == 200 && !done.body.contains(pasted), "{done:?}");
    let taken = ada.submit(&form, add, &fields);
    assert!(taken.status == 422 && taken.body.contains("has a source of the slug bugs already"));
    let long = "x".repeat(1025);
    let fields = [("provider", "github"), ("slug", "hooks"), ("secret", &long)];
    let refused = ada.submit(&form, add, &fields);
    assert!(refused.status == 422 && refused.body.contains("field-secret-error"), "{refused:?}");
    let made = ada.submit(&form, add, &[("provider", "github"), ("slug", "hooks")]).body;
    let secret = made.split("aria-label=\"Signing secret\"><code>").nth(1).unwrap();
    let secret = secret.split('<').next().unwrap();
    assert_eq!(secret.len(), 43, "{made}");

    let listed = yard.json(&["source", "list"]);
    let hooks = items(&listed).iter().find(|it| it["slug"] == "hooks").unwrap();
    let path = |verb: &str| format!("/w/acme/sources/{}/{verb}", text(hooks, "id"));
    let page = ada.page(LIST);
    for part in ["<b>2 sources</b>: 0 with failing signatures", "no call yet", &text(hooks, "path")]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains(secret) && !page.contains(pasted));
    let form = ada.page(&path("rotate"));
    let refused = ada.submit(&form, &path("rotate"), &[("keep", "9999999999")]);
    assert!(refused.status == 422 && refused.body.contains("field-keep-error"), "{refused:?}");
    let rotated = ada.submit(&form, &path("rotate"), &[("keep", "3600"), ("reason", "leaked")]);
    assert!(rotated.status == 200 && !rotated.body.contains(secret), "{rotated:?}");
    let page = ada.page(LIST);
    assert!(page.contains("1 with a rotation under way") && page.contains("the one before ends"));
    let line = items(&yard.json(&["audit", "list"]))[0].clone();
    assert_eq!(
        (text(&line, "action"), text(&line, "reason")),
        ("source.rotate".into(), "leaked".into())
    );

    let form = ada.page(&path("disable"));
    assert_eq!(ada.submit(&form, &path("disable"), &[]).status, 303);
    let page = ada.page(LIST);
    assert!(page.contains("1 disabled.") && page.contains("Enable"), "{page}");
    assert_eq!(ada.submit(&page, &path("enable"), &[]).status, 303);
    assert!(ada.page(LIST).contains("0 disabled."));
}

#[tokio::test]
async fn a_source_whose_signatures_fail_says_so_until_one_is_verified() {
    let yard = Yard::new().await;
    yard.workspace();
    let create =
        ["source", "create", "--workspace", "acme", "--provider", "github", "--slug", "own"];
    yard.run_with(&[&create[..], &["--secret-stdin", "--json"]].concat(), "a secret").json();
    yard.execute(
        "insert into signature_failures (source_id, window_start, failures)
         select id, now() - interval '20 minutes', 12 from source",
    )
    .await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(LIST);
    assert!(
        page.contains("1 with failing signatures") && page.contains("12 calls or more"),
        "{page}"
    );
    yard.execute(
        "insert into event (id, source_id, workspace_id, body_bytes, origin, type, body)
         select uuid_v7(now()), id, workspace_id, 2, 'webhook', 'github.push', '{}' from source",
    )
    .await;
    let page = ada.page(LIST);
    assert!(page.contains("0 with failing signatures") && page.contains("last verified"), "{page}");
}
