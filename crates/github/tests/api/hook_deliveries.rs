use hookyard_testkit::github_sim::Deliver;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn all_pages_of_what_github_sent_are_read_newest_first() {
    let world = World::small().await;
    for _ in 0..120 {
        world.sim.deliver(Deliver::new("ping", json!({}))).await.unwrap();
    }
    let first = world.github.hook_deliveries(None).await.unwrap();
    let rest = world.github.hook_deliveries(first.next.as_deref()).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (100, 20, None));
    let ids: Vec<i64> = first.items.iter().chain(&rest.items).map(|it| it.id).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    assert_eq!(first.items[0].event, "ping");
}

#[tokio::test]
async fn an_event_is_sent_again_under_its_id() {
    let world = World::small().await;
    world.sim.deliver(Deliver::new("ping", json!({}))).await.unwrap();
    let sent = world.github.hook_deliveries(None).await.unwrap().items;
    world.github.redeliver(sent[0].id).await.unwrap();
    let again = loop {
        let all = world.github.hook_deliveries(None).await.unwrap().items;
        if all.len() == 2 {
            break all;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(again[0].guid, sent[0].guid);
    assert!(world.github.redeliver(0).await.is_err());
}
