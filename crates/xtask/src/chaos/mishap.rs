//! What happens to the house.

mod processes;
mod servers;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum as _;
use hookyard_testkit::gateway::Gateway;
use rand::rngs::StdRng;

use super::ledger::Ledger;
use crate::servers::Servers;

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Short,
    Full,
}

impl Extent {
    pub(super) fn mishaps(self) -> Vec<Mishap> {
        // A lease lasts a minute, which leaves no time for it in a short run. The two alarms do the same to us.
        const LONG: [Mishap; 3] =
            [Mishap::WorkerFrozen, Mishap::DiskAlarm, Mishap::OneWorkerKilled];
        let all = Mishap::value_variants().iter().copied();
        all.filter(|mishap| self == Self::Full || !LONG.contains(mishap)).collect()
    }

    /// How long the load goes on after a mishap, so that what was broken is used again.
    pub(super) const fn aftermath(self) -> Duration {
        Duration::from_secs(match self {
            Self::Short => 1,
            Self::Full => 3,
        })
    }

    /// How often something is killed.
    fn times(self, full: usize) -> usize {
        match self {
            Self::Short => full.div_ceil(10),
            Self::Full => full,
        }
    }
}

/// What callers may meet while something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forgiven {
    /// Every call is answered, with 2xx.
    Nothing,
    /// Connections that end without an answer.
    Silence,
    /// Refusals too.
    Everything,
}

/// A mishap. The order is that of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Mishap {
    IngressKilled,
    WorkerKilled,
    WorkerKilledInCommit,
    RabbitmqKilled,
    PostgresStopped,
    QueuePurged,
    QueueDeleted,
    MemoryAlarm,
    DiskAlarm,
    WorkerFrozen,
    Copies,
    OneWorkerKilled,
    RollingRestart,
}

impl Mishap {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::IngressKilled => "kill -9 of an ingress",
            Self::WorkerKilled => "kill -9 of a worker",
            Self::WorkerKilledInCommit => {
                "kill -9 of a worker between a side effect and its commit"
            }
            Self::RabbitmqKilled => "kill -9 of RabbitMQ",
            Self::PostgresStopped => "immediate stop of PostgreSQL",
            Self::QueuePurged => "a queue with a backlog purged",
            Self::QueueDeleted => "a queue deleted",
            Self::MemoryAlarm => "RabbitMQ's memory alarm",
            Self::DiskAlarm => "RabbitMQ's disk alarm",
            Self::WorkerFrozen => "workers frozen past their leases and thawed",
            Self::Copies => "200 concurrent copies of one delivery",
            Self::OneWorkerKilled => "one of seven workers killed and not replaced",
            Self::RollingRestart => "rolling restart of every process",
        }
    }

    /// Which tries may go without a success meanwhile.
    pub(super) const fn forgives(self) -> Forgiven {
        match self {
            // Nothing can be recorded, so nothing can be accepted.
            Self::PostgresStopped => Forgiven::Everything,
            // Who is killed answers nobody, but the others go on.
            Self::IngressKilled => Forgiven::Silence,
            Self::WorkerKilled
            | Self::WorkerKilledInCommit
            | Self::RabbitmqKilled
            | Self::QueuePurged
            | Self::QueueDeleted
            | Self::MemoryAlarm
            | Self::DiskAlarm
            | Self::WorkerFrozen
            | Self::Copies
            | Self::OneWorkerKilled
            | Self::RollingRestart => Forgiven::Nothing,
        }
    }

    /// Whether a receiver may be called again after it has answered: somebody dies, stands still or is cut off between
    /// a call and its record.
    pub(super) const fn may_repeat_calls(self) -> bool {
        match self {
            Self::WorkerKilled
            | Self::WorkerKilledInCommit
            | Self::PostgresStopped
            | Self::WorkerFrozen
            | Self::OneWorkerKilled => true,
            Self::IngressKilled
            | Self::RabbitmqKilled
            | Self::QueuePurged
            | Self::QueueDeleted
            | Self::MemoryAlarm
            | Self::DiskAlarm
            | Self::Copies
            | Self::RollingRestart => false,
        }
    }

    /// Lets it happen; how often it did.
    pub(super) async fn strike(
        self,
        gateway: &Gateway,
        servers: &mut Servers,
        ledger: &Ledger,
        extent: Extent,
        random: &mut StdRng,
    ) -> Result<usize> {
        let times = extent.times(match self {
            Self::IngressKilled | Self::WorkerKilled | Self::WorkerKilledInCommit => 20,
            Self::RabbitmqKilled | Self::PostgresStopped | Self::Copies => 5,
            Self::QueuePurged | Self::QueueDeleted => 3,
            Self::MemoryAlarm
            | Self::DiskAlarm
            | Self::WorkerFrozen
            | Self::OneWorkerKilled
            | Self::RollingRestart => 1,
        });
        match self {
            Self::IngressKilled => processes::kill_ingresses(gateway, times, random).await,
            Self::WorkerKilled => processes::kill_workers(gateway, times, random).await,
            Self::WorkerKilledInCommit => {
                processes::kill_workers_in_commits(gateway, times, random).await;
            }
            Self::WorkerFrozen => processes::freeze_workers(gateway).await,
            Self::Copies => processes::send_copies(gateway, ledger, times).await?,
            Self::OneWorkerKilled => processes::kill_one(gateway, extent).await?,
            Self::RollingRestart => processes::restart_all(gateway).await?,
            Self::RabbitmqKilled => servers::kill_rabbitmq(servers, times).await?,
            Self::PostgresStopped => servers::stop_postgres(gateway, servers, times).await?,
            Self::QueuePurged => servers::purge(gateway, servers, times).await?,
            Self::QueueDeleted => servers::delete(gateway, servers, times).await?,
            Self::MemoryAlarm => servers::memory_alarm(servers, extent).await?,
            Self::DiskAlarm => servers::disk_alarm(servers, extent).await?,
        }
        Ok(times)
    }
}
