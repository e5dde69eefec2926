//! What is counted of a workspace, a minute and an hour at a time.

/// Something that happens often, and is counted where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// An event that concerns the workspace was recorded.
    Arrived,
    SyncCompleted,
    SyncPartial,
    SyncFailed,
    SyncIgnored,
    DeliveryDelivered,
    /// A try failed in passing, and another one follows.
    DeliveryFailed,
    DeliveryDead,
    DeliveryCancelled,
}

crate::names!(Metric, "metric", {
    Arrived => "arrived", SyncCompleted => "sync_completed", SyncPartial => "sync_partial", SyncFailed => "sync_failed",
    SyncIgnored => "sync_ignored", DeliveryDelivered => "delivery_delivered", DeliveryFailed => "delivery_failed",
    DeliveryDead => "delivery_dead", DeliveryCancelled => "delivery_cancelled",
});
