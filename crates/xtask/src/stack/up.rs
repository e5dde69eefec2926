//! Starting a stack: servers, schema, repository, simulator, demo data, processes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hookyard_testkit::servers::Durability;
use hookyard_testkit::servers::process::Process;

use super::layout::Layout;
use super::member::{self, Addresses, Name};
use super::plan::{Plan, Seeds};
use super::{env_file, seed};
use crate::admin::Admin;
use crate::cargo::{self, Profile};
use crate::demo::sample;
use crate::repository::Repository;
use crate::say;
use crate::servers::{self, Servers};

#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The repository to serve a copy of.
    pub(crate) repo: Option<PathBuf>,
    pub(crate) profile: Profile,
    pub(crate) no_install: bool,
}

/// A running stack; dropped, it kills its processes, unless it was detached.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) layout: Layout,
    pub(crate) plan: Plan,
    pub(crate) admin: Admin,
    members: BTreeMap<Name, Process>,
    servers: Servers,
}

impl Stack {
    pub(crate) async fn start(layout: Layout, options: Options) -> Result<Self> {
        say::step("Building");
        let started = Instant::now();
        let binaries = cargo::build_binaries(options.profile).await?;
        say::detail(&format!("Built in {}.", say::duration(started.elapsed())));

        say::step("Starting PostgreSQL and RabbitMQ");
        let tools = servers::tools(options.no_install)?;
        super::control::end_processes(&layout).await?;
        let mut plan = Plan::load_or_choose(&layout, binaries)?;
        let servers = Servers::start(&layout.dir, Durability::On, &tools).await?;
        link_logs(&layout, &servers)?;
        let addresses =
            Addresses { database: servers.postgres.url(), amqp: servers.rabbitmq.url() };
        plan.addresses = Some(addresses.clone());
        migrate(&plan, &addresses).await?;
        choose_repository(&layout, &mut plan, options.repo).await?;
        plan.save(&layout)?;

        say::step("Starting the two simulators and the three processes");
        let started = Instant::now();
        let admin = admin(&plan, &addresses);
        let mut members = BTreeMap::new();
        members.insert(Name::Github, start_member(&layout, &plan, &addresses, Name::Github).await?);
        seed::seed(&layout, &mut plan, &admin).await?;
        let (receiver, ingress, worker, serving) = tokio::try_join!(
            start_member(&layout, &plan, &addresses, Name::Receiver),
            start_member(&layout, &plan, &addresses, Name::Ingress),
            start_member(&layout, &plan, &addresses, Name::Worker),
            start_member(&layout, &plan, &addresses, Name::Admin),
        )?;
        members.extend([
            (Name::Receiver, receiver),
            (Name::Ingress, ingress),
            (Name::Worker, worker),
            (Name::Admin, serving),
        ]);
        env_file::write(&layout, &plan, &addresses)?;
        say::detail(&format!("Ready after {}.", say::duration(started.elapsed())));
        Ok(Self { layout, plan, admin, members, servers })
    }

    /// Ends everything in good order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        // By the records, as `stack down` does: one way to end a stack is enough.
        self.detach();
        super::control::down(&self.layout).await
    }

    /// Lets everything outlive this process.
    pub(crate) fn detach(&mut self) {
        self.members.values_mut().for_each(Process::detach);
        self.servers.postgres.detach();
        self.servers.rabbitmq.detach();
    }
}

async fn start_member(
    layout: &Layout,
    plan: &Plan,
    addresses: &Addresses,
    name: Name,
) -> Result<Process> {
    let mut process = member::launch(layout, plan, addresses, name)?;
    member::ready(layout, plan, name, &mut process).await?;
    Ok(process)
}

/// `hookyard-admin` with the settings of an operator.
pub(super) fn admin(plan: &Plan, addresses: &Addresses) -> Admin {
    let environment = addresses.settings(plan, Name::Admin);
    Admin { program: plan.binaries.join("hookyard-admin"), environment }
}

async fn migrate(plan: &Plan, addresses: &Addresses) -> Result<()> {
    let passwords = &plan.role_passwords;
    let environment = [
        ("HOOKYARD_DATABASE_URL", &addresses.database),
        ("HOOKYARD_INGRESS_DB_PASSWORD", &passwords.ingress),
        ("HOOKYARD_WORKER_DB_PASSWORD", &passwords.worker),
        ("HOOKYARD_ADMIN_DB_PASSWORD", &passwords.admin),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.clone())).to_vec();
    let owner = Admin { program: plan.binaries.join("hookyard-admin"), environment };
    let hint =
        "the database cannot be migrated; `cargo xtask stack down --wipe` lets it begin anew";
    owner.run(&["migrate"]).await.map(drop).context(hint)
}

/// Keeps the repository of the last time, unless another one is asked for.
async fn choose_repository(layout: &Layout, plan: &mut Plan, asked: Option<PathBuf>) -> Result<()> {
    let asked = asked
        .map(|path| fs::canonicalize(&path).with_context(|| path.display().to_string()))
        .transpose()?;
    let kept = plan.repository.as_ref().filter(|kept| kept.path.exists());
    if kept.is_some_and(|kept| asked.is_none() || kept.origin == asked) {
        return Ok(());
    }
    let repository = match &asked {
        Some(origin) => Repository::copy(origin, &layout.repository()).await?,
        None => sample::create(&layout.repository()).await?,
    };
    // Another repository is another target, with mappings of its own.
    plan.seeds = Seeds { target: None, mappings: Vec::new(), ..plan.seeds.clone() };
    plan.repository = Some(repository);
    Ok(())
}

/// All logs are found in one folder.
fn link_logs(layout: &Layout, servers: &Servers) -> Result<()> {
    for (name, log) in
        [(Name::Postgres, servers.postgres.log()), (Name::Rabbitmq, servers.rabbitmq.log())]
    {
        let link = layout.log(name.as_str());
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        symlink(log, &link).with_context(|| link.display().to_string())?;
    }
    Ok(())
}
