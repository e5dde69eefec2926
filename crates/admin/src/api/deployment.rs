//! What concerns the whole deployment: jobs, rejected messages, the doctor.

use axum::extract::State;
use hookyard_domain::ids::RejectedMessageId;
use hookyard_domain::job::{JobKind, JobState};
use hookyard_store::job_list::{self, Job, JobCount, JobCursor};
use hookyard_store::rejected_messages::{self, RejectedMessage};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, ApiError, Doc, Query, list as listed, page_of, plain};
use crate::App;
use crate::access::Need;
use crate::operations::doctor::{self, Diagnosis};
use crate::routes::Routes;

/// The routes of these nouns.
pub(super) fn routes() -> Routes {
    Routes::api("deployment")
        .get(
            "/v1/jobs",
            Need::Operator,
            counts,
            Doc::plain::<JobCounts>("Count unfinished work by kind and state"),
        )
        .get(
            "/v1/jobs/list",
            Need::Operator,
            jobs,
            Doc::list::<Job>("List the jobs of one kind and state").query::<JobsQuery>(),
        )
        .get(
            "/v1/rejected-messages",
            Need::Operator,
            rejected,
            Doc::list::<RejectedMessage>("List queue messages that named no known work")
                .query::<RejectedQuery>(),
        )
        .get(
            "/v1/doctor",
            Need::Operator,
            examine,
            Doc::plain::<Diagnosis>("Check everything: what is wrong and what to do"),
        )
}

/// Unfinished work.
#[derive(Debug, Serialize, ToSchema)]
struct JobCounts {
    total: i64,
    items: Vec<JobCount>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobsQuery {
    kind: JobKind,
    /// ready unless it says otherwise
    state: Option<JobState>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RejectedQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<RejectedMessageId>,
}

async fn counts(State(app): State<App>) -> Answer {
    let items = job_list::counts(&app.store.conn().await?).await?;
    plain(&JobCounts { total: items.iter().map(|it| it.count).sum(), items })
}

async fn jobs(State(app): State<App>, Query(query): Query<JobsQuery>) -> Answer {
    let cursor = query.cursor.map(|text| text.parse::<JobCursor>()).transpose();
    let cursor = cursor.map_err(|error| ApiError::field("cursor", error.to_string()))?;
    let page = page_of(query.limit, cursor)?;
    let state = query.state.unwrap_or(JobState::Ready);
    listed(&job_list::list(&app.store.conn().await?, query.kind, state, page).await?)
}

async fn rejected(State(app): State<App>, Query(query): Query<RejectedQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&rejected_messages::list(&app.store.conn().await?, page).await?)
}

async fn examine(State(app): State<App>) -> Answer {
    plain(&doctor::examine(&app.examination()).await)
}
