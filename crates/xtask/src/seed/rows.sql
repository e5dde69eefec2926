-- A day of work in a workspace `busy` that has four fifths of everything, and in fifty small ones.
--
-- How much is in the settings seed.events, seed.sync_events and seed.deliveries. Set-based throughout; statements end
-- at a line with a semicolon alone.

create function pg_temp.fixed(kind integer, n bigint) returns uuid language sql immutable
    as $$ select ('00000000-0000-4000-' || 8000 + kind || '-' || lpad(n::text, 12, '0'))::uuid $$
;
create function pg_temp.size(name text) returns bigint language sql stable
    as $$ select current_setting('seed.' || name)::bigint $$
;
-- The n-th of `total` moments of the last day, oldest first, so that every index of times grows at its end.
create function pg_temp.moment(n bigint, total bigint) returns timestamptz language sql stable
    as $$ select current_setting('seed.now')::timestamptz - (total - n) * (interval '86000 seconds' / total) $$
;
-- The same for the same n and time, wherever it is needed.
create function pg_temp.id_at(kind text, n bigint, at timestamptz) returns uuid language sql stable
    as $$ select overlay(overlay(overlay(md5(kind || n) placing lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
                                         from 1) placing '7' from 13) placing '8' from 17)::uuid $$
;
-- Five events in all are of the rare type.
create function pg_temp.type_of(n bigint, total bigint) returns text language sql immutable
    as $$ select case when n % (total / 5) = 1 then 'github.rare' when n % 100 = 0 then 'github.installation.created'
                      when n % 20 = 1 then 'sync.completed' when n % 25 = 2 then 'post.created' else 'github.push' end $$
;
-- Indexes are made once the rows are there, which is several times as fast. Those of keys stay.
create temporary table later_index as
    select replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') as definition,
           indexrelid::regclass::text as name
      from pg_index
     where indrelid = any(array['event', 'event_workspace', 'sync_event', 'sync_file', 'delivery', 'dead_letter',
                                'audit_log', 'job']::regclass[])
       and not exists (select from pg_constraint where conindid = indexrelid)
;
do $$
declare
    dropped text;
begin
    for dropped in select name from later_index loop
        execute 'drop index ' || dropped;
    end loop;
end $$
;
create function pg_temp.workspace_of(n bigint) returns uuid language sql immutable
    as $$ select pg_temp.fixed(1, case when n % 5 < 4 then 0 else 1 + n % 50 end) $$
;
insert into workspace (id, slug, name, plan)
select pg_temp.fixed(1, n), case when n = 0 then 'busy' else 'small-' || n end, 'Workspace ' || n, 'professional'
  from generate_series(0, 50) n
;
insert into source (id, workspace_id, provider, slug, body_bytes_max, accepted_status, replay_window_s, fresh_ms,
                    unseen_age_ms_max)
select pg_temp.fixed(7, n), pg_temp.fixed(1, 0), 'linear', 'linear-' || n, 1048576, 200, 300, 0, 0
  from generate_series(0, 1) n
;
insert into connector_account (id, workspace_id, connector_type, installation_id, login, status)
select pg_temp.fixed(2, n), pg_temp.fixed(1, n), 'github', 1000 + n, 'octo-' || n, 'active' from generate_series(0, 50) n
;
insert into connector_instance (id, workspace_id, account_id, name, status)
select pg_temp.fixed(3, n), pg_temp.fixed(1, n % 51), pg_temp.fixed(2, n % 51), 'Instance ' || n, 'active'
  from generate_series(0, 203) n
;
-- The busy one has 400 of 1,000 targets in 4 instances.
insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
select pg_temp.fixed(4, n), pg_temp.fixed(1, at.workspace), pg_temp.fixed(3, at.workspace + 51 * (n % 4)), 5000 + n,
       'octo/repository-' || n, 'refs/heads/main', 'active'
  from generate_series(0, 999) n, lateral (select case when n < 400 then 0 else 1 + n % 50 end as workspace) at
;
insert into connector_mapping (id, workspace_id, target_id, selector, object_type)
select pg_temp.fixed(10, target * 2 + n), pg_temp.fixed(1, case when target < 400 then 0 else 1 + target % 50 end),
       pg_temp.fixed(4, target), (array['skills/**', 'agents/**'])[n + 1], (array['skill', 'agent'])[n + 1]
  from generate_series(0, 999) target, generate_series(0, 1) n
;
insert into blob (workspace_id, sha, content)
select pg_temp.fixed(1, n), md5('blob') || '00000000', convert_to('# A skill', 'UTF8') from generate_series(0, 50) n
;
-- A tenth as many as there are sync events, in the targets in turn; every 25th is gone.
create function pg_temp.path_of(n bigint, kind text) returns text language sql immutable
    as $$ select kind || 's/' || n / 1000 || '/' || upper(kind) || '.md' $$
