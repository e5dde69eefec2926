//! The pages of sync events.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, text};

const LIST: &str = "/w/acme/sync-events";

/// A failed sync event whose every text is hostile.
const HOSTILE: &str = "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, started_at,
        repository, git_ref, delivery_id, event_type, announced_sha, error, reason)
     select uuid_v7(now()), workspace_id, id, 'push', 'failed', now(), now(), 'octo/skills',
            'refs/heads/<script>alert(1)</script>', '\"><img src=x onerror=alert(1)>', 'github.<b>push</b>',
            'javascript:alert(1)', '</pre><script>alert(1)</script>' || chr(8238), 'deletion_guard'
       from connector_target";

#[tokio::test]
async fn the_list_narrows_by_what_the_address_says_and_an_odd_address_is_refused() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.execute(HOSTILE).await;
    yard.id(&["connector", "target", "resync", &target]);
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let rows = |page: &str| page.matches("class=\"rowlink\"").count();
    assert_eq!(rows(&ada.page(LIST)), 2);
    assert_eq!(rows(&ada.page(&format!("{LIST}?status=partial,failed"))), 1);
    assert_eq!(rows(&ada.page(&format!("{LIST}?status=queued,running"))), 1);
    assert_eq!(rows(&ada.page(&format!("{LIST}?q=octo/skills&since=1h"))), 2);
    let none = ada.page(&format!("{LIST}?q=9f2c1ab"));
    assert!(none.contains("No sync event is like this") && none.contains("read as SHA"), "{none}");
    for query in ["status=odd", "colour=red", "since=yesterday", "after=x", "target=evt_1"] {
        let answer = ada.open(&format!("{LIST}?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains(query.split('=').next().unwrap()), "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn what_comes_from_outside_stays_text_on_every_page() {
    let yard = Yard::new().await;
    yard.tracked();
    yard.execute(HOSTILE).await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let failed = yard.json(&["sync-events", "list", "--status", "failed"]);
    let id = text(&items(&failed)[0], "id");
    for path in [LIST.to_owned(), format!("{LIST}/{id}")] {
        let page = ada.page(&path);
        for markup in
            ["<script>", "<img", "<b>push", "href=\"javascript", "href=\"https://github.com"]
        {
            assert!(!page.contains(markup), "{markup} in {path}");
        }
        assert!(page.contains("&lt;script&gt;"), "{path}");
    }
}

#[tokio::test]
async fn a_failed_sync_tells_its_story_and_is_retried_by_its_button() {
    let yard = Yard::new().await;
    yard.tracked();
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(HOSTILE).await;
    yard.execute("update sync_event set reason = null, error = 'GitHub answered 404'").await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let id = text(&items(&yard.json(&["sync-events", "list"]))[0], "id");
    let page = ada.page(&format!("{LIST}/{id}"));
    for part in ["GitHub answered 404", "Timeline", "<b>Queued</b>", "<b>Recorded</b>", &id] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let answer = ada.submit(&page, &format!("{LIST}/{id}/retry"), &[("reason", "it is back")]);
    assert_eq!(answer.status, 303, "{answer:?}");
    let next = answer.header("location").unwrap().to_owned();
    assert_ne!(next, format!("{LIST}/{id}"));
    let page = ada.page(&next);
    assert!(page.contains("id=\"done\"") && page.contains("it is back"), "{page}");
    assert!(!ada.page(&next).contains("id=\"done\""), "said once");
    let line = &items(&yard.json(&["audit", "list"]))[0].clone();
    assert_eq!(
        (text(line, "action"), text(line, "reason")),
        ("sync_event.retry".into(), "it is back".into())
    );
    assert!(text(line, "actor").starts_with("member:"), "{line}");
}

#[tokio::test]
async fn a_viewer_reads_and_a_stranger_sees_nothing() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute(HOSTILE).await;
    let (bob, token) = yard.member("bob", "member");
    yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut bob_reads = Reader::signed_in(&served, &token);
    let failed = yard.json(&["sync-events", "list", "--status", "failed"]);
    let path = format!("{LIST}/{}", text(&items(&failed)[0], "id"));
    assert!(!bob_reads.page(LIST).contains("rowlink"));
    assert_eq!(bob_reads.open(&path).status, 403);
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
    assert!(bob_reads.page(LIST).contains("rowlink"));
    let page = bob_reads.page(&path);
    assert!(!page.contains("/retry\""), "a viewer has no button: {page}");
    let csrf = crate::reader::csrf(&page).to_owned();
    let answer = bob_reads.send(&format!("{path}/retry"), &[("csrf", &csrf)], "");
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.body.contains("an editor of the connector instance"), "{answer:?}");
}
