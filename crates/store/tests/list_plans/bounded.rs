//! What is counted or looked for among many, and bounded however rare it is: dead letters of a cause, deliveries of a
//! replay, config objects.

use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::ids::{ConfigObjectId, DeadLetterId};
use hookyard_store::Conn;
use hookyard_store::config_object_list::{self, ConfigObjectFilter};
use hookyard_store::dead_letters::{self, Cause, Counted};
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::replays::{self, ReplayFilter};
use uuid::Uuid;

use super::{EXECUTIONS, connectors, fixed, given, last_hour, now, plans, target, walk, workspace};

pub(super) async fn causes_of_dead_letters(conn: &mut Conn) {
    let (at, newest) = (now(), DeadLetterId(Uuid::max()));
    for _ in 0..EXECUTIONS {
        dead_letters::causes(conn, workspace()).await.unwrap();
    }
    plans::check("causes of dead letters");
    let found = dead_letters::causes(conn, workspace()).await.unwrap().remove(0).cause;
    let absent = Cause { reason: "absent".to_owned(), ..found.clone() };
    let tx = conn.begin().await.unwrap();
    for cause in [&found, &absent].into_iter().cycle().take(2 * EXECUTIONS) {
        let taken = dead_letters::take_of(&tx, workspace(), cause, (newest, at)).await.unwrap();
        assert!(taken.next.is_some() && taken.letters.is_empty() == (*cause == absent));
    }
    // The last plan is told when the transaction ends.
    tx.commit().await.unwrap();
    plans::check("dead letters of a cause");
    for cause in [&found, &absent].into_iter().cycle().take(2 * EXECUTIONS) {
        let counted = dead_letters::count_of(conn, workspace(), cause, at).await.unwrap();
        let count = if *cause == absent { 0 } else { dead_letters::COUNTED_AMONG_MAX };
        assert_eq!(counted, Counted { count, more: true });
    }
    plans::check_counted("how many dead letters are of a cause");
}

/// What a replay of many would concern. The states that it is made for are in an index; what was delivered is counted
/// along the other filters.
pub(super) async fn replays_of_deliveries(conn: &Conn) {
    let states = ["dead", "cancelled", "delivered"];
    for (bits, state) in (0..8_u32).flat_map(|bits| states.map(|state| (bits, state))) {
        for event_type in ["github.push", "post.created", "github.absent"] {
            let filter = ReplayFilter {
                states: vec![state.to_owned()],
                receiver: given(bits, 0, fixed(7)),
                event_type: given(bits, 1, event_type.to_owned()),
                since: given(bits, 2, last_hour()),
                until: None,
            };
            for _ in 0..EXECUTIONS {
                replays::preview(conn, workspace(), &filter).await.unwrap();
            }
            let what = format!("a preview of {filter:?}");
            if state == "delivered" { plans::check_counted(&what) } else { plans::check(&what) }
        }
    }
}

pub(super) async fn config_object_lists(conn: &Conn) {
    // What some are, what a few are, and what none is.
    let values = [
        (ObjectType::Agent, ObjectStatus::Deleted),
        (ObjectType::Hook, ObjectStatus::Deleted),
        (ObjectType::Mcp, ObjectStatus::Active),
    ];
    for (bits, (object_type, status)) in
        (0..32_u32).flat_map(|bits| values.map(|them| (bits, them)))
    {
        let filter = ConfigObjectFilter {
            workspace: given(bits, 0, workspace()),
            target: given(bits, 1, target()),
            object_type: given(bits, 2, object_type),
            status: given(bits, 3, status),
            path: given(bits, 4, "skills/10/SKILL.md".to_owned()),
            ..ConfigObjectFilter::default()
        };
        walk(&format!("{filter:?}"), async |page| {
            config_object_list::list(conn, &filter, page).await
        })
        .await;
    }
    let rare = ConfigObjectFilter {
        workspace: Some(workspace()),
        status: Some(ObjectStatus::Deleted),
        object_type: Some(ObjectType::Hook),
        ..ConfigObjectFilter::default()
    };
    let of_all = ConfigObjectFilter { workspace: None, ..rare.clone() };
    for filter in [rare, of_all] {
        assert_eq!(counted(&filter, conn).await, 10, "{filter:?}");
    }
    for count in [0, 15, 90] {
        let filter = ConfigObjectFilter {
            workspace: Some(workspace()),
            instances: Some(connectors::granted(conn, count).await),
            ..ConfigObjectFilter::default()
        };
        walk(&format!("config objects of {count} instances"), async |page| {
            config_object_list::list(conn, &filter, page).await
        })
        .await;
    }
    let first =
        config_object_list::list(conn, &ConfigObjectFilter::default(), PageRequest::first())
            .await
            .unwrap();
    let newest: ConfigObjectId = first.items[0].id;
    for _ in 0..EXECUTIONS {
        assert_eq!(config_object_list::versions(conn, newest).await.unwrap().len(), 1);
    }
    plans::check("versions of a config object");
}

/// How many there are, page by page until the last.
async fn counted(filter: &ConfigObjectFilter, conn: &Conn) -> usize {
    let (mut count, mut cursor) = (0, None);
    loop {
        let page = PageRequest::new(PAGE_ITEMS_MAX, cursor).unwrap();
        let page = config_object_list::list(conn, filter, page).await.unwrap();
        count += page.items.len();
        cursor = page.next_cursor;
        if cursor.is_none() {
            return count;
        }
    }
}
