//! The short form of `cargo xtask chaos`, on the binaries and tools of this test run.

use std::process::Command;

use hookyard_testkit::servers::test_env;

#[test]
fn nothing_is_lost_or_doubled_whatever_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_hookyard-xtask"))
        .args(["--no-install", "chaos", "--short", "--binaries"])
        .arg(test_env().bin_dir)
        .arg("--dir")
        .arg(dir.path())
        .status()
        .unwrap();
    assert!(status.success());
}
