//! TLS between us and the database, on a server of one's own that knows it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use hookyard_store::{Db as _, Store, StoreError, StoreSettings};
use hookyard_testkit::servers::find;
use hookyard_testkit::servers::postgres::{Durability, Postgres, PostgresConfig};
use secrecy::SecretString;
use uuid::Uuid;

/// A server with a certificate of its own for `127.0.0.1`; gone with its folder when dropped.
struct Server {
    dir: PathBuf,
    postgres: Postgres,
}

impl Drop for Server {
    fn drop(&mut self) {
        Postgres::remove(&self.dir).unwrap();
    }
}

impl Server {
    async fn start() -> Self {
        let dir = std::env::temp_dir().join(format!("hookyard-tls-{}", Uuid::new_v4().simple()));
        let tools = find::postgres().expect("PostgreSQL is installed: run `cargo xtask test`");
        let config = PostgresConfig {
            dir: dir.clone(),
            durability: Durability::Off,
            shared_buffers_mb: 16,
            tools,
        };
        let postgres = Postgres::start(config).await.unwrap();
        Self { dir, postgres }
    }

    /// Has the server speak TLS under a fresh certificate for these names; returns the certificate's file.
    async fn certify(&mut self, name: &str) -> PathBuf {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let data = self.dir.join("cluster/data");
        give(&data, "server.key", &made.signing_key.serialize_pem());
        give(&data, "server.crt", &made.cert.pem());
        let conf = data.join("postgresql.conf");
        let text = fs::read_to_string(&conf).unwrap();
        fs::write(&conf, format!("{text}\nssl = on\n")).unwrap();
        self.postgres.kill9().await.unwrap();
        self.postgres.start_again().await.unwrap();
        let roots = std::env::temp_dir().join(format!("{}.pem", Uuid::new_v4().simple()));
        fs::write(&roots, made.cert.pem()).unwrap();
        roots
    }

    fn url(&self, parameters: &str) -> String {
        format!("{}?{parameters}", self.postgres.url())
    }
}

/// Writes a file of the server's, which only the server may read.
fn give(data: &Path, name: &str, content: &str) {
    let owner = fs::metadata(data).unwrap();
    let file = data.join(name);
    fs::write(&file, content).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// Whether the connection that one gets is encrypted.
async fn is_encrypted(url: String) -> Result<bool, StoreError> {
    const SQL: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let store = Store::new(&StoreSettings::new(SecretString::from(url), "tls")).unwrap();
    Ok(store.conn().await?.row(SQL, &[]).await?.get("ssl"))
}

fn is_refused(outcome: &Result<bool, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn a_database_is_reached_by_tls_under_a_certificate_that_is_trusted_and_under_no_other() {
    let mut server = Server::start().await;
    let plain = is_encrypted(server.url("sslmode=require")).await;
    assert!(is_refused(&plain), "a server without TLS: {plain:?}");

    let roots = server.certify("127.0.0.1").await;
    let trusting = format!("sslmode=require&sslrootcert={}", roots.display());
    assert!(is_encrypted(server.url(&trusting)).await.unwrap());
    assert!(!is_encrypted(server.url("sslmode=disable")).await.unwrap());
    let unknown = is_encrypted(server.url("sslmode=require")).await;
    assert!(is_refused(&unknown), "roots that did not sign it: {unknown:?}");

    let other = server.certify("db.example.com").await;
    let trusting = format!("sslmode=require&sslrootcert={}", other.display());
    let misnamed = is_encrypted(server.url(&trusting)).await;
    assert!(is_refused(&misnamed), "a certificate for another name: {misnamed:?}");
    for file in [roots, other] {
        fs::remove_file(file).unwrap();
    }
}
