-- A day of work in a workspace `busy` that has four fifths of everything, and in fifty small ones.
--
-- How much is in the settings seed.events, seed.sync_events and seed.deliveries. Set-based throughout; statements end
-- at a line with a semicolon alone.

create function pg_temp.fixed(kind integer, n bigint) returns uuid language sql immutable
    as $$ select ('00000000-0000-4000-' || to_char(8000 + kind, 'FM0000') || '-' || lpad(n::text, 12, '0'))::uuid $$
;
create function pg_temp.size(name text) returns bigint language sql stable
    as $$ select current_setting('seed.' || name)::bigint $$
;
-- The n-th of `total` moments of the last day, newest first.
create function pg_temp.moment(n bigint, total bigint) returns timestamptz language sql stable
    as $$ select now() - n * (interval '86000 seconds' / total) $$
;
create function pg_temp.workspace_of(n bigint) returns uuid language sql immutable
    as $$ select pg_temp.fixed(1, case when n % 5 < 4 then 0 else 1 + n % 50 end) $$
;
insert into workspace (id, slug, name, plan)
select pg_temp.fixed(1, n), case when n = 0 then 'busy' else 'small-' || n end, 'Workspace ' || n, 'professional'
  from generate_series(0, 50) n
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
insert into connection (id, workspace_id, kind, name, status, sealed)
select pg_temp.fixed(5, n), pg_temp.fixed(1, n % 51), 'webhook', 'receiver-' || n, 'connected', 'x'
  from generate_series(0, 254) n
;
insert into subscription (id, workspace_id, connection_id, event_types, status)
select pg_temp.fixed(6, n), pg_temp.fixed(1, n % 51), pg_temp.fixed(5, n), '{*}', 'active' from generate_series(0, 254) n
;
insert into event (id, received_at, workspace_id, body_bytes, origin, type, outcome, reason, provider_delivery_id,
                   repository, git_ref, head_sha, headers, content_type, body)
select uuid_v7(at), at, null, 200, 'webhook', case when n % 100 = 0 then 'github.installation.created' else 'github.push' end,
       case when n % 5000 = 0 then 'failed' when n % 4 = 0 then 'ignored' end,
       case when n % 5000 = 0 then 'invalid' when n % 4 = 0 then 'not_tracked' end,
       md5('delivery' || n)::uuid::text, 'octo/repository-' || n % 1000, 'refs/heads/main', md5(n::text) || '00000000', '{}',
       'application/json', convert_to(repeat(md5(n::text), 6) || '12345678', 'UTF8')
  from generate_series(1, pg_temp.size('events')) n, pg_temp.moment(n, pg_temp.size('events')) at
;
insert into event_workspace (workspace_id, event_id)
select pg_temp.workspace_of(row_number() over (order by id desc)), id from event
;
insert into sync_event (id, workspace_id, target_id, trigger, status, queued_at, started_at, completed_at, attempts, created,
                        failed, reason, error, delivery_id, event_type, repository, git_ref, announced_sha, applied_sha)
select uuid_v7(at), pg_temp.fixed(1, case when target < 400 then 0 else 1 + target % 50 end), pg_temp.fixed(4, target), 'push',
       status, at, at, at + interval '2 seconds', 1, n % 7, case when status = 'partial' then 2 else 0 end,
       case status when 'ignored' then 'superseded' when 'failed' then 'attempts_exhausted' end,
       case status when 'failed' then 'GitHub did not answer as it should' end, md5('delivery' || n)::uuid::text, 'github.push',
       'octo/repository-' || target, 'refs/heads/main', md5(n::text) || '00000000',
       case when status in ('completed', 'partial') then md5(n::text) || '00000000' end
  from generate_series(1, pg_temp.size('sync_events')) n, pg_temp.moment(n, pg_temp.size('sync_events')) at,
       lateral (select case when n % 2000 = 0 then 'failed' when n % 500 = 0 then 'partial' when n % 3 = 0 then 'ignored'
                            else 'completed' end as status,
                       -- Four fifths are the busy one's.
                       case when n % 5 < 4 then n % 400 else 400 + n % 600 end as target) made
;
insert into sync_attempt (sync_event_id, number, lease_epoch, started_at, ended_at, outcome)
select id, 1, 1, started_at, completed_at, 'finished' from sync_event where status <> 'ignored'
;
insert into sync_file (sync_event_id, path, outcome)
select id, 'skills/' || file || '/SKILL.md', case when file = 0 then 'failed' else 'updated' end
  from sync_event, generate_series(0, 4) file where status = 'partial'
;
insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type, state, attempts,
                      created_at, state_at, error_class, error)
select uuid_v7(at), uuid_v7(at), pg_temp.fixed(1, receiver % 51), pg_temp.fixed(6, receiver), 'subscription',
       pg_temp.fixed(5, receiver), case when n % 20 = 0 then 'sync.completed' else 'post.created' end, state, 1, at, at,
       case when state <> 'delivered' then 'timeout' end, case when state <> 'delivered' then 'no complete answer in time' end
  from generate_series(1, pg_temp.size('deliveries')) n, pg_temp.moment(n, pg_temp.size('deliveries')) at,
       lateral (select case when n % 1000 = 0 then 'dead' when n % 3000 = 1 then 'cancelled' else 'delivered' end as state,
                       case when n % 5 < 4 then 51 * (n % 5) else n % 255 end as receiver) made
;
insert into attempt (delivery_id, number, started_at, duration_ms, response_status, error_class)
select id, 1, created_at, 20, case when state = 'delivered' then 200 end, error_class from delivery
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
insert into worker (id, name, version) values (gen_random_uuid(), 'seed', '0')
;
insert into rollup (workspace_id, width, bucket, metric, count)
select workspace_id, width, date_trunc(unit, at, 'UTC') as bucket, metric, count(*)
  from (select workspace_id, queued_at as at, 'sync_' || status as metric from sync_event
         union all
        select workspace_id, state_at, 'delivery_' || state from delivery
         union all
        select workspace_id, uuid_v7_time(event_id), 'arrived' from event_workspace) ended,
       (values ('m'::"char", 'minute'), ('h', 'hour')) widths (width, unit)
 group by 1, 2, 3, 4
;
