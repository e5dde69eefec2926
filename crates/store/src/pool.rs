//! Connections and transactions. The driver's types end here.

use std::time::Duration;

use deadpool_postgres::{
    GenericClient, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Transaction,
};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::StoreError;
use crate::tls::{self, Endpoint};

/// How a process talks to the database.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    pub url: SecretString,
    /// Named in `pg_stat_activity`.
    pub application: &'static str,
    pub connections_max: usize,
    /// How long a caller waits for a connection, in milliseconds.
    pub wait_ms_max: u64,
    /// How long one statement may take, in milliseconds.
    pub statement_ms_max: u64,
    /// Whether every statement is one that an index serves.
    ///
    /// A statement is planned once a connection, perhaps while its tables are empty: reading them whole is the best
    /// plan then, and ruinous minutes later. A process whose statements all have their index rules it out.
    pub by_index_only: bool,
}

impl StoreSettings {
    /// The settings that suit a process which serves many short calls.
    pub fn new(url: SecretString, application: &'static str) -> Self {
        Self {
            url,
            application,
            connections_max: 16,
            wait_ms_max: 5_000,
            statement_ms_max: 5_000,
            by_index_only: false,
        }
    }

    /// Where and how to connect: by the URL, and with what every connection of ours has.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, StoreError> {
        /// How long a connection attempt and an unanswered packet may take.
        const NETWORK_TIMEOUT: Duration = Duration::from_secs(10);
        let mut endpoint = tls::endpoint(self.url.expose_secret())?;
        // Compiling a plan takes longer than any statement here runs. Lists walk indexes that are in their order and stop
        // soon; by its own lights the planner would rather read and sort all of a table that is not large yet.
        let options = format!(
            "-c statement_timeout={} -c idle_in_transaction_session_timeout=10000 -c timezone=UTC -c jit=off -c enable_seqscan=off{}",
            self.statement_ms_max,
            if self.by_index_only {
                ""
            } else {
                " -c enable_bitmapscan=off -c random_page_cost=1.1"
            }
        );
        endpoint
            .config
            .application_name(self.application)
            .options(options)
            .connect_timeout(NETWORK_TIMEOUT)
            .tcp_user_timeout(NETWORK_TIMEOUT)
            .keepalives_idle(NETWORK_TIMEOUT);
        Ok(endpoint)
    }
}

/// The database, as a pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("connections", &self.pool.status()).finish()
    }
}

impl Store {
    /// Makes a pool; connections are opened when they are needed.
    pub fn new(settings: &StoreSettings) -> Result<Self, StoreError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let Endpoint { mut config, tls } = settings.endpoint()?;
        if settings.by_index_only {
            // Jobs come and go by the hundred thousand and each day's partition starts empty, all within a
            // connection's life. A plan kept from then may read a whole index for each row of another, so each
            // execution gets a plan of its own. The ingress' one statement is too large for that.
            let options = config.get_options().unwrap_or_default();
            let options = format!("{options} -c plan_cache_mode=force_custom_plan");
            config.options(options);
        }
        let manager = Manager::from_config(config, tls, recycling);
        let pool = Pool::builder(manager)
            .max_size(settings.connections_max)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_millis(settings.wait_ms_max)))
            .create_timeout(Some(Duration::from_millis(settings.wait_ms_max)))
            .build()
            .map_err(|_| StoreError::Url("the pool cannot be built"))?;
        Ok(Self { pool })
    }

    /// A connection of one's own until it is dropped. Never held over a call to the network.
    pub async fn conn(&self) -> Result<Conn, StoreError> {
        Ok(Conn(self.pool.get().await?))
    }

    /// Asks the database for nothing, to learn whether it answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.conn().await?.0.simple_query("-- ping").await?;
        Ok(())
    }
}

/// A connection: each statement is its own transaction.
pub struct Conn(Object);

impl Conn {
    /// Opens a transaction.
    pub async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        Ok(Tx(self.0.transaction().await?))
    }

    /// The driver's connection, for the migrations.
    pub(crate) fn driver(&mut self) -> &mut tokio_postgres::Client {
        &mut self.0
    }
}

/// A transaction: dropped, it never was.
pub struct Tx<'a>(Transaction<'a>);

impl Tx<'_> {
    /// Makes everything in it true at once.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }

    /// Lets the statements of this transaction take up to `ms` milliseconds each.
    pub async fn statement_ms_max(&self, ms: u32) -> Result<(), StoreError> {
        Ok(self.0.batch_execute(&format!("set local statement_timeout = {ms}")).await?)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Conn {}
    impl Sealed for super::Tx<'_> {}
}

/// Where a statement runs: on a [`Conn`] by itself, or in a [`Tx`].
pub trait Db: sealed::Sealed + Sync {
    #[doc(hidden)]
    fn rows(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
    #[doc(hidden)]
    fn row_opt(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send;
    #[doc(hidden)]
    fn row(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Row, StoreError>> + Send;
    #[doc(hidden)]
    fn execute(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

macro_rules! run_statements {
    ($type:ty) => {
        impl Db for $type {
            async fn rows(
                &self,
                sql: &'static str,
                params: &[&(dyn ToSql + Sync)],
            ) -> Result<Vec<Row>, StoreError> {
                let statement = self.0.prepare_cached(sql).await?;
                Ok(GenericClient::query(&self.0, &statement, params).await?)
            }

            async fn row_opt(
                &self,
                sql: &'static str,
                params: &[&(dyn ToSql + Sync)],
            ) -> Result<Option<Row>, StoreError> {
                let statement = self.0.prepare_cached(sql).await?;
                Ok(GenericClient::query_opt(&self.0, &statement, params).await?)
            }

            async fn row(
                &self,
                sql: &'static str,
                params: &[&(dyn ToSql + Sync)],
            ) -> Result<Row, StoreError> {
                let statement = self.0.prepare_cached(sql).await?;
                Ok(GenericClient::query_one(&self.0, &statement, params).await?)
            }

            async fn execute(
                &self,
                sql: &'static str,
                params: &[&(dyn ToSql + Sync)],
            ) -> Result<u64, StoreError> {
                let statement = self.0.prepare_cached(sql).await?;
                Ok(GenericClient::execute(&self.0, &statement, params).await?)
            }
        }
    };
}
run_statements!(Conn);
run_statements!(Tx<'_>);
