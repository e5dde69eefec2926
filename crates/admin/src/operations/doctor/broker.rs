//! The broker: does it answer, and do the queues exist.

use hookyard_queue::{Broker, BrokerSettings, Feed, Queue};

use super::{Check, causes};

pub(super) async fn check(settings: Option<&BrokerSettings>) -> Check {
    let Some(settings) = settings else {
        return Check::warn(
            "broker",
            "not looked at",
            "set HOOKYARD_AMQP_URL, as the processes have it",
        );
    };
    let broker = Broker::new(settings.clone());
    let check = queues(&broker).await;
    broker.close().await;
    check
}

async fn queues(broker: &Broker) -> Check {
    let feeds = Queue::ALL.iter().map(|queue| Feed::Work(*queue)).chain([Feed::Dead]);
    let mut waiting = Vec::new();
    for feed in feeds {
        match broker.waiting(feed).await {
            Ok(count) => waiting.push(format!("{} {count}", feed.as_str())),
            Err(error) => {
                let advice = "check HOOKYARD_AMQP_URL, that RabbitMQ runs and has no alarm; events are accepted and \
                              worked on meanwhile, only slower";
                return Check::fail(
                    "broker",
                    format!("{}: {}", feed.as_str(), causes(&error)),
                    advice,
                );
            }
        }
    }
    Check::ok("broker", format!("RabbitMQ answers; messages waiting: {}", waiting.join(", ")))
}
