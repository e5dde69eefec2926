//! Sync events: watched, opened, tried again; and who may only read.

use crate::scene::{Scene, at};

#[tokio::test]
async fn a_push_arrives_while_the_list_is_watched_and_its_page_tells_the_story() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    scene.enter().await;
    browser.open(&at("sync-events")).await;
    browser.sees("octo-org/skills").await;
    let before = browser.count("table tbody tr").await;

    scene
        .push("agents/second.md", "---\nname: second\ndescription: Helps, too\n---\nBe kind.\n")
        .await;

    browser.click("Show 1 new sync event").await;
    scene.gateway.idle().await;
    // The row changes in place: nobody loads the page again.
    let newest = "return document.querySelector('table tbody tr').innerText.includes('Completed')";
    browser
        .becomes("the newest row is completed", async || {
            browser.run(newest, vec![]).await.is_some_and(|completed| completed == true)
        })
        .await;
    assert_eq!(browser.count("table tbody tr").await, before + 1);

    browser.click("octo-org/skills").await;
    browser.arrives(&at("sync-events/sync_")).await;
    browser.sees("Timeline").await;
    browser.sees("agents/second.md").await;
    let head = scene.gateway.github().head("main").unwrap();
    browser.sees(&head[..7]).await;
    scene.end().await;
}

#[tokio::test]
async fn a_failed_sync_is_tried_again_from_its_page() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    scene.enter().await;
    scene.github_fails(true);
    scene.push("agents/second.md", "---\nname: second\ndescription: Helps\n---\nBe kind.\n").await;
    scene.gateway.idle().await;

    browser.open(&at("sync-events?status=failed")).await;
    browser.click("octo-org/skills").await;
    browser.sees("Nothing was changed").await;
    let failed = browser.path().await;
    scene.github_fails(false);
    browser.click("Retry").await;
    browser.sees("This is the new sync event").await;
    let queued = browser.path().await;
    assert_ne!(queued, failed);
    scene.gateway.idle().await;
    browser.open(&queued).await;
    browser.sees("1 change is live").await;
    scene.end().await;
}

#[tokio::test]
async fn a_viewer_reads_and_is_offered_nothing_more() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    let member = scene.member("Vic Viewer", "member").await;
    scene.grant(&member, "viewer").await;
    scene.sign_in(&member).await;

    let before = scene.list("sync-events").await.len();
    browser.open(&at("sync-events")).await;
    browser.click("octo-org/skills").await;
    browser.sees("Timeline").await;
    assert!(!browser.offers("Retry").await);
    assert!(!browser.offers("Resync").await);
    let page = browser.path().await;

    // Whoever types the address of what is not offered is told what it takes.
    assert_eq!(scene.post(&format!("{page}/retry")).await, 403);
    let unknown = at("sync-events/sync_01h455vb4pex5vsknk084sn02q/retry");
    assert_eq!(scene.post(&unknown).await, 404);
    assert_eq!(scene.list("sync-events").await.len(), before);
    drop(browser.take_complaints().await);
    scene.end().await;
}

#[tokio::test]
async fn a_member_without_a_grant_sees_no_sync_event() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    let member = scene.member("Noah Nobody", "member").await;
    scene.sign_in(&member).await;
    browser.open(&at("sync-events")).await;
    browser.sees("Sync events").await;
    assert!(!browser.text().await.contains("octo-org/skills"));
    let id = scene.list("sync-events").await[0]["id"].as_str().unwrap().to_owned();
    browser.open(&at(&format!("sync-events/{id}"))).await;
    browser.sees("viewer").await;
    assert!(!browser.text().await.contains("octo-org/skills"));
    scene.end().await;
}
