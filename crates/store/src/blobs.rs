//! Contents by Git's hash, staged as they arrive. A blob never changes, and is never shared between workspaces.

use std::collections::HashSet;

use bytes::Bytes;
use hookyard_domain::ids::WorkspaceId;

use crate::{Db, StoreError};

/// Which of these blobs the workspace has already.
pub async fn known(
    db: &impl Db,
    workspace: WorkspaceId,
    shas: &[&str],
) -> Result<HashSet<String>, StoreError> {
    const SQL: &str = "-- blobs::known
        select sha from blob where workspace_id = $1 and sha = any($2)";
    let rows = db.rows(SQL, &[/* workspace */ &workspace.0, /* shas */ &shas]).await?;
    Ok(rows.iter().map(|row| row.get("sha")).collect())
}

/// The contents of these blobs, as far as the workspace has them.
pub async fn read(
    db: &impl Db,
    workspace: WorkspaceId,
    shas: &[&str],
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    const SQL: &str = "-- blobs::read
        select sha, content from blob where workspace_id = $1 and sha = any($2)";
    let rows = db.rows(SQL, &[/* workspace */ &workspace.0, /* shas */ &shas]).await?;
    Ok(rows.iter().map(|row| (row.get("sha"), row.get("content"))).collect())
}

/// Keeps blobs; those that are there already stay as they are.
pub async fn put(
    db: &impl Db,
    workspace: WorkspaceId,
    blobs: &[(String, Bytes)],
) -> Result<(), StoreError> {
    // Sorted, so that two workers that stage the same blobs cannot deadlock.
    const SQL: &str = "-- blobs::put
        insert into blob (workspace_id, sha, content)
        select $1, sha, content from unnest($2::text[], $3::bytea[]) as t(sha, content) order by sha
            on conflict do nothing";
    let (shas, contents): (Vec<&str>, Vec<&[u8]>) =
        blobs.iter().map(|(sha, content)| (sha.as_str(), content.as_ref())).unzip();
    db.execute(SQL, &[/* workspace */ &workspace.0, /* shas */ &shas, /* contents */ &contents])
        .await?;
    Ok(())
}
