//! The sources behind the doors, with their secrets opened, remembered for seconds.

use std::sync::Arc;
use std::time::Duration;

use hookyard_sources::Freshness;
use hookyard_store::ingest::{ActiveSource, Door, active_source};
use hookyard_store::{Store, StoreError};
use hookyard_vault::{KeyRing, Label};
use moka::future::Cache;
use secrecy::SecretSlice;
use tokio::time::Instant;
use tracing::error;

/// How long a source is believed without looking again.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How long a source is believed when a signature does not match: a forger cannot make us ask more often.
const BELIEVED_MIN: Duration = Duration::from_millis(250);
/// How many doors are remembered, unknown ones among them.
const DOORS_MAX: u64 = 10_000;

/// A source with its secrets, ready to verify.
pub(crate) struct OpenSource {
    pub(crate) source: ActiveSource,
    pub(crate) secrets: Vec<SecretSlice<u8>>,
    pub(crate) freshness: Freshness,
    read_at: Instant,
}

/// Finds sources by their doors. One reader asks the database, the others wait for its answer.
pub(crate) struct SourceCache {
    store: Store,
    keys: KeyRing,
    doors: Cache<Door, Option<Arc<OpenSource>>>,
}

impl SourceCache {
    pub(crate) fn new(store: Store, keys: KeyRing) -> Self {
        let doors = Cache::builder().max_capacity(DOORS_MAX).time_to_live(REMEMBERED).build();
        Self { store, keys, doors }
    }

    /// The source behind a door, as it was at most seconds ago.
    pub(crate) async fn get(&self, door: Door) -> Result<Option<Arc<OpenSource>>, Arc<StoreError>> {
        let found = self.doors.try_get_with(door, self.read(door)).await?;
        if found.as_ref().is_none_or(|source| source.secrets.is_empty()) {
            // Whoever sets it up now need not wait for it to be believed.
            self.doors.invalidate(&door).await;
        }
        Ok(found)
    }

    /// The source as it was at `since` or later: its secrets may have been rotated just before.
    ///
    /// Reads at most four times a second, however many ask: the others wait for the next reading.
    pub(crate) async fn as_of(
        &self,
        door: Door,
        since: Instant,
    ) -> Result<Option<Arc<OpenSource>>, Arc<StoreError>> {
        let Some(remembered) = self.get(door).await? else { return Ok(None) };
        if remembered.read_at >= since {
            return Ok(Some(remembered));
        }
        tokio::time::sleep_until(remembered.read_at + BELIEVED_MIN).await;
        // Somebody else may have read it again meanwhile.
        match self.get(door).await? {
            Some(it) if it.read_at >= since => Ok(Some(it)),
            Some(_) | None => {
                self.doors.invalidate(&door).await;
                self.get(door).await
            }
        }
    }

    async fn read(&self, door: Door) -> Result<Option<Arc<OpenSource>>, StoreError> {
        let conn = self.store.conn().await?;
        let Some(source) = active_source(&conn, door).await? else { return Ok(None) };
        let secrets = source
            .secrets
            .iter()
            .filter_map(|(row, sealed)| self.open(&source, *row, sealed))
            .collect();
        let freshness =
            Freshness { fresh_ms: source.fresh_ms, unseen_age_ms_max: source.unseen_age_ms_max };
        Ok(Some(Arc::new(OpenSource { source, secrets, freshness, read_at: Instant::now() })))
    }

    fn open(
        &self,
        source: &ActiveSource,
        row: uuid::Uuid,
        sealed: &[u8],
    ) -> Option<SecretSlice<u8>> {
        let label = Label { table: "source_secret", row, column: "sealed" };
        self.keys
            .open(&label, sealed)
            .inspect_err(|error| {
                let id = source.id;
                error!(source.id = %id, %error, "a secret of source {id} cannot be opened; check HOOKYARD_SOURCE_KEYS");
            })
            .ok()
    }
}
