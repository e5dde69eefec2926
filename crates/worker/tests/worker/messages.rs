//! A message is a hint: lost, doubled, stale or garbage, it does no harm.

use hookyard_testkit::gateway::Gateway;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

use crate::support::{assert_equals, counts, put, started, text};

/// A channel to the gateway's broker that nobody checks.
async fn stranger(gateway: &Gateway) -> (Connection, Channel) {
    let connection =
        Connection::connect(gateway.amqp_url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    (connection, channel)
}

async fn publish(gateway: &Gateway, channel: &Channel, queue: &str, body: &[u8]) {
    let confirm = channel
        .basic_publish(
            gateway.queue_prefix().into(),
            queue.into(),
            BasicPublishOptions::default(),
            body,
            BasicProperties::default(),
        )
        .await
        .unwrap();
    confirm.await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_understood_is_kept_for_people_to_look_at() {
    let gateway = started().await;
    let (_connection, channel) = stranger(&gateway).await;
    let long = vec![b'['; 100_000];
    let garbage: [&[u8]; 5] = [
        b"",
        b"\xff\xfe\0",
        b"{\"kind\":\"event\",\"subjects\":[]}",
        b"{\"kind\":\"event\",\"subjects\":[\"sync_01h455vb4pex5vsknk084sn02q\"]}",
        &long,
    ];
    for body in garbage {
        publish(&gateway, &channel, "events", body).await;
        publish(&gateway, &channel, "syncs", body).await;
    }
    counts(&gateway, "select count(*) from rejected_message", 10).await;
    let kept =
        "select count(*) from rejected_message where body_bytes = 100000 and length(body) = 4096";
    assert_eq!(gateway.db().count(kept).await, 2);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}

#[tokio::test]
async fn doubled_and_stale_messages_do_nothing() {
    let gateway = started().await;
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    let events = gateway.admin().json(&["events", "list"]).await;
    let syncs = gateway.admin().json(&["sync-events", "list"]).await;
    let event = format!(
        "{{\"kind\":\"event\",\"subjects\":[\"{0}\",\"{0}\"]}}",
        text(&events["items"][0], "id")
    );
    let sync = format!("{{\"connectorSyncEventId\":\"{}\"}}", text(&syncs["items"][0], "id"));
    let (_connection, channel) = stranger(&gateway).await;
    for _ in 0..20 {
        publish(&gateway, &channel, "events", event.as_bytes()).await;
        publish(&gateway, &channel, "syncs", sync.as_bytes()).await;
    }
    let next = put(&gateway, "agents/two.md", "# Three\n").await;
    gateway.idle().await;
    assert_equals(&gateway, &next.after).await;
    assert_ne!(moved.after, next.after);
    assert_eq!(
        gateway.db().count("select count(*) from sync_event where trigger = 'push'").await,
        2
    );
    assert_eq!(gateway.db().count("select count(*) from rejected_message").await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_pointer_to_nothing_is_not_work() {
    let gateway = started().await;
    let (_connection, channel) = stranger(&gateway).await;
    publish(
        &gateway,
        &channel,
        "events",
        b"{\"kind\":\"event\",\"subjects\":[\"evt_01h455vb4pex5vsknk084sn02q\"]}",
    )
    .await;
    publish(
        &gateway,
        &channel,
        "syncs",
        b"{\"connectorSyncEventId\":\"sync_01h455vb4pex5vsknk084sn02q\"}",
    )
    .await;
    put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_job_without_any_message_is_found_by_the_sweep() {
    let gateway = started().await;
    // As it is when ingress and broker lost it together: a ready job past its grace, and no message.
    let event = gateway
        .post(gateway.github_event("installation", serde_json::json!({"action": "created"})))
        .await;
    assert_eq!(event.status, 200);
    gateway
        .db()
        .execute(
            "insert into job (subject_id, kind, state, due_at, again)
             select id, 'event', 'ready', now() - interval '1 second', true from event",
        )
        .await;
    gateway.idle().await;
    gateway.finish().await;
}
