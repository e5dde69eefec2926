//! Judging, restarting and ending a stack by the records of its processes.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use hookyard_testkit::servers::process::Identity;
use hookyard_testkit::servers::{Durability, Postgres, RabbitMq};

use super::env_file;
use super::layout::Layout;
use super::member::{self, Name};
use super::plan::Plan;
use crate::{repository, say, servers};

/// The part's process, if it runs.
fn running(layout: &Layout, name: Name) -> Option<Identity> {
    let identity: Identity =
        serde_json::from_slice(&fs::read(env_file::record(layout, name)).ok()?).ok()?;
    identity.is_alive().then_some(identity)
}

/// Whether all parts run; fails when only some do.
pub(super) fn is_up(layout: &Layout) -> Result<bool> {
    let (up, down): (Vec<Name>, Vec<Name>) =
        Name::ALL.into_iter().partition(|name| running(layout, *name).is_some());
    if up.is_empty() || down.is_empty() {
        return Ok(down.is_empty());
    }
    let names =
        |names: &[Name]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    bail!(
        "only a part of the stack runs ({}; not {}): `cargo xtask stack restart NAME` starts one part, \
         `cargo xtask stack down` ends the others",
        names(&up),
        names(&down)
    )
}

/// One line for each part; fails unless all run.
pub(super) fn status(layout: &Layout) -> ExitCode {
    let mut all = true;
    for name in Name::ALL {
        if let Some(identity) = running(layout, name) {
            say::line(&format!("{:<9} runs as process {}", name.as_str(), identity.pid));
        } else {
            all = false;
            say::line(&format!("{:<9} does not run", name.as_str()));
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Ends everything that runs, processes first, so that none of them meets an absent server.
pub(crate) async fn down(layout: &Layout) -> Result<()> {
    end_processes(layout).await?;
    let (postgres, rabbitmq) = (layout.postgres(), layout.rabbitmq());
    tokio::try_join!(Postgres::end(&postgres), RabbitMq::end(&rabbitmq))?;
    Ok(())
}

/// Removes everything that an ended stack has made.
pub(crate) fn wipe(layout: &Layout) -> Result<()> {
    Postgres::remove(&layout.postgres())?;
    let folders = [layout.rabbitmq(), layout.repository(), layout.logs(), layout.run()];
    let files =
        [layout.plan_file(), layout.env_file(), repository::config_path(&layout.repository())];
    for path in folders.iter().filter(|path| path.exists()) {
        fs::remove_dir_all(path).with_context(|| path.display().to_string())?;
    }
    for path in files.iter().filter(|path| path.exists()) {
        fs::remove_file(path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Ends our own parts, whichever run.
pub(super) async fn end_processes(layout: &Layout) -> Result<()> {
    let [github, receiver, ingress, worker, admin] = Name::OURS;
    tokio::try_join!(
        member::stop(layout, github),
        member::stop(layout, ingress),
        member::stop(layout, worker),
        member::stop(layout, admin),
    )?;
    // Last, so that what the worker still sends arrives.
    member::stop(layout, receiver).await?;
    Ok(())
}

/// Ends a part in good order, if it runs, and starts it again.
pub(super) async fn restart(layout: &Layout, name: Name, no_install: bool) -> Result<()> {
    let plan =
        Plan::load(layout)?.context("there is no stack yet: `cargo xtask stack up` makes one")?;
    let addresses = plan
        .addresses
        .clone()
        .context("the stack was never up: `cargo xtask stack up` starts it")?;
    match name {
        Name::Postgres => {
            let tools = servers::tools(no_install)?;
            Postgres::start(servers::postgres(&layout.dir, Durability::On, &tools)).await?.detach();
        }
        Name::Rabbitmq => {
            let tools = servers::tools(no_install)?;
            RabbitMq::start(servers::rabbitmq(&layout.dir, &tools)).await?.detach();
        }
        Name::Github | Name::Receiver | Name::Ingress | Name::Worker | Name::Admin => {
            member::stop(layout, name).await?;
            let mut process = member::launch(layout, &plan, &addresses, name)?;
            // One that is not ready in time stays, to be looked at.
            process.detach();
            member::ready(layout, &plan, name, &mut process).await?;
        }
    }
    env_file::write(layout, &plan, &addresses)?;
    say::line(&format!("{name} was restarted."));
    Ok(())
}
