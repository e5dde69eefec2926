//! Deliveries by the hundred thousand, made by a few statements.

use anyhow::Result;
use hookyard_domain::ids::DeliveryId;
use hookyard_queue::{Publication, Queue};
use hookyard_store::fan_out::READY_PER_WORKSPACE_MAX;
use tokio_postgres::Client;
use uuid::Uuid;

use super::yard::{Group, Yard};
use crate::bench::pointers;

/// About as long as a post and what is told of it.
const TEXT: &str = "Deliveries that are repeated under one id can be told apart from new ones by whoever receives them. ";
const TEXT_TIMES: u32 = 6;

/// The id of a delivery, as the fan-out makes it: a UUID of version 8 that begins with its event's time.
const DELIVERY_ID: &str = "create or replace function pg_temp.delivery_id(event uuid, subscriber uuid) returns uuid
    language sql as $$
        select encode(set_byte(set_byte(bytes, 6, get_byte(bytes, 6) & 15 | 128), 8, get_byte(bytes, 8) & 63 | 128),
                      'hex')::uuid
          from (select substring(uuid_send(event) from 1 for 6)
                       || substring(sha256(uuid_send(event) || uuid_send(subscriber)) from 7 for 10) as bytes) digest
    $$";

/// When the deliveries are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// At once: ready as far as a workspace may have ready ones, parked beyond, as the fan-out does it.
    Now,
    /// For a second attempt, at random within six hours.
    WithinSixHours,
}

/// Makes `count` deliveries of events to the receivers of the group, round robin. What is ready is in the queue.
pub(super) async fn deliveries(yard: &Yard<'_>, group: Group, count: u32, due: Due) -> Result<()> {
    let ready = rows(&yard.house.owner, group, count, due).await?;
    if !ready.is_empty() {
        let publications = ready.into_iter().map(Publication::Delivery).collect();
        pointers::publish(yard.house, Queue::Deliveries, publications).await?;
    }
    Ok(())
}

/// Makes the rows; those that are ready.
async fn rows(owner: &Client, group: Group, count: u32, due: Due) -> Result<Vec<DeliveryId>> {
    owner.batch_execute(DELIVERY_ID).await?;
    owner.batch_execute(&chosen(group, count, due)).await?;
    owner.execute(EVENTS, &[&TEXT, &i32::try_from(TEXT_TIMES)?]).await?;
    let ready: Vec<DeliveryId> = match due {
        Due::Now => {
            owner.batch_execute(PENDING).await?;
            let rows = owner.query(READY_OR_PARKED, &[&READY_PER_WORKSPACE_MAX]).await?;
            rows.iter().map(|row| DeliveryId(row.get::<_, Uuid>(0))).collect()
        }
        Due::WithinSixHours => {
            owner.batch_execute(FAILED).await?;
            owner.batch_execute(SCHEDULED).await?;
            Vec::new()
        }
    };
    owner.batch_execute("analyze event; analyze delivery; analyze job; checkpoint").await?;
    Ok(ready)
}

fn chosen(group: Group, count: u32, due: Due) -> String {
    // Of those that wait, each event is owed to all receivers of its workspace: a million bodies would take longer to
    // make than everything else.
    let event = match due {
        Due::Now => "n",
        Due::WithinSixHours => "n / of_all",
    };
    format!(
        "drop table if exists pg_temp.chosen;
         create temporary table chosen as
         with receiver as materialized (
             select connection.id as receiver_id, connection.workspace_id, subscription.id as subscriber_id,
                    row_number() over (order by connection.id) - 1 as nth, count(*) over () as of_all
               from connection join subscription on subscription.connection_id = connection.id
              where {}
         ), owed as materialized (
             select n, {event} as nth_event, receiver_id, workspace_id, subscriber_id
               from generate_series(0, {count} - 1) n join receiver on receiver.nth = n % of_all
         ), event as materialized (
             select workspace_id, nth_event, uuid_v7(now()) as event_id from owed group by 1, 2
         )
         select n, event_id, receiver_id, workspace_id, subscriber_id,
                pg_temp.delivery_id(event_id, subscriber_id) as id,
                now() + random() * interval '6 hours' as due_at
           from owed join event using (workspace_id, nth_event);
         analyze chosen",
        group.condition()
    )
}

