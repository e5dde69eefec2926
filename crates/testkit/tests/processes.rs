//! Recorded processes: adopted, ended, and never mistaken for another.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hookyard_testkit::servers::process::{Identity, Process};
use hookyard_testkit::servers::wait;
use nix::sys::signal::Signal;

const A_WHILE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn shell(dir: &Path, script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::spawn("shell", command, &dir.join("log"), &dir.join("pid")).unwrap()
}

fn adopt(dir: &Path) -> Option<Process> {
    Process::adopt("shell", &dir.join("log"), &dir.join("pid"))
}

async fn log_holds(dir: &Path, text: &str) -> bool {
    wait::until(A_WHILE, || fs::read_to_string(dir.join("log")).is_ok_and(|log| log.contains(text)))
        .await
}

#[tokio::test]
async fn a_process_that_ignores_sigterm_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let mut process = shell(dir.path(), "trap '' TERM; sleep 1000 & echo child $!; wait");
    assert!(log_holds(dir.path(), "child").await);
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    let child = Identity::of(log.trim().strip_prefix("child ").unwrap().parse().unwrap()).unwrap();

    let orderly = process.stop(Signal::SIGTERM, SHORT).await.unwrap();

    assert!(!orderly);
    assert!(!process.is_alive());
    assert!(!child.is_alive());
    assert!(adopt(dir.path()).is_none());
}

#[tokio::test]
async fn a_process_that_obeys_ends_in_good_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut process =
        shell(dir.path(), "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    assert!(log_holds(dir.path(), "ready").await);
    assert!(process.stop(Signal::SIGTERM, A_WHILE).await.unwrap());
    assert!(log_holds(dir.path(), "bye").await);
}

#[tokio::test]
async fn a_detached_process_outlives_its_owner_and_whoever_adopts_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut process = shell(dir.path(), "sleep 1000");
    let pid = process.pid();
    process.detach();
    drop(process);
    drop(adopt(dir.path()).expect("it still runs"));
    let mut adopted = adopt(dir.path()).expect("it still runs");
    assert_eq!(adopted.pid(), pid);
    adopted.kill9().await.unwrap();
    assert!(adopt(dir.path()).is_none());
}

#[tokio::test]
async fn a_dropped_process_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell(dir.path(), "sleep 1000");
    let pid = process.pid();
    drop(process);
    assert!(adopt(dir.path()).is_none());
    assert_eq!(Identity::of(pid), None);
}

#[tokio::test]
async fn a_stranger_with_the_same_id_is_not_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell(dir.path(), "sleep 1000");
    let real = Identity::of(process.pid()).unwrap();
    let earlier = Identity { start_ticks: real.start_ticks - 1, ..real };
    fs::write(dir.path().join("pid"), serde_json::to_vec(&earlier).unwrap()).unwrap();
    assert!(adopt(dir.path()).is_none());
    earlier.signal(Signal::SIGKILL).unwrap();
    assert!(real.is_alive());
}

#[tokio::test]
async fn a_process_that_died_shows_the_end_of_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut process = shell(dir.path(), "echo the disk is full; exit 1");
    assert!(wait::until(A_WHILE, || !process.is_alive()).await);
    let error = process.check().unwrap_err().to_string();
    assert!(error.contains("the disk is full"), "{error}");
}
