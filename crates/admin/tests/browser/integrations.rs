//! Integrations: connected through the wizard, tested, and left alone by whoever may not.

use hookyard_testkit::receiver_sim::ProgrammedAnswer;

use crate::scene::{HOOK, Scene, at};

#[tokio::test]
async fn a_webhook_is_connected_through_the_wizard_and_tested() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    scene.enter().await;

    browser.open(&at("integrations")).await;
    browser.sees("Nothing is connected yet").await;
    browser.click("Connect one").await;
    browser.arrives(&at("integrations/connect")).await;
    browser.click("Webhook").await;
    browser.arrives(&at("integrations/connect/webhook")).await;
    browser.sees("What the test does").await;

    // A test that fails saves nothing, and the form stays.
    scene.receiver.answer(HOOK, vec![ProgrammedAnswer::status(500)]).unwrap();
    browser.fill("Name", "Orders").await;
    browser.fill("URL of the endpoint", &scene.receiver.url_of(HOOK)).await;
    browser.click("Test and connect").await;
    browser.sees("Nothing was saved").await;
    browser.sees("What to do").await;
    assert!(scene.list("connection").await.is_empty());
    drop(browser.take_complaints().await);

    scene.receiver.answer(HOOK, vec![ProgrammedAnswer::status(200)]).unwrap();
    browser.fill("URL of the endpoint", &scene.receiver.url_of(HOOK)).await;
    browser.click("Test and connect").await;
    browser.sees("whsec_").await;
    browser.click("Go on: what to send").await;
    browser.sees("Event types").await;
    browser.fill("Event types", "order.*").await;
    browser.click("Save").await;
    browser.sees("Saved").await;
    browser.sees("order.*").await;
    assert!(!browser.text().await.contains("whsec_"));

    let before = scene.receiver.count(HOOK);
    browser.click("Send a test").await;
    browser.sees("The receiver took the test").await;
    assert_eq!(scene.receiver.count(HOOK), before + 1);
    scene.end().await;
}

#[tokio::test]
async fn a_member_reads_a_connection_and_can_do_nothing_to_it() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    scene.connect("Orders").await;
    let member = scene.member("Mia Member", "member").await;
    scene.sign_in(&member).await;

    browser.open(&at("integrations")).await;
    browser.click("Orders").await;
    browser.sees("owners and admins change it").await;
    for words in ["Send a test", "Disable", "Disconnect …", "Connect anew", "Settings"] {
        assert!(!browser.offers(words).await, "{words}");
    }
    let page = browser.path().await;
    let before = scene.receiver.count(HOOK);
    for verb in ["test", "disable", "disconnect"] {
        assert_eq!(scene.post(&format!("{page}/{verb}")).await, 403, "{verb}");
    }
    assert_eq!(scene.receiver.count(HOOK), before);
    drop(browser.take_complaints().await);
    browser.open(&at("integrations/connect")).await;
    browser.sees("You may not open this").await;
    drop(browser.take_complaints().await);
    scene.end().await;
}
