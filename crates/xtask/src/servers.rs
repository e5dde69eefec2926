//! The two private servers of a command.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use hookyard_testkit::servers::find::BrowserTools;
use hookyard_testkit::servers::install::{self, Permission, Tools};
use hookyard_testkit::servers::{Durability, Postgres, PostgresConfig, RabbitMq, RabbitMqConfig};

use crate::say;

const SHARED_BUFFERS_MB: u32 = 256;

/// Finds or installs the servers' programs.
pub(crate) fn tools(no_install: bool) -> Result<Tools> {
    install::ensure(permission(no_install), &say::line)
}

/// Finds or installs the browser's.
pub(crate) fn browser(no_install: bool) -> Result<BrowserTools> {
    install::ensure_browser(permission(no_install), &say::line)
}

const fn permission(no_install: bool) -> Permission {
    if no_install { Permission::OnlyLook } else { Permission::Install }
}

pub(crate) fn postgres(dir: &Path, durability: Durability, tools: &Tools) -> PostgresConfig {
    PostgresConfig {
        dir: dir.join("postgres"),
        durability,
        shared_buffers_mb: SHARED_BUFFERS_MB,
        tools: tools.postgres.clone(),
    }
}

pub(crate) fn rabbitmq(dir: &Path, tools: &Tools) -> RabbitMqConfig {
    RabbitMqConfig { dir: dir.join("rabbitmq"), tools: tools.rabbitmq.clone() }
}

/// Both servers, with their data in `dir`.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) postgres: Postgres,
    pub(crate) rabbitmq: RabbitMq,
}

impl Servers {
    pub(crate) async fn start(dir: &Path, durability: Durability, tools: &Tools) -> Result<Self> {
        let started = Instant::now();
        let postgres = Postgres::start(postgres(dir, durability, tools));
        let rabbitmq = RabbitMq::start(rabbitmq(dir, tools));
        let (postgres, rabbitmq) = tokio::try_join!(postgres, rabbitmq)?;
        say::detail(&format!(
            "PostgreSQL on {}, RabbitMQ on {} (ready after {}).",
            postgres.address(),
            rabbitmq.address(),
            say::duration(started.elapsed())
        ));
        Ok(Self { postgres, rabbitmq })
    }
}
