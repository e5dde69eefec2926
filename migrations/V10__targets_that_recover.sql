-- Where a target stands, its installation included: GitHub may have suspended the installation, or its owner taken it
-- away, while repository and branch are as they were. Not stored with the target, so that it is as it was before as
-- soon as the installation is back.
create view connector_target_standing as
select target.id, target.workspace_id, workspace.slug as workspace, target.instance_id, target.repository_id,
       target.repository, target.git_ref,
       case when target.status = 'disabled' then target.status
            when account.status = 'suspended' then 'installation_suspended'
            when account.status = 'disconnected' then 'disconnected'
            else target.status
       end as status,
       target.archived, target.default_branch, target.mapping_revision, target.applied_sha,
       target.applied_mapping_revision, target.applied_at, target.created_at, target.updated_at
  from connector_target target
  join workspace on workspace.id = target.workspace_id
  join connector_instance instance on instance.id = target.instance_id
  join connector_account account on account.id = instance.account_id;

grant select on connector_target_standing to hookyard_admin;

-- A sync that comes through settles the dead letters of its target's failed ones.
create index sync_event_failed on sync_event (target_id, id) where status = 'failed';
alter table dead_letter drop constraint dead_letter_settled_how_check;
alter table dead_letter add constraint dead_letter_settled_how_check
    check (settled_how in ('replayed', 'dropped', 'overtaken'));
