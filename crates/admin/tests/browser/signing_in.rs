//! Coming in and going out.

use crate::scene::{Scene, at};

#[tokio::test]
async fn a_token_opens_the_page_that_was_asked_for_and_a_wrong_one_does_not() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    let owner = scene.member("Olive Owner", "owner").await;
    let token = scene.token(&owner).await;

    browser.open(&at("sync-events")).await;
    browser.arrives("/sign-in").await;
    browser.fill("Token", "hky_this-is-not-one").await;
    browser.click("Sign in").await;
    browser.sees("This token does not open the console").await;

    browser.fill("Token", &token).await;
    browser.click("Sign in").await;
    browser.arrives(&at("sync-events")).await;
    browser.sees("octo-org/skills").await;
    assert!(!browser.text().await.contains(&token));

    browser.click("Sign out").await;
    browser.arrives("/sign-in").await;
    browser.open(&at("sync-events")).await;
    browser.arrives("/sign-in").await;
    scene.end().await;
}

#[tokio::test]
async fn a_link_signs_in_once_and_only_by_its_button() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    let member = scene.member("Mia Member", "admin").await;
    let link = scene.link(&member).await;

    // What a mail program's preview does uses nothing up.
    browser.open(&link).await;
    browser.open(&link).await;
    browser.click("Sign in").await;
    browser.arrives("/w/").await;

    browser.forget().await;
    browser.open(&link).await;
    browser.click("Sign in").await;
    browser.sees("signs nobody in").await;
    scene.end().await;
}
