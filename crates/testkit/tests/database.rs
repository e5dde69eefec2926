//! A test's own database, as the three roles see it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use hookyard_testkit::database::TestDatabase;
use hookyard_testkit::servers::test_env;
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    // Ends by itself with its client.
    drop(tokio::runtime::Handle::current().spawn(connection));
    client
}

#[tokio::test]
async fn every_test_has_a_migrated_database_of_its_own() {
    let (one, other) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let client = connect(&one.owner_url()).await;
    client.batch_execute("CREATE TABLE mine (id int)").await.unwrap();
    let tables = "SELECT count(*) FROM pg_class WHERE relname = $1";
    let count = |client: Client, table: &'static str| async move {
        client.query_one(tables, &[&table]).await.unwrap().get::<_, i64>(0)
    };
    assert_eq!(count(connect(&other.owner_url()).await, "mine").await, 0);
    assert_eq!(count(connect(&other.owner_url()).await, "job").await, 1);
}

#[tokio::test]
async fn the_three_roles_can_log_in() {
    let database = TestDatabase::create().await;
    for role in ["hookyard_ingress", "hookyard_worker", "hookyard_admin"] {
        let client = connect(&database.role_url(role)).await;
        let user: String = client.query_one("SELECT current_user::text", &[]).await.unwrap().get(0);
        assert_eq!(user, role);
    }
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_when_somebody_is_connected() {
    let database = TestDatabase::create().await;
    let name = database.name().to_owned();
    let _connected = connect(&database.owner_url()).await;
    drop(database);
    let client = connect(&test_env().database_url).await;
    let found =
        client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await.unwrap();
    assert!(found.is_none());
}
