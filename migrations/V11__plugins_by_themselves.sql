-- Whether a push brings in plugins that are new in the repository. Null: where plugins were brought in by a discovery
-- and nobody said otherwise, so that whoever maps by hand has what they mapped and nothing else.
alter table connector_instance add column auto_import_new_plugins boolean;

-- The discovered plugin that a mapping is of; null: it was made by hand.
alter table connector_mapping add column plugin_key text;

-- What plugins were last looked for in: a digest of paths and manifests. While it is the same there are no new ones.
alter table connector_target add column plugins_seen bytea;

-- A sync that finds a new plugin maps it, and says so.
grant insert on connector_mapping, audit_log to hookyard_worker;
