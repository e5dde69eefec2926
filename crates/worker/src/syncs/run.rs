//! One sync from its lease to its end.

use std::time::Duration;

use hookyard_domain::job::RUNS_MAX;
use hookyard_domain::sync_attempt::AttemptCause;
use hookyard_domain::sync_event::SyncReason;
use hookyard_domain::target::TargetStatus;
use hookyard_github::GitHubError;
use hookyard_store::StoreError;
use hookyard_store::jobs::{Ended, Lease};
use hookyard_store::sync_events::{self, End, Spent, Start, SyncWork};
use metrics::counter;
use tracing::{debug, error, info, warn};

use super::parse::PARSER_VERSION;
use super::reconcile::{Halt, reconcile};
use crate::clock;
use crate::context::Context;
use crate::github_app::AppError;
use crate::hold::{give_back, hold};
use crate::quarantine::is_suspected;

/// How long a sync waits that cannot run for want of set-up, which an operator must do.
const SETUP_PAUSE_MS: u64 = 60_000;
/// How much longer than GitHub asked a rate-limited sync waits, so that the limit is surely over.
const RATE_LIMIT_SLACK: Duration = Duration::from_secs(1);

/// Runs the sync of a lease. What fails without a verdict keeps its lease and comes back when that has run out.
pub(crate) async fn run(context: &Context, lease: Lease) {
    let place = context.syncs_apart.enter(is_suspected(&lease));
    let outcome = match hold(&context.store, &lease, place).await {
        Some(_place) => run_leased(context, &lease).await,
        None => Ok(Ended::Fenced),
    };
    match outcome {
        Ok(Ended::Held) => context.due.notify_one(),
        Ok(Ended::Fenced) => {
            counter!("hookyard_worker_fenced_total").increment(1);
            debug!(job.id = %lease.job, "the lease of {} ended elsewhere; the result is dropped", lease.job);
        }
        Err(error) => {
            error!(job.id = %lease.job, "the sync of {} could not be recorded: {}", lease.job, error.brief());
            give_back(&context.store, &lease, &error).await;
        }
    }
}

async fn run_leased(context: &Context, lease: &Lease) -> Result<Ended, StoreError> {
    if lease.runs > RUNS_MAX {
        let error = format!("{RUNS_MAX} workers ended while they ran it");
        let mut conn = context.store.conn().await?;
        return sync_events::bury(&mut conn, lease, SyncReason::WorkerDied, &error).await;
    }
    let start = sync_events::start(&mut context.store.conn().await?, lease, PARSER_VERSION).await?;
    let mut work = match start {
        Start::Run(work) => work,
        Start::Parked => return Ok(Ended::Held),
        Start::Fenced => return Ok(Ended::Fenced),
        Start::Ended(reason) => {
            debug!(%reason, "the sync of {} ended before it ran: {reason}", lease.job);
            return Ok(Ended::Held);
        }
    };
    let id = work.sync_event;
    info!(sync_event.id = %id, repository = %work.repository, attempt = work.attempts, "sync {id} of {} {} runs", work.repository, work.git_ref);
    // Renewed only up to here: recording the end locks the job's row.
    let attempt = until_drained(context, attempt(context, lease, &mut work));
    let Some(attempted) = hold(&context.store, lease, Box::pin(attempt)).await else {
        return Ok(Ended::Fenced);
    };
    let Some((result, requests)) = attempted else {
        // The process ends: somebody else goes on, with every blob that was staged.
        let mut conn = context.store.conn().await?;
        return sync_events::park(&mut conn, lease, &work, 0, Spent::default()).await;
    };
    match result {
        Ok(end) => finish(context, lease, &work, &end, requests).await,
        Err(halt) => put_off(context, lease, &work, halt, requests).await,
    }
}

/// The work's result, unless the process has to end before.
async fn until_drained<T>(context: &Context, work: impl Future<Output = T>) -> Option<T> {
    /// How much of the drain is left for giving the lease back.
    const LEFT: Duration = Duration::from_secs(2);
    let cut_off = async {
        context.stop.stopped().await;
        tokio::time::sleep(context.settings.drain.saturating_sub(LEFT)).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = cut_off => None,
    }
}

async fn attempt(
    context: &Context,
    lease: &Lease,
    work: &mut SyncWork,
) -> (Result<End, Halt>, u32) {
    let client = match context.github.client().await {
        Ok(client) => client,
        Err(error) => return (Err(Halt::NoApp(error)), 0),
    };
    let session = client.session(work.installation_id);
    let result = reconcile(context, lease, work, &session).await;
    (result, session.requests())
}

async fn finish(
    context: &Context,
    lease: &Lease,
    work: &SyncWork,
    end: &End,
    requests: u32,
) -> Result<Ended, StoreError> {
    let mut conn = context.store.conn().await?;
    let ended = sync_events::end(&mut conn, lease, work, end, requests).await?;
    if ended == Ended::Held {
        let id = work.sync_event;
        match end {
            End::Applied(applied) => {
                let counts = applied.counts;
                info!(sync_event.id = %id, ?counts, requests, "sync {id} applied {}", applied.sha);
            }
            End::Ignored { reason, .. } => {
                info!(sync_event.id = %id, %reason, "sync {id} had nothing to do: {reason}");
            }
            End::Failed { reason, error, .. } => {
                warn!(sync_event.id = %id, %reason, "sync {id} failed: {error}");
            }
        }
        counter!("hookyard_worker_syncs_ended_total").increment(1);
    }
    Ok(ended)
}

