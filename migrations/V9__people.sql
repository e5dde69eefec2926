-- Who did what, and who was here last.

-- The audit log of one person, and of one kind of change.
create index audit_log_by_actor on audit_log (actor, workspace_id, id);
create index audit_log_by_action on audit_log (action, workspace_id, id);

-- The days on which a token opened something or a member was here, in UTC. A row a day and not one that is updated:
-- the ingress only inserts. No foreign key for the same reason.
create table day_seen (
    id   uuid not null,
    day  date not null default (now() at time zone 'utc')::date,
    primary key (id, day)
);
create index day_seen_by_day on day_seen (day);

grant select, insert on day_seen to hookyard_ingress;
grant select, insert, delete on day_seen to hookyard_admin;
