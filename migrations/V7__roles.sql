-- One role a process, each with no more than its work needs. The roles are shared by all databases of a server
-- and get their passwords from the operator.

do $$
declare
    name text;
begin
    -- Two databases of one server may be migrated at once, and roles belong to the server.
    perform pg_advisory_xact_lock(hashtext('hookyard_roles'));
    foreach name in array array['hookyard_ingress', 'hookyard_worker', 'hookyard_admin'] loop
        if not exists (select 1 from pg_roles where rolname = name) then
            begin
                execute format('create role %I login', name);
            exception when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
end $$;

revoke all on schema public from public;
grant usage on schema public to hookyard_ingress, hookyard_worker, hookyard_admin;
revoke all on function make_partitions(integer), drop_partitions(date), lane_leased(uuid[], uuid[], bigint) from public;
grant execute on function make_partitions(integer) to hookyard_ingress, hookyard_worker, hookyard_admin;
grant execute on function drop_partitions(date) to hookyard_worker, hookyard_admin;
grant execute on function lane_leased(uuid[], uuid[], bigint) to hookyard_worker;

-- The ingress inserts. Its two other rights: to mark jobs due now whose messages it could not publish.
grant select on source, source_secret, connector_account, connector_instance, connector_target, sync_event, job,
                dedupe, event_partition, refinery_schema_history to hookyard_ingress;
grant select (id, outcome, reason, redacted_at) on event to hookyard_ingress;
-- Who may publish, and whether anybody wants it. Not to whom it goes.
grant select (id, slug, plan) on workspace to hookyard_ingress;
grant select (id, workspace_id, hash, scopes, expires_at, revoked_at) on token to hookyard_ingress;
grant select (id, workspace_id, event_types, status) on subscription to hookyard_ingress;
grant insert on dedupe, event, event_workspace, sync_event, job, signature_failures to hookyard_ingress;
grant update (due_at) on job to hookyard_ingress;

grant select on all tables in schema public to hookyard_worker;
revoke select on source_secret, audit_log, token, member, team, team_member, access_grant, console_session, sign_in_link
    from hookyard_worker;
grant insert, update, delete on job to hookyard_worker;
grant insert, update on sync_event, sync_attempt, worker, config_object, source_binding, dead_letter, delivery to hookyard_worker;
grant insert on sync_file, blob, config_object_version, tombstone, event_workspace, rejected_message, attempt, event
    to hookyard_worker;
grant update (outcome, reason) on event to hookyard_worker;
grant update on connector_account, connector_target to hookyard_worker;
-- How it went, never what it is: credentials and limits are the operator's.
grant update (status, last_triggered_at, last_error, failing_since) on connection to hookyard_worker;
grant update (status, last_triggered_at, last_error, failing_since) on oauth_client to hookyard_worker;
grant update (replayed, cursor, state, ended_at) on replay to hookyard_worker;
grant insert, delete on tally to hookyard_worker;
grant insert, update, delete on rollup to hookyard_worker;
grant update on arrivals_counted to hookyard_worker;
grant update (told_at) on signature_failures to hookyard_worker;
grant delete on dedupe, event_workspace, signature_failures to hookyard_worker;

grant select, insert, update, delete on all tables in schema public to hookyard_admin;
revoke update, delete on audit_log from hookyard_admin;
revoke insert, update, delete on refinery_schema_history from hookyard_admin;
