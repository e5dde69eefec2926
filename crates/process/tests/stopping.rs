//! Stopping as a value, and tasks that end with it.

use std::time::Duration;

use hookyard_process::{Stop, Tasks};
use tokio::sync::oneshot;

/// Far longer than anything here takes.
const DRAIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn every_clone_sees_the_stop() {
    let stop = Stop::new();
    let clone = stop.clone();
    assert!(!clone.is_stopping());
    stop.trigger();
    stop.trigger();
    clone.stopped().await;
    assert!(clone.is_stopping());
    assert!(!clone.has_failed());
}

#[tokio::test]
async fn a_future_runs_to_its_end_unless_the_stop_comes_first() {
    let stop = Stop::new();
    assert_eq!(stop.run_until_stopped(async { 7 }).await, Some(7));
    stop.trigger();
    assert_eq!(stop.run_until_stopped(std::future::pending::<i32>()).await, None);
}

#[tokio::test]
async fn draining_waits_for_every_task() {
    let tasks = Tasks::new(Stop::new());
    let (finish, finished) = oneshot::channel::<()>();
    let (done, is_done) = oneshot::channel();
    tasks.spawn("waits", async move {
        finished.await.unwrap();
        done.send(()).unwrap();
    });
    assert_eq!(tasks.running(), 1);
    finish.send(()).unwrap();
    assert!(tasks.drain(DRAIN).await);
    assert_eq!(tasks.running(), 0);
    is_done.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn draining_gives_up_at_its_deadline() {
    let tasks = Tasks::new(Stop::new());
    tasks.spawn("never ends", std::future::pending());
    assert!(!tasks.drain(DRAIN).await);
    assert_eq!(tasks.running(), 1);
}

#[tokio::test]
async fn a_panic_of_an_ordinary_task_stops_nobody() {
    let stop = Stop::new();
    let tasks = Tasks::new(stop.clone());
    tasks.spawn("panics", async { panic!("on purpose") });
    assert!(tasks.drain(DRAIN).await);
    assert!(!stop.is_stopping());
}

#[tokio::test]
async fn the_process_stops_as_failed_when_an_essential_task_panics() {
    let stop = Stop::new();
    let tasks = Tasks::new(stop.clone());
    tasks.spawn_essential("panics", async { panic!("on purpose") });
    stop.stopped().await;
    assert!(stop.has_failed());
    assert!(tasks.drain(DRAIN).await);
}

#[tokio::test]
async fn the_process_stops_as_failed_when_an_essential_task_returns_too_early() {
    let stop = Stop::new();
    let tasks = Tasks::new(stop.clone());
    tasks.spawn_essential("returns", async {});
    stop.stopped().await;
    assert!(stop.has_failed());
}

#[tokio::test]
async fn an_essential_task_that_ends_with_the_stop_is_no_failure() {
    let stop = Stop::new();
    let tasks = Tasks::new(stop.clone());
    let working = stop.clone();
    tasks.spawn_essential("works", async move { working.stopped().await });
    stop.trigger();
    assert!(tasks.drain(DRAIN).await);
    assert!(!stop.has_failed());
}

#[tokio::test]
async fn signals_can_be_watched_within_a_runtime() {
    let stop = Stop::on_signals().unwrap();
    assert!(!stop.is_stopping());
}