;
insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title)
select pg_temp.id_at('object', n, at), pg_temp.fixed(1, case when n % 1000 < 400 then 0 else 1 + n % 1000 % 50 end),
       pg_temp.fixed(4, n % 1000), kind, pg_temp.path_of(n, kind),
       case when n % 25 = 0 then 'deleted' else 'active' end, pg_temp.id_at('version', n, at), 'A skill of many'
  from (select pg_temp.size('sync_events') / 10 as total) size, generate_series(1, total) n, pg_temp.moment(n, total) at,
       lateral (select case when n % 10 = 0 then 'agent' else 'skill' end as kind) made
;
insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, blob_sha, deleted, title)
select current_version_id, id, 1, pg_temp.fixed(9, 9), md5('commit') || '00000000',
       case when status = 'active' then md5('blob') || '00000000' end, status = 'deleted', title from config_object
;
insert into source_binding (id, target_id, config_object_id, path, object_type, blob_sha, parser_version)
select id, target_id, id, path, object_type, md5('blob') || '00000000', 1 from config_object where status = 'active'
;
insert into connection (id, workspace_id, kind, name, status, sealed)
select pg_temp.fixed(5, n), pg_temp.fixed(1, n % 51), 'webhook', 'receiver-' || n, 'connected', 'x'
  from generate_series(0, 254) n
;
insert into subscription (id, workspace_id, connection_id, event_types, status)
select pg_temp.fixed(6, n), pg_temp.fixed(1, n % 51), pg_temp.fixed(5, n), '{*}', 'active' from generate_series(0, 254) n
;
insert into event (id, received_at, source_id, workspace_id, body_bytes, origin, type, outcome, reason, provider_delivery_id,
                   repository, git_ref, head_sha, headers, content_type, body)
select pg_temp.id_at('event', n, at), at, case when n % 100 = 3 then pg_temp.fixed(7, 0) end, null, 200, 'webhook',
       pg_temp.type_of(n, total),
       case when n % 5000 = 0 then 'failed' when n % 4 = 0 then 'ignored' end,
       case when n % 5000 = 0 then 'invalid' when n % 4 = 0 then 'not_tracked' end,
       md5('delivery' || n)::uuid::text, 'octo/repository-' || n % 1000, 'refs/heads/main', md5(n::text) || '00000000', '{}',
       'application/json', convert_to(repeat(md5(n::text), 6) || '12345678', 'UTF8')
  from pg_temp.size('events') total, generate_series(1, total) n, pg_temp.moment(n, total) at
;
insert into event_workspace (workspace_id, event_id)
select pg_temp.workspace_of(n), pg_temp.id_at('event', n, at)
  from pg_temp.size('events') total, generate_series(1, total) n, pg_temp.moment(n, total) at
;
-- The newest run or wait. Each is of the event of its time.
insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, queued_at, started_at, completed_at, attempts,
                        created, failed, reason, error, delivery_id, event_type, repository, git_ref, announced_sha, applied_sha)
select pg_temp.id_at('sync', n, at), pg_temp.fixed(1, case when target < 400 then 0 else 1 + target % 50 end),
       pg_temp.fixed(4, target), pg_temp.id_at('event', event, pg_temp.moment(event, events)),
       case when n % (total / 5) = 3 then 'connected' when n % 1000 = 7 then 'retry' else 'push' end, status, at,
       case when status <> 'queued' then at end,
       case when status not in ('queued', 'running') then at + interval '2 seconds' end, 1, n % 7,
       case when status = 'partial' then 2 else 0 end,
       case status when 'ignored' then 'superseded' when 'failed' then 'attempts_exhausted' end,
       case status when 'failed' then 'GitHub did not answer as it should' end, md5('delivery' || event)::uuid::text,
       'github.push', 'octo/repository-' || target, 'refs/heads/main', md5(n::text) || '00000000',
       case when status in ('completed', 'partial') then md5(n::text) || '00000000' end
  from pg_temp.size('sync_events') total, pg_temp.size('events') events, generate_series(1, total) n,
       pg_temp.moment(n, total) at,
       lateral (select greatest(1, n * events / total) as event,
                       case when n > total - 10 then 'running' when n > total - 500 then 'queued'
                            when n % 2000 = 0 then 'failed' when n % 500 = 0 then 'partial' when n % 3 = 0 then 'ignored'
                            else 'completed' end as status,
                       -- Four fifths are the busy one's.
                       case when n % 5 < 4 then n % 400 else 400 + n % 600 end as target) made
