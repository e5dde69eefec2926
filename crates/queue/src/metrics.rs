//! What is counted. Pointers and messages are counted apart: one message carries up to 128 pointers.

use metrics::{Counter, Gauge, counter, gauge};

use crate::queue::{Feed, Queue};

/// Messages handed to the broker.
pub(crate) fn published_messages(queue: Queue) -> Counter {
    counter!("hookyard_queue_published_messages_total", "queue" => queue.as_str())
}

/// Pointers that the broker has confirmed.
pub(crate) fn confirmed_pointers(queue: Queue) -> Counter {
    counter!("hookyard_queue_confirmed_pointers_total", "queue" => queue.as_str())
}

/// Pointers handed back without a confirmation.
pub(crate) fn unconfirmed_pointers(queue: Queue) -> Counter {
    counter!("hookyard_queue_unconfirmed_pointers_total", "queue" => queue.as_str())
}

/// Messages that the broker could not route and sent back.
pub(crate) fn returned_messages() -> Counter {
    counter!("hookyard_queue_returned_messages_total")
}

/// Connections that ended without being asked to, or did not open.
pub(crate) fn lost_connections(link: &'static str) -> Counter {
    counter!("hookyard_queue_lost_connections_total", "link" => link)
}

/// 1 while the link works, 0 while it does not.
pub(crate) fn connected(link: &'static str) -> Gauge {
    gauge!("hookyard_queue_connected", "link" => link)
}

/// Messages received.
pub(crate) fn consumed_messages(feed: Feed) -> Counter {
    counter!("hookyard_queue_consumed_messages_total", "queue" => feed.as_str())
}

/// Messages acknowledged.
pub(crate) fn acknowledged_messages(feed: Feed) -> Counter {
    counter!("hookyard_queue_acknowledged_messages_total", "queue" => feed.as_str())
}

/// Messages given back to the broker.
pub(crate) fn requeued_messages(feed: Feed) -> Counter {
    counter!("hookyard_queue_requeued_messages_total", "queue" => feed.as_str())
}

/// Acknowledgements that could not be delivered, because the channel of their message is gone. The broker
/// hands such messages out again.
pub(crate) fn lost_acknowledgements(feed: Feed) -> Counter {
    counter!("hookyard_queue_lost_acknowledgements_total", "queue" => feed.as_str())
}
