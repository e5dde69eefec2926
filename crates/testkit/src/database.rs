//! A database of its own for each test, cloned from the migrated template.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context as _, Result};

use crate::servers::postgres::connect;
use crate::servers::{TestEnv, test_env};

/// The migrated database that every test's own is a copy of; nobody ever connects to it.
pub const TEMPLATE: &str = "hookyard_template";

/// A copy of the template; dropped with this value, together with whatever is still connected to it.
#[derive(Debug)]
pub struct TestDatabase {
    env: TestEnv,
    name: String,
}

impl TestDatabase {
    /// # Panics
    /// When the tests were not started by `cargo xtask test`.
    pub async fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let env = test_env();
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // The id of an ended process may come back, and its database with it.
        execute(
            &env.database_url,
            &[drop_statement(&name), format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")],
        )
        .await
        .expect("the template can be copied");
        Self { env, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the owner of everything, who is a superuser.
    pub fn owner_url(&self) -> String {
        with_database(&self.env.database_url, &self.name)
    }

    /// As one of the three processes' roles, such as `hookyard_worker`.
    pub fn role_url(&self, role: &str) -> String {
        let owner = self.owner_url();
        let (_, place) = owner.split_once('@').expect("the owner's URL holds a user");
        format!("postgres://{role}:{}@{place}", self.env.role_password)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let url = self.env.database_url.clone();
        let statement = drop_statement(&self.name);
        // A thread of its own: the test's runtime may be this one, which a destructor cannot wait for.
        let dropped = thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&url, &[statement]))
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            tracing::warn!("the database {} was not dropped", self.name);
        }
    }
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

/// One statement at a time: databases are made and dropped outside of transactions.
async fn execute(url: &str, statements: &[String]) -> Result<()> {
    let client = connect(url).await?;
    for statement in statements {
        client.batch_execute(statement).await.with_context(|| statement.clone())?;
    }
    Ok(())
}

fn with_database(url: &str, name: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("a database URL ends with /DATABASE");
    format!("{server}/{name}")
}
