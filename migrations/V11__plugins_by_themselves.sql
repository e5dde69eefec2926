-- Whether a push brings in plugins that are new in the repository. Null: where plugins were brought in by a discovery
-- and nobody said otherwise, so that whoever maps by hand has what they mapped and nothing else.
alter table connector_instance add column auto_import_new_plugins boolean;

-- The discovered plugin that a mapping is of; null: it was made by hand.
alter table connector_mapping add column plugin_key text;

-- What plugins were last looked for in, as a digest of paths and manifests: while it is the same there are no new ones.
-- And the keys of those that were offered so far: they are not new, whether or not somebody chose them.
alter table connector_target
    add column plugins_seen bytea,
    add column plugins_known text[] not null default '{}';

-- A sync that finds a new plugin maps it, and says so.
grant insert on connector_mapping, audit_log to hookyard_worker;