const EVENTS: &str = "insert into event (id, origin, type, workspace_id, content_type, body, body_bytes)
    select event_id, 'api', 'bench.happened', workspace_id, 'application/json', convert_to(body, 'UTF8'), length(body)
      from (select event_id, workspace_id,
                   json_build_object('number', n, 'title', 'A delivery', 'content', repeat($1::text, $2::int4))::text as body
              from (select distinct on (event_id) event_id, workspace_id, n from chosen) event) made";

const PENDING: &str = "insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id,
                                             event_type, state)
    select id, event_id, workspace_id, subscriber_id, 'subscription', receiver_id, 'bench.happened', 'pending'
      from chosen";

const READY_OR_PARKED: &str = "with made as (
        insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
        select id, workspace_id, receiver_id, 'delivery', case when nth <= $1 then 'ready' else 'parked' end,
               case when nth <= $1 then now() + interval '1 minute' else now() end
          from (select *, row_number() over (partition by workspace_id order by id) as nth from chosen) counted
     returning subject_id, state
    )
    select subject_id from made where state = 'ready' order by subject_id";

const FAILED: &str = "insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id,
                                            event_type, state, attempts, next_attempt_at)
    select id, event_id, workspace_id, subscriber_id, 'subscription', receiver_id, 'bench.happened', 'failed', 1, due_at
      from chosen";

const SCHEDULED: &str = "insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
    select id, workspace_id, receiver_id, 'delivery', 'scheduled', due_at from chosen";

#[cfg(test)]
mod tests {
    use hookyard_store::delivery_jobs::delivery_id;
    use hookyard_testkit::database::TestDatabase;
    use tokio_postgres::{Client, NoTls};
    use uuid::Uuid;

    use super::{Due, Group, READY_PER_WORKSPACE_MAX, rows};

    const PARKED: u32 = 500;

    async fn count(owner: &Client, sql: &str) -> i64 {
        owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    #[tokio::test]
    async fn a_benchmark_makes_what_the_fan_out_would_have_made() {
        let database = TestDatabase::create().await;
        let (owner, connection) =
            tokio_postgres::connect(&database.owner_url(), NoTls).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(connection);
        let receiver = "insert into workspace (id, slug, name, plan) values (gen_random_uuid(), 'a', 'A', 'professional');
            insert into connection (id, workspace_id, kind, name, status, sealed)
            select gen_random_uuid(), id, 'webhook', 'alone-0', 'connected', '' from workspace;
            insert into subscription (id, workspace_id, connection_id, event_types, status)
            select gen_random_uuid(), workspace_id, id, '{*}', 'active' from connection";
        owner.batch_execute(receiver).await.unwrap();

        let ready_max = u32::try_from(READY_PER_WORKSPACE_MAX).unwrap();
        let ready = rows(&owner, Group::Alone, ready_max + PARKED, Due::Now).await.unwrap();
        assert_eq!(ready.len(), ready_max as usize);
        let parked = count(&owner, "select count(*) from job where state = 'parked'").await;
        assert_eq!(parked, i64::from(PARKED));
        let made =
            owner.query("select id, event_id, subscriber_id from delivery", &[]).await.unwrap();
        assert_eq!(made.len(), (ready_max + PARKED) as usize);
        for row in made {
            let [id, event, subscriber]: [Uuid; 3] = [row.get(0), row.get(1), row.get(2)];
            assert_eq!(id, delivery_id(event, subscriber).0);
        }

        owner.batch_execute("truncate event, delivery, job").await.unwrap();
        assert!(rows(&owner, Group::Alone, 10, Due::WithinSixHours).await.unwrap().is_empty());
        let waiting = "select count(*) from job join delivery on delivery.id = job.subject_id
            where job.state = 'scheduled' and delivery.state = 'failed' and job.due_at = next_attempt_at";
        assert_eq!(count(&owner, waiting).await, 10);
    }
}