;
insert into sync_attempt (sync_event_id, number, lease_epoch, started_at, ended_at, outcome)
select id, 1, 1, started_at, completed_at, 'finished' from sync_event where status not in ('ignored', 'queued', 'running')
;
insert into sync_file (sync_event_id, path, outcome)
select id, 'skills/' || file || '/SKILL.md', case when file = 0 then 'failed' else 'updated' end
  from sync_event, generate_series(0, 4) file where status = 'partial'
;
-- Of the events in turn. The newest hundredth waits, or is under way; of a third of them some wait for their next try.
insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type, state, attempts,
                      created_at, state_at, next_attempt_at, error_class, error)
select pg_temp.id_at('delivery', n, at), pg_temp.id_at('event', event, at), pg_temp.fixed(1, receiver % 51),
       pg_temp.fixed(6, receiver), 'subscription', pg_temp.fixed(5, receiver), pg_temp.type_of(event, events),
       state, (state <> 'pending')::integer, at, at, case when state = 'failed' then now() + interval '1 hour' end,
       case when state in ('failed', 'dead') then 'timeout' end,
       case when state in ('failed', 'dead') then 'no complete answer in time' end
  from pg_temp.size('deliveries') total, pg_temp.size('events') events, generate_series(1, total) n,
       lateral (select greatest(1, n * events / total) as event offset 0) of,
       pg_temp.moment(event, events) at,
       lateral (select case when n > total - total / 100 then 'pending' when n % 1000 = 0 then 'dead'
                            when n % 3000 = 1 then 'cancelled' when n % 3000 = 2 and n > total * 2 / 3 then 'failed'
                            else 'delivered' end as state,
                       case when n % 5 < 4 then 51 * (n % 5) else n % 255 end as receiver) made
;
insert into attempt (delivery_id, number, started_at, duration_ms, response_status, error_class)
select id, 1, created_at, 20, case when state = 'delivered' then 200 end, error_class from delivery where state <> 'pending'
;
insert into job (subject_id, workspace_id, kind, state, lease_owner, due_at)
select id, workspace_id, 'sync', case status when 'running' then 'leased' else 'ready' end,
       case status when 'running' then pg_temp.fixed(8, 0) end, now() + interval '1 minute'
  from sync_event where status in ('queued', 'running')
;
-- Oldest first: a thousand are ready, two hundred leased, the others wait for a place.
insert into job (subject_id, workspace_id, lane_id, kind, state, lease_owner, due_at)
select id, workspace_id, receiver_id, 'delivery',
       case when state = 'failed' then 'scheduled' when n <= 200 then 'leased' when n <= 1200 then 'ready' else 'parked' end,
       case when state = 'pending' and n <= 200 then pg_temp.fixed(8, 0) end,
       case when state = 'failed' then next_attempt_at else now() + interval '1 minute' end
  from (select *, row_number() over (partition by state order by id) as n from delivery where state in ('pending', 'failed')) open
;
insert into dead_letter (id, created_at, workspace_id, subject_id, kind, reason, error, settled_at, settled_how)
select id, state_at, workspace_id, id, 'delivery', 'timeout', error, case when n % 10 <> 0 then now() end,
       case when n % 10 <> 0 then 'dropped' end
  from (select *, row_number() over () as n from delivery where setback = 'dead') dead
;
insert into audit_log (id, at, workspace_id, actor, action, subject)
select uuid_v7(at), at, pg_temp.workspace_of(n), 'member:seed', 'delivery.replay', 'dlv_' || n
  from generate_series(1, pg_temp.size('deliveries') / 100) n, pg_temp.moment(n, pg_temp.size('deliveries') / 100) at
;
insert into worker (id, name, version) values (pg_temp.fixed(8, 0), 'seed', '0')
;
insert into rollup (workspace_id, width, bucket, metric, count)
select workspace_id, 'm', date_trunc('minute', at, 'UTC'), metric, count(*)
  from (select workspace_id, queued_at as at, 'sync_' || status as metric from sync_event where completed_at is not null
         union all
        select workspace_id, state_at, 'delivery_' || state from delivery where state <> 'pending'
         union all
        select pg_temp.workspace_of(n), pg_temp.moment(n, total), 'arrived'
          from pg_temp.size('events') total, generate_series(1, total) n) ended
 group by 1, 2, 3, 4
;
insert into rollup (workspace_id, width, bucket, metric, count)
select workspace_id, 'h', date_trunc('hour', bucket, 'UTC'), metric, sum(count) from rollup where width = 'm' group by 1, 2, 3, 4
;
-- The indexes
do $$
declare
    wanted text;
begin
    for wanted in select definition from later_index loop
        execute wanted;
    end loop;
end $$
;
