//! The broker or the database is away for a while.

use hookyard_testkit::gateway::{Gateway, PATIENCE, until};
use hookyard_testkit::proxy::Weather;

use crate::support::{assert_counts_add_up, assert_equals, builder, newest_fate, put};

async fn proxied() -> Gateway {
    let gateway = builder().proxied().start().await;
    gateway.idle().await;
    gateway
}

#[tokio::test]
async fn without_a_broker_the_work_is_done_from_the_table() {
    let gateway = proxied().await;
    gateway.broker_proxy().set(Weather::Refuse);
    gateway.broker_proxy().cut();
    for n in 0..5 {
        let commit =
            gateway.repo().write("agents/two.md", format!("# {n}\n")).commit("more").unwrap();
        let to = hookyard_testkit::github_sim::MoveBranch::to(commit);
        let moved = gateway.github().move_branch("main", to).await.unwrap();
        // Or 200: the sync before it has met, and applied, this head already.
        assert!(matches!(moved.deliveries[0].status, Some(200 | 202)));
    }
    gateway.idle().await;
    assert_equals(&gateway, &gateway.github().head("main").unwrap()).await;
    gateway.broker_proxy().set(Weather::Clear);
    let moved = put(&gateway, "agents/two.md", "# Back\n").await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_consumed_and_afterwards_all_goes_on() {
    let gateway = proxied().await;
    gateway.database_proxy().set(Weather::Refuse);
    gateway.database_proxy().cut();
    assert_eq!(gateway.post(gateway.github_push()).await.status, 503);
    gateway.database_proxy().set(Weather::Clear);
    until("the ingress takes calls again", PATIENCE, async || gateway.ingress().is_ready().await)
        .await;
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    assert!(gateway.worker(0).is_running());
    gateway.finish().await;
}

#[tokio::test]
async fn connections_cut_again_and_again_lose_nothing() {
    let gateway = proxied().await;
    let mut head = String::new();
    for n in 0..12 {
        gateway.broker_proxy().cut();
        if n % 3 == 0 {
            gateway.database_proxy().cut();
        }
        let commit =
            gateway.repo().write("agents/two.md", format!("# {n}\n")).commit("more").unwrap();
        let to = hookyard_testkit::github_sim::MoveBranch::to(commit);
        let moved = gateway.github().move_branch("main", to).await.unwrap();
        // GitHub does not deliver again by itself: what was refused somebody asks for again.
        let mut told = moved.deliveries[0].clone();
        while told.status.is_none_or(|status| status >= 300) {
            told = gateway.github().redeliver(told.id).await.unwrap();
        }
        head = moved.after;
    }
    // A lease whose end could not be written runs out.
    let expire = "update job set due_at = now()
                   where id in (select id from job where state = 'leased' order by id for update skip locked)";
    gateway.db().execute(expire).await;
    gateway.idle().await;
    assert_equals(&gateway, &head).await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}
