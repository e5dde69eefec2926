//! The servers that `cargo xtask test` started for the tests.

use std::env;
use std::path::PathBuf;

use super::find::BrowserTools;

/// Where the tests' servers are.
#[derive(Debug, Clone)]
pub struct TestEnv {
    /// The owner's URL of an empty database; each test makes its own beside it.
    pub database_url: String,
    pub amqp_url: String,
    /// The password of the three roles, `hookyard_ingress`, `hookyard_worker` and `hookyard_admin`.
    pub role_password: String,
    /// The folder of the built binaries.
    pub bin_dir: PathBuf,
}

/// The browser of this test run.
///
/// # Panics
/// When there is none: `cargo xtask test` finds or installs it for the packages that need it.
pub fn test_browser() -> BrowserTools {
    BrowserTools {
        chromium: required("HOOKYARD_TEST_CHROMIUM").into(),
        driver: required("HOOKYARD_TEST_CHROMEDRIVER").into(),
    }
}

/// Where the pictures of pages are to be kept; none: nowhere.
pub fn test_pictures() -> Option<PathBuf> {
    env::var_os("HOOKYARD_TEST_PICTURES_DIR").map(PathBuf::from)
}

/// The servers of this test run.
///
/// # Panics
/// When the tests were not started by `cargo xtask test`, which starts the servers and sets the variables.
pub fn test_env() -> TestEnv {
    TestEnv {
        database_url: required("HOOKYARD_TEST_DATABASE_URL"),
        amqp_url: required("HOOKYARD_TEST_AMQP_URL"),
        role_password: required("HOOKYARD_TEST_ROLE_PASSWORD"),
        bin_dir: required("HOOKYARD_TEST_BIN_DIR").into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
fn required(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}
