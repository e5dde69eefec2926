//! Config objects as a sync changes them: set by set, in the transaction that records the sync.

use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::ConfigObjectId;
use uuid::Uuid;

use crate::sync_events::SyncWork;
use crate::{Db, StoreError, Tx};

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct Content {
    pub path: String,
    pub blob_sha: String,
    pub title: String,
    pub description: Option<String>,
    /// The frontmatter or manifest.
    pub metadata: Option<serde_json::Value>,
}

/// A file that becomes an object.
#[derive(Debug, Clone)]
pub struct Created {
    pub object: ConfigObjectId,
    pub object_type: ObjectType,
    pub content: Content,
}

/// A file whose object gets a new version.
#[derive(Debug, Clone)]
pub struct Updated {
    pub object: ConfigObjectId,
    pub content: Content,
}

/// Everything that a sync changes.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub deleted: Vec<ConfigObjectId>,
    pub updated: Vec<Updated>,
    pub created: Vec<Created>,
    pub parser_version: u32,
}

/// Carries out the changes. A reader sees the target before or after, never between.
pub async fn apply(
    tx: &Tx<'_>,
    work: &SyncWork,
    commit_sha: &str,
    changes: &Changes,
) -> Result<(), StoreError> {
    // Deletions first: a path whose object changes its type is closed before it is bound anew.
    if !changes.deleted.is_empty() {
        delete(tx, work, commit_sha, &changes.deleted).await?;
    }
    if !changes.updated.is_empty() {
        update(tx, work, commit_sha, changes).await?;
    }
    if !changes.created.is_empty() {
        create(tx, work, commit_sha, changes).await?;
    }
    Ok(())
}

async fn delete(
    tx: &Tx<'_>,
    work: &SyncWork,
    commit_sha: &str,
    objects: &[ConfigObjectId],
) -> Result<(), StoreError> {
    const SQL: &str = "-- config_objects::delete
        with gone as (
            select object.id, object.path, object.title, object.description, uuid_v7(now()) as version_id,
                   (select max(number) from config_object_version where config_object_id = object.id) + 1 as number
              from config_object object where object.id = any($1) and object.status = 'active'
        ), versions as (
            insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, deleted, title, description)
            select version_id, id, number, $2, $3, true, title, description from gone
        ), objects as (
            update config_object set status = 'deleted', current_version_id = gone.version_id, updated_at = now()
              from gone where config_object.id = gone.id
        ), bindings as (
            update source_binding set closed_at = now()
             where config_object_id = any($1) and closed_at is null
        )
        insert into tombstone (config_object_id, target_id, path, sync_event_id)
        select id, $4, path, $2 from gone";
    let ids: Vec<Uuid> = objects.iter().map(|it| it.0).collect();
    tx.execute(
        SQL,
        &[
            /* objects */ &ids,
            /* sync event */ &work.sync_event.0,
            /* commit */ &commit_sha,
            /* target */ &work.target.0,
        ],
    )
    .await?;
    Ok(())
}

async fn update(
    tx: &Tx<'_>,
    work: &SyncWork,
    commit_sha: &str,
    changes: &Changes,
) -> Result<(), StoreError> {
    const SQL: &str = "-- config_objects::update
        with input as (
            select *, uuid_v7(now()) as version_id
              from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
                as t(id, blob_sha, title, description, metadata)
        ), versions as (
            insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, blob_sha, title, description, metadata)
            select version_id, id,
                   (select max(number) from config_object_version where config_object_id = input.id) + 1,
                   $6, $7, blob_sha, title, description, metadata
              from input
        ), bindings as (
            update source_binding set blob_sha = input.blob_sha, parser_version = $8
              from input where config_object_id = input.id and closed_at is null
        )
        update config_object
           set current_version_id = input.version_id, title = input.title, description = input.description,
               updated_at = now()
          from input where config_object.id = input.id";
    let ids: Vec<Uuid> = changes.updated.iter().map(|it| it.object.0).collect();
    let columns = Columns::of(changes.updated.iter().map(|it| &it.content));
    tx.execute(
        SQL,
        &[
            /* objects */ &ids,
            /* blobs */ &columns.blob_shas,
            /* titles */ &columns.titles,
            /* descriptions */ &columns.descriptions,
            /* metadata */ &columns.metadata,
            /* sync event */ &work.sync_event.0,
            /* commit */ &commit_sha,
            /* parser version */ &parser_version(changes),
        ],
    )
    .await?;
    Ok(())
}

async fn create(
    tx: &Tx<'_>,
    work: &SyncWork,
    commit_sha: &str,
    changes: &Changes,
) -> Result<(), StoreError> {
    const SQL: &str = "-- config_objects::create
        with input as (
            select *, uuid_v7(now()) as version_id
              from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
                as t(id, object_type, path, blob_sha, title, description, metadata)
        ), objects as (
            insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title, description)
            select id, $8, $9, object_type, path, 'active', version_id, title, description from input
         returning id
        ), versions as (
            insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, blob_sha, title, description, metadata)
            select version_id, id, 1, $10, $11, blob_sha, title, description, metadata from input join objects using (id)
        )
        insert into source_binding (id, target_id, config_object_id, path, object_type, blob_sha, parser_version)
        select gen_random_uuid(), $9, id, path, object_type, blob_sha, $12 from input join objects using (id)";
    let ids: Vec<Uuid> = changes.created.iter().map(|it| it.object.0).collect();
    let types: Vec<&str> = changes.created.iter().map(|it| it.object_type.as_str()).collect();
    let columns = Columns::of(changes.created.iter().map(|it| &it.content));
    tx.execute(
        SQL,
        &[
            /* objects */ &ids,
            /* types */ &types,
            /* paths */ &columns.paths,
            /* blobs */ &columns.blob_shas,
            /* titles */ &columns.titles,
            /* descriptions */ &columns.descriptions,
            /* metadata */ &columns.metadata,
            /* workspace */ &work.workspace.0,
            /* target */ &work.target.0,
            /* sync event */ &work.sync_event.0,
            /* commit */ &commit_sha,
            /* parser version */ &parser_version(changes),
        ],
    )
    .await?;
    Ok(())
}

/// Contents turned on their side, as `unnest` takes them.
#[derive(Default)]
struct Columns<'a> {
    paths: Vec<&'a str>,
    blob_shas: Vec<&'a str>,
    titles: Vec<&'a str>,
    descriptions: Vec<Option<&'a str>>,
    metadata: Vec<Option<&'a serde_json::Value>>,
}

impl<'a> Columns<'a> {
    fn of(contents: impl Iterator<Item = &'a Content>) -> Self {
        let mut columns = Self::default();
        for content in contents {
            columns.paths.push(&content.path);
            columns.blob_shas.push(&content.blob_sha);
            columns.titles.push(&content.title);
            columns.descriptions.push(content.description.as_deref());
            columns.metadata.push(content.metadata.as_ref());
        }
        columns
    }
}

fn parser_version(changes: &Changes) -> i32 {
    i32::try_from(changes.parser_version).unwrap_or(i32::MAX)
}
