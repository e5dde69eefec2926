//! System: is Hookyard well?

use std::time::Duration;

use axum::extract::State;
use hookyard_store::job_list::{self, JobCount};
use hookyard_store::paging::PageRequest;
use hookyard_store::rejected_messages::{self, RejectedMessage};
use hookyard_store::workers::{self, Worker};
use hookyard_store::{Conn, overview, schema};

use crate::App;
use crate::access::{Asked, CallerKind, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::frame::Viewer;
use crate::operations::doctor::{self, Diagnosis};
use crate::routes::Routes;

mod deployment;
mod view;

/// How long the examination may take: it asks the database and the broker.
const EXAMINATION_MAX: Duration = Duration::from_secs(10);
/// How long the page waits for the jobs to be counted: all of them are looked at.
const COUNTING_MAX: Duration = Duration::from_secs(2);
/// How many rejected messages are shown.
const REJECTED_ROWS: u16 = 10;

/// The system pages. What concerns other workspaces, too, is for operators.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/system", Need::Admin, show).page(
        "/w/{slug}/system/examination",
        Need::Operator,
        examine,
    )
}

/// What the page shows.
struct System {
    workers: Vec<Worker>,
    queues: Vec<overview::QueueDepth>,
    schema: i32,
    deployment: Option<Deployment>,
}

/// What only operators see.
struct Deployment {
    /// None: there are too many to count them now.
    jobs: Option<Vec<JobCount>>,
    rejected: Vec<RejectedMessage>,
}

async fn show(State(app): State<App>, asked: Asked, viewer: Viewer) -> Answer {
    let conn = app.store.conn().await?;
    let is_operator = matches!(asked.caller().kind, CallerKind::Operator { .. });
    let system = System {
        workers: workers::running(&conn).await?,
        queues: overview::queues(&conn, asked.workspace().id).await?,
        schema: schema::version(&conn).await?,
        deployment: if is_operator { Some(deployment_of(&app, conn).await?) } else { None },
    };
    answer::page(&app, &viewer, view::view(&viewer, &system))
}

async fn deployment_of(app: &App, conn: Conn) -> Result<Deployment, Failure> {
    let few = PageRequest::new(REJECTED_ROWS, None).map_err(|_| Failure::no_page())?;
    let rejected = rejected_messages::list(&conn, few).await?.items;
    drop(conn);
    // A statement that nobody waits for any more ends by the database's own limit.
    let counted = async { job_list::counts(&app.store.conn().await?).await };
    let jobs = match tokio::time::timeout(COUNTING_MAX, counted).await {
        Ok(counts) => Some(counts?),
        Err(_) => None,
    };
    Ok(Deployment { jobs, rejected })
}

async fn examine(State(app): State<App>, viewer: Viewer) -> Answer {
    let examination = app.examination();
    let found: Option<Diagnosis> =
        tokio::time::timeout(EXAMINATION_MAX, doctor::examine(&examination)).await.ok();
    answer::page(&app, &viewer, deployment::examined(&viewer, found.as_ref()))
}
