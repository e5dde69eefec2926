//! Questions to the database, in SQL, answered in JSON.

use anyhow::Result;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_postgres::Client;

use crate::servers::postgres::connect;

/// One connection, opened again when the server was away.
pub struct Database {
    url: String,
    client: Mutex<Option<Client>>,
}

impl Database {
    pub(super) fn new(url: String) -> Self {
        Self { url, client: Mutex::default() }
    }

    /// The result of a query of one number.
    ///
    /// # Panics
    /// When the query fails.
    pub async fn count(&self, sql: &str) -> i64 {
        self.try_count(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:#}"))
    }

    /// The same, for when the server may be away.
    pub async fn try_count(&self, sql: &str) -> Result<i64> {
        let value = self.query(&format!("select to_jsonb(({sql}))")).await?.pop();
        Ok(value.as_ref().and_then(Value::as_i64).unwrap_or_default())
    }

    /// The rows of a query, each an object by column.
    ///
    /// # Panics
    /// When the query fails.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        self.try_rows(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:#}"))
    }

    /// The same, for when the query may fail.
    pub async fn try_rows(&self, sql: &str) -> Result<Vec<Value>> {
        self.query(&format!("select to_jsonb(found) from ({sql}) found")).await
    }

    /// The one row of a query.
    ///
    /// # Panics
    /// When the query fails or there is another number of rows.
    pub async fn row(&self, sql: &str) -> Value {
        let rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}: {rows:#?}");
        rows.into_iter().next().unwrap_or_default()
    }

    /// Runs statements.
    ///
    /// # Panics
    /// When one fails.
    pub async fn execute(&self, sql: &str) {
        self.try_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:#}"));
    }

    /// The same, for when they may fail.
    pub async fn try_execute(&self, sql: &str) -> Result<()> {
        let mut client = self.client.lock().await;
        Ok(open(&self.url, &mut client).await?.batch_execute(sql).await?)
    }

    async fn query(&self, sql: &str) -> Result<Vec<Value>> {
        let mut client = self.client.lock().await;
        let rows = open(&self.url, &mut client).await?.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Option<Value>>(0).unwrap_or_default()).collect())
    }
}

async fn open<'a>(url: &str, slot: &'a mut Option<Client>) -> Result<&'a Client> {
    if slot.as_ref().is_none_or(Client::is_closed) {
        *slot = Some(connect(url).await?);
    }
    Ok(slot.as_ref().expect("just opened"))
}
