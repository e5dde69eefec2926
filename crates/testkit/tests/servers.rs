//! The private servers themselves: restarts keep port and data, nothing is left behind.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use hookyard_testkit::servers::find;
use hookyard_testkit::servers::process::Identity;
use hookyard_testkit::servers::{
    Durability, Mode, Postgres, PostgresConfig, RabbitMq, RabbitMqConfig, wait,
};
use tokio_postgres::{Client, NoTls};

const A_WHILE: Duration = Duration::from_secs(30);

/// A folder for one server, removed with whatever the server keeps elsewhere.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        Postgres::remove(self.path()).unwrap();
    }
}

fn postgres_config(dir: &Path) -> PostgresConfig {
    let tools = find::postgres().expect("PostgreSQL is installed: run `cargo xtask test`");
    PostgresConfig { dir: dir.to_owned(), durability: Durability::On, shared_buffers_mb: 16, tools }
}

fn rabbitmq_config(dir: &Path) -> RabbitMqConfig {
    let tools = find::rabbitmq().expect("RabbitMQ is installed: run `cargo xtask test`");
    RabbitMqConfig { dir: dir.to_owned(), tools }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    // Ends by itself with its client.
    drop(tokio::runtime::Handle::current().spawn(connection));
    client
}

async fn kept(postgres: &Postgres) -> i64 {
    connect(&postgres.url()).await.query_one("SELECT count(*) FROM kept", &[]).await.unwrap().get(0)
}

/// Every process whose command line or working folder lies in `dir`.
fn processes_of(dir: &Path) -> Vec<i32> {
    let text = dir.to_str().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| *pid != i32::try_from(std::process::id()).unwrap())
        .filter(|pid| {
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(text) || folder.starts_with(dir)
        })
        .filter(|pid| Identity::of(*pid).is_some())
        .collect()
}

#[tokio::test]
async fn postgresql_keeps_port_and_data_over_every_kind_of_end() {
    let dir = Folder::new();
    let mut postgres = Postgres::start(postgres_config(dir.path())).await.unwrap();
    let url = postgres.url();
    connect(&url)
        .await
        .batch_execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
        .await
        .unwrap();

    let first = postgres.pid();
    postgres.kill9().await.unwrap();
    postgres.start_again().await.unwrap();
    assert_eq!(kept(&postgres).await, 1);
    assert_ne!(postgres.pid(), first);

    for mode in [Mode::Immediate, Mode::Fast] {
        postgres.stop(mode).await.unwrap();
        assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
        postgres.start_again().await.unwrap();
        assert_eq!(kept(&postgres).await, 1);
    }
    assert_eq!(postgres.url(), url);
}

#[tokio::test]
async fn a_dropped_postgresql_leaves_no_process_and_its_data_is_found_again() {
    let dir = Folder::new();
    let postgres = Postgres::start(postgres_config(dir.path())).await.unwrap();
    connect(&postgres.url()).await.batch_execute("CREATE TABLE kept (id int)").await.unwrap();
    drop(postgres);
    assert_eq!(processes_of(dir.path()), Vec::<i32>::new());

    let again = Postgres::start(postgres_config(dir.path())).await.unwrap();
    assert_eq!(kept(&again).await, 0);
}

#[tokio::test]
async fn a_detached_postgresql_outlives_its_owner_and_is_adopted() {
    let dir = Folder::new();
    let mut postgres = Postgres::start(postgres_config(dir.path())).await.unwrap();
    let (pid, url) = (postgres.pid(), postgres.url());
    postgres.detach();
    drop(postgres);

    let config = postgres_config(dir.path());
    let mut adopted = Postgres::adopt(dir.path(), &config.tools).unwrap().expect("it still runs");
    assert_eq!((adopted.pid(), adopted.url()), (pid, url));
    adopted.stop(Mode::Fast).await.unwrap();
    assert!(Postgres::adopt(dir.path(), &config.tools).unwrap().is_none());
    assert_eq!(processes_of(dir.path()), Vec::<i32>::new());
}

#[tokio::test]
async fn rabbitmq_keeps_port_and_queues_over_every_kind_of_end_and_leaves_no_process() {
    let dir = Folder::new();
    let started = Instant::now();
    let mut rabbitmq = RabbitMq::start(rabbitmq_config(dir.path())).await.unwrap();
    println!("RabbitMQ was ready after {:?}", started.elapsed());
    let url = rabbitmq.url();
    let definition = r#"rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"kept">>), true, false, [{<<"x-queue-type">>, longstr, <<"quorum">>}], none, <<"test">>)."#;
    rabbitmq.ctl(&["eval", definition]).await.unwrap();

    let first = rabbitmq.pid();
    rabbitmq.kill9().await.unwrap();
    rabbitmq.start_again().await.unwrap();
    assert_ne!(rabbitmq.pid(), first);
    assert_eq!(rabbitmq.url(), url);
    assert!(
        rabbitmq
            .ctl(&["list_queues", "name", "--formatter", "json"])
            .await
            .unwrap()
            .contains("kept")
    );

    rabbitmq.stop().await.unwrap();
    assert_eq!(processes_of(dir.path()), Vec::<i32>::new());
    rabbitmq.start_again().await.unwrap();
    assert!(
        rabbitmq
            .ctl(&["list_queues", "name", "--formatter", "json"])
            .await
            .unwrap()
            .contains("kept")
    );

    drop(rabbitmq);
    assert!(wait::until(A_WHILE, || processes_of(dir.path()).is_empty()).await);
}
