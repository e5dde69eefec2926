//! Mishaps of the servers that we stand on.

use std::time::Duration;

use anyhow::Result;
use hookyard_testkit::gateway::{Gateway, PATIENCE, until};
use hookyard_testkit::servers::RabbitMq;
use hookyard_testkit::servers::postgres::Mode;

use super::Extent;
use crate::chaos::house::{INGRESSES, WORKERS};
use crate::servers::Servers;

/// How long a server is away.
const AWAY: Duration = Duration::from_secs(1);
/// How long it is there before it goes again.
const BACK: Duration = Duration::from_secs(3);
/// How long messages pile up before they are purged.
const BACKLOG: Duration = Duration::from_millis(1_500);

pub(super) async fn kill_rabbitmq(servers: &mut Servers, times: usize) -> Result<()> {
    for _ in 0..times {
        servers.rabbitmq.kill9().await?;
        tokio::time::sleep(AWAY).await;
        servers.rabbitmq.start_again().await?;
        tokio::time::sleep(BACK).await;
    }
    Ok(())
}

pub(super) async fn stop_postgres(
    gateway: &Gateway,
    servers: &mut Servers,
    times: usize,
) -> Result<()> {
    for _ in 0..times {
        servers.postgres.stop(Mode::Immediate).await?;
        tokio::time::sleep(AWAY).await;
        servers.postgres.start_again().await?;
        until("every process is ready again", PATIENCE, async || {
            let mut ready = true;
            for n in 0..INGRESSES {
                ready &= gateway.ingress_at(n).is_ready().await;
            }
            ready
        })
        .await;
        tokio::time::sleep(BACK).await;
    }
    Ok(())
}

/// Messages pile up while the workers stand still, and are gone when they go on.
pub(super) async fn purge(gateway: &Gateway, servers: &Servers, times: usize) -> Result<()> {
    for _ in 0..times {
        let workers: Vec<_> = (0..WORKERS).map(|n| gateway.worker(n)).collect();
        for worker in &workers {
            worker.freeze();
        }
        tokio::time::sleep(BACKLOG).await;
        let purged = on_queues(gateway, &servers.rabbitmq, "purge_queue").await;
        for worker in &workers {
            worker.thaw();
        }
        purged?;
    }
    Ok(())
}

pub(super) async fn delete(gateway: &Gateway, servers: &Servers, times: usize) -> Result<()> {
    for _ in 0..times {
        on_queues(gateway, &servers.rabbitmq, "delete_queue").await?;
        tokio::time::sleep(BACK).await;
    }
    Ok(())
}

async fn on_queues(gateway: &Gateway, rabbitmq: &RabbitMq, command: &str) -> Result<()> {
    for queue in ["events", "syncs", "deliveries"] {
        let name = format!("{}.{queue}", gateway.queue_prefix());
        rabbitmq.ctl(&[command, &name]).await?;
    }
    Ok(())
}

/// Publishers are blocked until the limit is a sensible one again.
pub(super) async fn memory_alarm(servers: &Servers, extent: Extent) -> Result<()> {
    servers.rabbitmq.ctl(&["set_vm_memory_high_watermark", "0"]).await?;
    tokio::time::sleep(alarm(extent)).await;
    servers.rabbitmq.ctl(&["set_vm_memory_high_watermark", "0.4"]).await.map(drop)
}

pub(super) async fn disk_alarm(servers: &Servers, extent: Extent) -> Result<()> {
    servers.rabbitmq.ctl(&["set_disk_free_limit", "1000000GB"]).await?;
    tokio::time::sleep(alarm(extent)).await;
    servers.rabbitmq.ctl(&["set_disk_free_limit", "50MB"]).await.map(drop)
}

fn alarm(extent: Extent) -> Duration {
    Duration::from_secs(if extent == Extent::Full { 20 } else { 3 })
}
