//! The application: it publishes each event until somebody answers 202, always under the same key.

use std::time::{Duration, Instant};

use anyhow::Result;
use hookyard_testkit::gateway::Gateway;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Outbound, Published, Yard, locked};
use crate::chaos::house::INGRESSES;
use crate::chaos::mishap::Mishap;

/// Between two events: 12.5 a second.
const PERIOD: Duration = Duration::from_millis(80);
/// So many of the events of a turn come together for the receiver with one place, so that some wait for it; it has
/// done with them before the next turn.
const HELD: usize = 8;
const TURN: usize = 100;
const TRY_LIMIT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(500);
const GIVE_UP_AFTER: Duration = Duration::from_mins(3);

/// Publishes until `calm`, and then waits until every event is answered.
pub(super) async fn run(
    outbound: &Outbound,
    gateway: &Gateway,
    mishap: Mishap,
    calm: &CancellationToken,
) -> Result<()> {
    let client = Client::builder().no_proxy().timeout(TRY_LIMIT).build()?;
    let urls: Vec<String> = (0..INGRESSES).map(|n| gateway.caller_of(n).url().to_owned()).collect();
    let mut clock = tokio::time::interval(PERIOD);
    let mut calls = JoinSet::new();
    let mut sent = 0;
    while calm.run_until_cancelled(clock.tick()).await.is_some() {
        let yard = if sent % TURN < HELD { Yard::Held } else { Yard::Open };
        sent += 1;
        let mut urls = urls.clone();
        urls.rotate_left(sent % INGRESSES);
        let event = Event { yard, token: outbound.token(yard).to_owned(), number: sent };
        calls.spawn(publish(client.clone(), urls, event));
        while let Some(done) = calls.try_join_next() {
            keep(outbound, mishap, done?);
        }
    }
    while let Some(done) = calls.join_next().await {
        keep(outbound, mishap, done?);
    }
    Ok(())
}

struct Event {
    yard: Yard,
    token: String,
    number: usize,
}

/// The id under which the event was recorded; none if nobody took it.
async fn publish(client: Client, urls: Vec<String>, event: Event) -> (Yard, Option<String>) {
    let key = Uuid::new_v4().to_string();
    let body = json!({ "type": "chaos.happened", "data": { "number": event.number } });
    let begun = Instant::now();
    for url in urls.iter().cycle() {
        let url = format!("{url}/v1/workspaces/{}/events", event.yard.workspace());
        let call = client.post(url).bearer_auth(&event.token).header("idempotency-key", &key);
        if let Ok(answer) = call.json(&body).send().await
            && answer.status() == StatusCode::ACCEPTED
            && let Ok(answer) = answer.json::<Value>().await
        {
            return (event.yard, answer["events"][0]["id"].as_str().map(str::to_owned));
        }
        if begun.elapsed() > GIVE_UP_AFTER {
            break;
        }
        tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.0))).await;
    }
    (event.yard, None)
}

fn keep(outbound: &Outbound, mishap: Mishap, (yard, event): (Yard, Option<String>)) {
    let event = event.unwrap_or_default();
    locked(&outbound.published).push(Published { mishap, yard, event });
}
