//! Deliveries: what a receiver refused is sent once more.

use hookyard_testkit::receiver_sim::ProgrammedAnswer;

use crate::scene::{HOOK, Scene, at};

#[tokio::test]
async fn a_dead_delivery_is_replayed_from_its_page() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    scene.connect("Orders").await;
    scene.receiver.answer(HOOK, vec![ProgrammedAnswer::status(422)]).unwrap();
    scene.publish("order.paid").await;
    scene.gateway.idle().await;
    scene.enter().await;

    browser.open(&at("deliveries?status=dead")).await;
    browser.sees("order.paid").await;
    browser.click("Orders").await;
    browser.sees("no further one will be").await;
    browser.sees("422").await;

    scene.receiver.answer(HOOK, vec![ProgrammedAnswer::status(200)]).unwrap();
    let before = scene.receiver.count(HOOK);
    browser.click("Replay").await;
    browser.sees("sent once more").await;
    scene.gateway.idle().await;
    browser.reload().await;
    browser.sees("The receiver took it").await;
    assert_eq!(scene.receiver.count(HOOK), before + 1);
    scene.end().await;
}

#[tokio::test]
async fn a_member_sees_deliveries_and_may_not_replay_them() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    scene.connect("Orders").await;
    scene.publish("order.paid").await;
    scene.gateway.idle().await;
    let member = scene.member("Mia Member", "member").await;
    scene.sign_in(&member).await;

    browser.open(&at("deliveries")).await;
    browser.click("Orders").await;
    browser.sees("The receiver took it").await;
    let before = scene.receiver.count(HOOK);
    let page = browser.path().await;
    assert_eq!(scene.post(&format!("{page}/replay")).await, 403);
    scene.gateway.idle().await;
    assert_eq!(scene.receiver.count(HOOK), before);
    drop(browser.take_complaints().await);
    scene.end().await;
}
