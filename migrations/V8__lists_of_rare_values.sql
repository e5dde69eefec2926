-- What lists of millions are led by. Pushes, most of all syncs, have no entry in the indexes of sync_event, so that
-- recording one costs nothing more. The workspace comes second: an index that begins as another one does could be
-- passed over for that one, and what it finds sorted.
create index sync_event_by_trigger on sync_event (trigger, workspace_id, id) where trigger <> 'push';
create index sync_event_by_event_type on sync_event (event_type, workspace_id, id) where event_type <> 'github.push';

-- An entry a delivery more, at the end of its type's: it never changes, so that the states of a delivery touch it not.
create index delivery_by_type on delivery (event_type, workspace_id, id);

-- A sync can list tens of thousands of files; those that failed are shown first.
create index sync_file_failed on sync_file (sync_event_id, path) where outcome = 'failed';

-- What needs somebody is found without looking at all that is well.
create index connection_amiss on connection (workspace_id, id) where status in ('disabled', 'action_needed', 'error');
create index oauth_client_amiss on oauth_client (workspace_id, id) where status = 'active' and failing_since is not null;