/// Decides what becomes of a sync that did not come to its end.
async fn put_off(
    context: &Context,
    lease: &Lease,
    work: &SyncWork,
    halt: Halt,
    requests: u32,
) -> Result<Ended, StoreError> {
    let spent = Spent { github_requests: requests, cause: cause_of(&halt), look: false };
    let mut conn = context.store.conn().await?;
    match halt {
        Halt::Store(error) => Err(error),
        Halt::LookAgain => {
            let spent = Spent { look: true, ..spent };
            let look_again_ms = context.settings.sync.look_again_ms;
            sync_events::park(&mut conn, lease, work, look_again_ms, spent).await
        }
        Halt::NoApp(AppError::Store(error)) => Err(error),
        Halt::NoApp(error) => {
            warn!(%error, "sync {} waits for the GitHub App", work.sync_event);
            sync_events::park(&mut conn, lease, work, SETUP_PAUSE_MS, spent).await
        }
        Halt::GitHub(GitHubError::RateLimited { kind, retry_after }) => {
            let wait = retry_after + RATE_LIMIT_SLACK;
            info!(sync_event.id = %work.sync_event, "sync {} waits {} s for GitHub's {kind} rate limit", work.sync_event, wait.as_secs());
            sync_events::park(&mut conn, lease, work, millis(wait), spent).await
        }
        Halt::GitHub(error) => {
            drop(conn);
            if let Some(end) = ended_by(&error) {
                finish(context, lease, work, &end, requests).await
            } else {
                retry(context, lease, work, &describe(&error), spent).await
            }
        }
    }
}

async fn retry(
    context: &Context,
    lease: &Lease,
    work: &SyncWork,
    error: &str,
    spent: Spent,
) -> Result<Ended, StoreError> {
    let policy = context.settings.sync.retry_policy();
    let Some(delay_ms) = policy.delay_ms_after(work.attempts, clock::jitter()) else {
        let end = End::Failed {
            reason: SyncReason::AttemptsExhausted,
            error: error.to_owned(),
            target: None,
        };
        return finish(context, lease, work, &end, spent.github_requests).await;
    };
    let id = work.sync_event;
    warn!(sync_event.id = %id, attempt = work.attempts, "sync {id} failed in passing, next attempt in {delay_ms} ms: {error}");
    let mut conn = context.store.conn().await?;
    sync_events::retry(&mut conn, lease, work, delay_ms, error, spent).await
}

/// Why an attempt is not the last one, as its record says it.
fn cause_of(halt: &Halt) -> Option<AttemptCause> {
    match halt {
        // Not recorded: the lease stays as it is.
        Halt::Store(_) => None,
        Halt::LookAgain => Some(AttemptCause::NotVisible),
        Halt::NoApp(_) => Some(AttemptCause::NoApp),
        Halt::GitHub(GitHubError::RateLimited { .. }) => Some(AttemptCause::RateLimited),
        Halt::GitHub(GitHubError::Transient(_)) => Some(AttemptCause::Unreachable),
        Halt::GitHub(GitHubError::TreeGone(_) | GitHubError::BlobGone(_)) => {
            Some(AttemptCause::Moved)
        }
        Halt::GitHub(
            GitHubError::Unexpected { .. }
            | GitHubError::RepositoryGone
            | GitHubError::NotPermitted { .. }
            | GitHubError::TooLarge { .. }
            | GitHubError::Suspended
            | GitHubError::InstallationGone,
        ) => Some(AttemptCause::Unexpected),
    }
}

/// How a sync ends by an answer of GitHub that another attempt would not change; none if one may.
fn ended_by(error: &GitHubError) -> Option<End> {
    let failed = |reason, target| Some(End::Failed { reason, error: describe(error), target });
    let ignored = |reason| End::Ignored { reason, target: None, recheck_ms: None };
    match error {
        GitHubError::RateLimited { .. } | GitHubError::Transient(_) | GitHubError::TreeGone(_) => {
            None
        }
        GitHubError::Unexpected { .. } | GitHubError::BlobGone(_) => None,
        GitHubError::RepositoryGone => {
            failed(SyncReason::RepositoryGone, Some(TargetStatus::RepositoryGone))
        }
        GitHubError::NotPermitted { .. } => failed(SyncReason::NotPermitted, None),
        GitHubError::TooLarge { .. } => failed(SyncReason::TooManyFiles, None),
        GitHubError::Suspended => Some(ignored(SyncReason::InstallationSuspended)),
        GitHubError::InstallationGone => Some(ignored(SyncReason::Disconnected)),
    }
}

/// An error with its causes, on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        text = format!("{text}: {it}");
        cause = it.source();
    }
    text
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
