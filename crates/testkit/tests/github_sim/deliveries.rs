use hookyard_testkit::github_sim::{
    BodyEncoding, ChangeWebhook, Deliver, DeliveryOutcome, HoldOrRelease, MoveBranch, Order,
};
use serde_json::json;
use url::form_urlencoded;

use crate::{
    receiver::Received,
    support::{SECRET, World},
};

#[tokio::test]
async fn a_moved_branch_is_told_by_a_signed_push() {
    let mut world = World::start().await;
    let before = world.head();
    world
        .repo
        .write("skills/b/SKILL.md", "new")
        .write("skills/a/SKILL.md", "two")
        .commit("second")
        .unwrap();
    let after = world.repo.remove("skills/a").commit("third").unwrap();
    let moved = world.sim.move_branch("main", MoveBranch::default()).await.unwrap();
    assert_eq!((&moved.before, &moved.after), (&before, &after));
    assert_eq!(moved.deliveries[0].status, Some(202));

    let received = &world.receiver.received()[0];
    assert!(received.is_signed_with(SECRET));
    assert!(!received.is_signed_with("other"));
    assert_eq!(received.header("x-github-event"), "push");
    assert_eq!(received.header("x-github-delivery"), moved.deliveries[0].delivery_id);
    assert_eq!(received.header("x-github-hook-installation-target-type"), "integration");
    let push = received.json();
    assert_eq!(push["ref"], "refs/heads/main");
    assert_eq!(
        (&push["created"], &push["deleted"], &push["forced"]),
        (&json!(false), &json!(false), &json!(false))
    );
    assert_eq!(push["commits"].as_array().unwrap().len(), 2);
    assert_eq!(push["commits"][0]["added"], json!(["skills/b/SKILL.md"]));
    assert_eq!(push["commits"][0]["modified"], json!(["skills/a/SKILL.md"]));
    assert_eq!(push["commits"][1]["removed"], json!(["skills/a/SKILL.md"]));
    assert_eq!(push["head_commit"]["id"], json!(after));
    assert_eq!(
        (&push["repository"]["id"], &push["installation"]["id"]),
        (&json!(9001), &json!(5001))
    );
    assert!(push["repository"]["pushed_at"].is_i64());
}

#[tokio::test]
async fn a_branch_that_goes_back_and_goes_away_says_so() {
    let mut world = World::start().await;
    let first = world.head();
    world.repo.write("b", "2").commit("second").unwrap();
    world.sim.move_branch("main", MoveBranch::default()).await.unwrap();
    world.sim.move_branch("main", MoveBranch::to(&first)).await.unwrap();
    world.sim.move_branch("main", MoveBranch::deleted()).await.unwrap();
    world.sim.move_branch("main", MoveBranch::to(&first)).await.unwrap();
    let pushes: Vec<_> = world.receiver.received().iter().map(Received::json).collect();
    let facts: Vec<_> = pushes
        .iter()
        .map(|push| {
            [&push["created"], &push["deleted"], &push["forced"]]
                .map(|fact| fact.as_bool().unwrap())
        })
        .collect();
    let expected =
        [[false, false, false], [false, false, true], [false, true, false], [true, false, false]];
    assert_eq!(facts, expected);
    assert_eq!(pushes[2]["after"], "0".repeat(40));
    assert_eq!((&pushes[2]["head_commit"], &pushes[2]["commits"]), (&json!(null), &json!([])));
}

#[tokio::test]
async fn a_new_branch_at_a_known_commit_has_no_commits() {
    let world = World::start().await;
    world.sim.move_branch("side", MoveBranch::to("main")).await.unwrap();
    let push = world.receiver.received()[0].json();
    assert_eq!((&push["created"], &push["commits"]), (&json!(true), &json!([])));
    assert_eq!(push["head_commit"]["id"], json!(world.head()));
}

#[tokio::test]
async fn held_deliveries_leave_in_the_order_that_is_asked_for() {
    let world = World::start().await;
    world.sim.order(HoldOrRelease::Hold { hold: true }).await.unwrap();
    for id in ["a", "b", "c"] {
        let delivery =
            Deliver { delivery_id: Some(id.to_owned()), ..Deliver::new("ping", json!({})) };
        let reports = world.sim.deliver(delivery).await.unwrap();
        assert_eq!(reports[0].outcome, DeliveryOutcome::Held);
    }
    assert!(world.receiver.received().is_empty());
    let release = HoldOrRelease::Release { release: Order::Reversed, seed: 0, copies: 2 };
    assert_eq!(world.sim.order(release).await.unwrap().len(), 6);
    let received = world.receiver.received();
    let ids: Vec<_> =
        received.iter().map(|received| received.header("x-github-delivery")).collect();
    assert_eq!(ids, ["c", "c", "b", "b", "a", "a"]);
}

#[tokio::test]
async fn copies_and_redeliveries_keep_their_id() {
    let world = World::start().await;
    let delivery =
        Deliver { copies: 3, ..Deliver::new("repository", json!({ "action": "renamed" })) };
    let reports = world.sim.deliver(delivery).await.unwrap();
    world.sim.redeliver(reports[0].id).await.unwrap();
    let received = world.receiver.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|one| one.header("x-github-delivery") == reports[0].delivery_id));
    assert!(received.iter().all(|one| one.body == received[0].body));
    assert_eq!(received[0].json()["repository"]["full_name"], "octo-org/skills");
}

#[tokio::test]
async fn a_form_is_signed_as_it_is_sent() {
    let world = World::start().await;
    let form =
        ChangeWebhook { body_encoding: Some(BodyEncoding::Form), ..ChangeWebhook::default() };
    world.sim.change_webhook(form);
    world.sim.deliver(Deliver::new("ping", json!({ "zen": "a & b = ü" }))).await.unwrap();
    let received = &world.receiver.received()[0];
    assert!(received.is_signed_with(SECRET));
    assert_eq!(received.header("content-type"), "application/x-www-form-urlencoded");
    let (name, payload) = form_urlencoded::parse(&received.body).next().unwrap();
    assert_eq!(name, "payload");
    let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(payload["zen"], "a & b = ü");
}

#[tokio::test]
async fn a_receiver_that_is_away_is_recorded() {
    let world = World::start().await;
    let nobody = ChangeWebhook {
        url: Some("http://127.0.0.1:9/".parse().unwrap()),
        ..ChangeWebhook::default()
    };
    world.sim.change_webhook(nobody);
    let reports = world.sim.deliver(Deliver::new("ping", json!({}))).await.unwrap();
    assert_eq!((reports[0].outcome, reports[0].status), (DeliveryOutcome::Failed, None));
}
