//! `rejected_message`: queue messages that named no known work.

use hookyard_domain::ids::RejectedMessageId;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// The most of a rejected message that is kept, in bytes: enough to recognise who sent it.
pub const BODY_BYTES_KEPT_MAX: usize = 4096;

/// A queue message that named no known work.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectedMessage {
    pub id: RejectedMessageId,
    pub received_at: Timestamp,
    pub queue: String,
    pub reason: String,
    /// How long it was, in bytes.
    pub body_bytes: i32,
    /// Its beginning, as far as it is text.
    pub excerpt: String,
}

impl RejectedMessage {
    fn read(row: &Row) -> Self {
        Self {
            id: RejectedMessageId(row.get("id")),
            received_at: row.get("received_at"),
            queue: row.get("queue"),
            reason: row.get("reason"),
            body_bytes: row.get("body_bytes"),
            excerpt: String::from_utf8_lossy(row.get("excerpt")).into_owned(),
        }
    }
}

/// Records a rejected message and its first [`BODY_BYTES_KEPT_MAX`] bytes.
pub async fn insert(
    db: &impl Db,
    id: RejectedMessageId,
    queue: &str,
    reason: &str,
    body: &[u8],
) -> Result<(), StoreError> {
    const SQL: &str = "-- rejected_messages::insert
        insert into rejected_message (id, queue, reason, body, body_bytes) values ($1, $2, $3, $4, $5)";
    let kept = &body[..body.len().min(BODY_BYTES_KEPT_MAX)];
    let bytes = i32::try_from(body.len()).unwrap_or(i32::MAX);
    db.execute(
        SQL,
        &[
            /* id */ &id.0, /* queue */ &queue, /* reason */ &reason,
            /* body */ &kept, /* bytes */ &bytes,
        ],
    )
    .await?;
    Ok(())
}

/// Rejected messages, newest first.
pub async fn list(
    db: &impl Db,
    page: PageRequest<RejectedMessageId>,
) -> Result<Page<RejectedMessage, RejectedMessageId>, StoreError> {
    const SQL: &str = "-- rejected_messages::list
        select id, received_at, queue, reason, body_bytes, substring(body from 1 for 120) as excerpt
          from rejected_message
         where id < $1
         order by id desc limit 101";
    let rows = db.rows(SQL, &[/* before */ &page.bound(|id| id.0)]).await?;
    Ok(page.cut(rows.iter().map(RejectedMessage::read).collect(), |item| item.id))
}
