-- 50,000 rows in everything that is listed, of 50 workspaces of which one has two fifths, then the statistics.

create function pg_temp.fixed(n integer) returns uuid language sql immutable
    as $$ select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;

-- All of yesterday, in one partition: in a second one, with few rows, an index would be no better than a scan.
create temporary table numbered as
    select n, uuid_v7(at) as id, at,
           case when n % 5 < 2 then 1 else 1 + n % 50 end as workspace, 1 + n % 500 as target
      from generate_series(1, 50000) n,
           lateral (select date_trunc('day', now(), 'UTC') - n * interval '1.5 seconds' as at) times;

insert into workspace (id, slug, name, plan)
select pg_temp.fixed(n), 'w' || n, 'Workspace ' || n, 'free' from numbered;

insert into source (id, workspace_id, provider, slug, body_bytes_max, accepted_status, replay_window_s, fresh_ms,
                    unseen_age_ms_max)
select pg_temp.fixed(n), pg_temp.fixed(workspace), 'github', 's' || n, 1, 200, 0, 0, 0 from numbered;

insert into source_secret (id, source_id, sealed) select id, pg_temp.fixed(n), 'x' from numbered;

insert into audit_log (id, workspace_id, actor, action, subject)
select id, pg_temp.fixed(workspace), 'member:' || n % 40,
       case when n % 100 = 0 then 'source.rotate' else 'sync_event.retry' end, 'subject' || n % 5000 from numbered;

insert into member (id, workspace_id, name, role)
select id, pg_temp.fixed(workspace), 'member ' || n, 'member' from numbered;

insert into day_seen (id, day) select id, current_date - n % 3 from numbered;

insert into event (id, received_at, source_id, workspace_id, body_bytes, origin, type, outcome, provider_delivery_id,
                   repository, headers, body)
select id, at, pg_temp.fixed(n % 20), null, 200, 'webhook',
       case when n % 20000 = 77 then 'github.rare' when n % 100 = 0 then 'github.installation.created' else 'github.push' end,
       case when n % 50 = 0 then 'failed' when n % 3 = 0 then 'ignored' end, 'delivery-' || n, 'octo/r' || target, '{}',
       convert_to(repeat(md5(n::text), 6), 'UTF8')
  from numbered;

insert into event_workspace (workspace_id, event_id) select pg_temp.fixed(workspace), id from numbered;

insert into job (id, subject_id, workspace_id, due_at, kind, state, lease_owner)
select gen_random_uuid(), id, pg_temp.fixed(workspace), now() - n * interval '1 second',
       case when n % 2 = 0 then 'event' else 'sync' end, (array['ready', 'scheduled', 'leased'])[1 + n % 3],
       case when n % 3 = 2 then id end
  from numbered;

insert into job (id, subject_id, workspace_id, due_at, kind, state, lane_id, lease_owner)
select gen_random_uuid(), id, pg_temp.fixed(workspace), now() - n * interval '1 second', 'delivery',
       (array['ready', 'scheduled', 'leased', 'parked'])[1 + n % 4], pg_temp.fixed(target),
       case when n % 4 = 2 then id end
  from numbered where n % 2 = 0;

insert into connection (id, workspace_id, kind, name, status, sealed)
select pg_temp.fixed(n), pg_temp.fixed(workspace), 'webhook', 'c' || n, 'connected', 'x' from numbered;

insert into subscription (id, workspace_id, connection_id, event_types, status)
select id, pg_temp.fixed(workspace), pg_temp.fixed(n), '{*}', 'active' from numbered;

insert into oauth_client (id, workspace_id, name, sealed, scopes, status)
select id, pg_temp.fixed(workspace), 'client' || n, 'x', '{integration}', 'active' from numbered;

insert into token (id, workspace_id, name, prefix, hash, scopes)
select id, pg_temp.fixed(workspace), 'token', 'hy_', convert_to(md5(n::text), 'UTF8'), '{events:write}' from numbered;

insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type, state)
select id, id, pg_temp.fixed(workspace), id, 'subscription', pg_temp.fixed(target),
       case when n % 20000 = 77 then 'github.rare' when n % 100 = 0 then 'post.created' else 'github.push' end,
       case when n % 2 = 0 then 'pending' when n % 50 = 1 then 'dead' when n % 50 = 3 then 'failed'
            when n % 50 = 5 then 'cancelled' else 'delivered' end
  from numbered;

insert into attempt (delivery_id, number, started_at, duration_ms) select id, 1, now(), 1 from numbered;

insert into replay (id, workspace_id, filter, expected, per_s, state, actor)
select id, pg_temp.fixed(workspace), '{}', 1, 1, 'completed', 'cli:test' from numbered;

insert into dead_letter (id, workspace_id, subject_id, kind, reason, settled_at, settled_how)
select id, pg_temp.fixed(workspace), id, 'event', 'test', case when n % 5 = 4 then now() end,
       case when n % 5 = 4 then 'dropped' end
  from numbered;

insert into rejected_message (id, queue, reason, body, body_bytes) select id, 'events', 'test', 'x', 1 from numbered;

insert into connector_account (id, workspace_id, connector_type, installation_id, login, status)
select id, pg_temp.fixed(workspace), 'github', n, 'octo', 'active' from numbered;

insert into connector_instance (id, workspace_id, account_id, name, status)
select id, pg_temp.fixed(workspace), id, 'instance', 'active' from numbered;

insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
select pg_temp.fixed(n), pg_temp.fixed(workspace), id, n, 'octo/r' || n % 10000, 'refs/heads/main', 'active'
  from numbered;

insert into connector_mapping (id, workspace_id, target_id, selector, object_type)
select id, pg_temp.fixed(workspace), pg_temp.fixed(target), 's' || n, 'skill' from numbered;

insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, completed_at, delivery_id, event_type,
                        repository, git_ref, announced_sha, applied_sha)
select id, pg_temp.fixed(case when target <= 200 then 1 else 1 + target % 50 end), pg_temp.fixed(target), id,
       case when n % 100 = 7 then 'retry' else 'push' end,
       case when n % 200 = 0 then 'failed' when n % 3 = 0 then 'ignored' else 'completed' end, now(), 'delivery-' || n,
       'github.push', 'octo/r' || target, 'refs/heads/main', md5(n::text) || '00000000', md5(n::text) || '00000000'
  from numbered;

insert into sync_file (sync_event_id, path, outcome)
select (select id from numbered where n = 1), 'skills/' || n || '.md', case when n % 1000 = 500 then 'failed' else 'created' end
  from numbered;

insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title)
select id, pg_temp.fixed(workspace), pg_temp.fixed(target),
       case when n % 5000 = 0 then 'hook' when n % 10 = 0 then 'agent' else 'skill' end, 'skills/' || n % 1000 || '/SKILL.md',
       case when n % 25 = 0 then 'deleted' else 'active' end, id, 'Title'
  from numbered;

insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, blob_sha, title)
select id, id, 1, id, 'c', 'b', 'Title' from numbered;

analyze;
