//! The main pages as they look: on a desk and on a phone, light and dark. `cargo xtask screenshots` keeps the pictures.

use std::fs;

use hookyard_testkit::browser::{Look, Scheme, Size};
use hookyard_testkit::gateway::{PATIENCE, until};
use hookyard_testkit::receiver_sim::ProgrammedAnswer;
use hookyard_testkit::servers::test_pictures;

use crate::scene::{HOOK, Scene, at};

const LOOKS: [(&str, Look); 4] = [
    ("light", Look { size: Size::Desk, scheme: Scheme::Light }),
    ("dark", Look { size: Size::Desk, scheme: Scheme::Dark }),
    ("phone-light", Look { size: Size::Phone, scheme: Scheme::Light }),
    ("phone-dark", Look { size: Size::Phone, scheme: Scheme::Dark }),
];
/// How much wider than its window a page may be: none of it.
const OVERHANG: &str = "return document.documentElement.scrollWidth - window.innerWidth";

#[tokio::test]
async fn pictures_show_pages_that_fit_their_window_in_every_look() {
    let scene = Scene::set().await;
    let browser = &scene.browser;
    show(&scene, "sign-in", "/sign-in", "With a token").await;
    live_through_something(&scene).await;
    scene.enter().await;
    let counted =
        "select count(distinct metric) from rollup where metric in ('arrived', 'delivery_dead')";
    let is_counted = async || scene.gateway.db().count(counted).await == 2;
    until("what arrived and what ended is counted", PATIENCE, is_counted).await;
    show(&scene, "overview", &at("overview"), "Needs attention").await;
    show(&scene, "integrations", &at("integrations"), "Orders").await;
    show(&scene, "connectors", &at("connectors"), "octo-org/skills").await;
    show(&scene, "sync-events", &at("sync-events"), "Sync events").await;
    browser.look(Look::default()).await;
    browser.open(&at("sync-events?status=partial")).await;
    browser.click("octo-org/skills").await;
    browser.sees("Timeline").await;
    show(&scene, "sync-event", &browser.path().await, "Timeline").await;
    show(&scene, "deliveries", &at("deliveries"), "Deliveries").await;
    browser.look(Look::default()).await;
    browser.open(&at("deliveries?status=dead")).await;
    browser.click("Orders").await;
    browser.sees("no further one will be").await;
    show(&scene, "delivery", &browser.path().await, "no further one will be").await;
    scene.end().await;
}

/// Syncs and deliveries of every fate.
async fn live_through_something(scene: &Scene) {
    scene.connect("Orders").await;
    scene.publish("order.paid").await;
    scene.gateway.idle().await;
    scene.receiver.answer(HOOK, vec![ProgrammedAnswer::status(422)]).unwrap();
    scene.publish("order.refunded").await;
    scene.gateway.idle().await;
    scene.push("skills/release/SKILL.md", "---\nname: release\ndescription: Releases\n---\n").await;
    scene.gateway.idle().await;
    scene.github_fails(true);
    scene.push("commands/undo.md", "---\ndescription: Undoes it\n---\nCarefully.\n").await;
    scene.gateway.idle().await;
    scene.github_fails(false);
    scene.push("agents/helper.md", "---\nname: [open\n---\n").await;
    scene.gateway.idle().await;
}

async fn show(scene: &Scene, name: &str, path: &str, words: &str) {
    for (look_name, look) in LOOKS {
        scene.browser.look(look).await;
        scene.browser.open(path).await;
        scene.browser.sees(words).await;
        let overhang = scene.browser.run(OVERHANG, vec![]).await.and_then(|it| it.as_i64());
        assert!(
            overhang.is_some_and(|it| it <= 0),
            "{name}, {look_name}: {overhang:?} px too wide"
        );
        let picture = scene.browser.picture().await;
        if let Some(dir) = test_pictures() {
            fs::write(dir.join(format!("{name}-{look_name}.png")), picture).unwrap();
        }
    }
}
