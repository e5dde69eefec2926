//! A database of its own, the command line on it, and a look behind its back.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use hookyard_store::{Conn, Db as _, Store, StoreSettings};
use hookyard_testkit::database::TestDatabase;
use hookyard_testkit::receiver_sim::{ReceiverSim, ReceiverSimConfig};
use hookyard_vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON document of a command that succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A migrated database, and the settings of the deployment on it.
pub(crate) struct Yard {
    pub(crate) database: TestDatabase,
    pub(crate) source_keys: SecretString,
    pub(crate) vault_keys: SecretString,
}

/// The ids of a deployment with one tracked branch.
pub(crate) struct Tracked {
    pub(crate) account: String,
    pub(crate) instance: String,
    pub(crate) target: String,
}

impl Yard {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        Self { database, source_keys: KeyRing::generate(), vault_keys: KeyRing::generate() }
    }

    /// `hookyard-admin` with these arguments and the deployment's settings, and nothing else of this environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard-admin"));
        command
            .args(arguments)
            .env_clear()
            .env("HOOKYARD_DATABASE_URL", self.database.role_url("hookyard_admin"))
            .env("HOOKYARD_SOURCE_KEYS", self.source_keys.expose_secret())
            .env("HOOKYARD_VAULT_KEYS", self.vault_keys.expose_secret())
            .env("HOOKYARD_OUTBOUND_ALLOW", "127.0.0.0/8")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command to its end that reads `input`.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses its arguments reads nothing, and may be gone by now.
        let written = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(written.is_ok() || !output.status.success());
        Ran::of(output)
    }

    /// The JSON document of a command.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).json()
    }

    /// The `id` of a command's JSON document.
    pub(crate) fn id(&self, arguments: &[&str]) -> String {
        text(&self.json(arguments), "id")
    }

    /// A workspace `acme` that tracks `octo/skills`, main.
    pub(crate) fn tracked(&self) -> Tracked {
        self.id(&["workspace", "create", "acme", "--name", "Acme"]);
        let account = self.id(&[
            "connector",
            "account",
            "add",
            "--workspace",
            "acme",
            "--installation-id",
            "7",
            "--login",
            "octo",
        ]);
        let instance =
            self.id(&["connector", "instance", "add", "--account", &account, "--name", "Skills"]);
        let target = self.id(&[
            "connector",
            "target",
            "add",
            "--instance",
            &instance,
            "--repository",
            "octo/skills",
            "--repository-id",
            "9",
            "--branch",
            "main",
        ]);
        Tracked { account, instance, target }
    }

    /// A workspace `acme`.
    pub(crate) fn workspace(&self) {
        self.id(&["workspace", "create", "acme", "--name", "Acme"]);
    }

    /// Connects the workspace `acme` by a connection of kind `webhook`; its JSON document.
    pub(crate) fn connected(&self, url: &str) -> Value {
        let connect = ["connection", "connect", "--workspace", "acme", "--kind", "webhook"];
        self.json(&[&connect, &["--url", url][..]].concat())
    }

    /// A connection as the database's owner, to see and to do what no command does.
    pub(crate) async fn owner(&self) -> Conn {
        let settings = StoreSettings::new(SecretString::from(self.database.owner_url()), "test");
        Store::new(&settings).unwrap().conn().await.unwrap()
    }

    /// Runs a statement as the owner.
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.owner().await.execute(sql, &[]).await.unwrap();
    }

    /// A number that a statement gives as `n`.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        self.owner().await.row(sql, &[]).await.unwrap().get("n")
    }
}

/// A receiver on loopback that takes everything.
pub(crate) async fn receiver() -> ReceiverSim {
    ReceiverSim::start(ReceiverSimConfig::default()).await.unwrap()
}

/// The items of a list.
pub(crate) fn items(page: &Value) -> &[Value] {
    page["items"].as_array().unwrap_or_else(|| panic!("items in {page:#}"))
}

/// A text field of a JSON object.
pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value:#}")).to_owned()
}
