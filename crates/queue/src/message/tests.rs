use proptest::prelude::*;

use super::*;

fn sync_message() -> SyncMessage {
    SyncMessage {
        connector_type: "github".to_owned(),
        connector_instance_id: InstanceId(Uuid::from_u128(1)),
        connector_target_id: TargetId(Uuid::from_u128(2)),
        connector_sync_event_id: SyncEventId(Uuid::from_u128(3)),
        delivery_id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned()),
        installation_id: 4,
        repository_id: 5,
        repository_full_name: "octo/skills".to_owned(),
        git_ref: "refs/heads/main".to_owned(),
        head_sha: None,
    }
}

#[test]
fn a_sync_message_has_the_field_names_of_the_contract() {
    let message: serde_json::Value = serde_json::from_slice(&encode_sync(&sync_message())).unwrap();
    let mut names: Vec<&str> = message.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "connectorInstanceId",
            "connectorSyncEventId",
            "connectorTargetId",
            "connectorType",
            "deliveryId",
            "headSha",
            "installationId",
            "ref",
            "repositoryFullName",
            "repositoryId",
        ]
    );
    assert_eq!(message["headSha"], serde_json::Value::Null);
}

#[test]
fn a_sync_message_points_to_its_sync_event() {
    assert_eq!(decode(Queue::Syncs, &encode_sync(&sync_message())), Ok(vec![Uuid::from_u128(3)]));
}

#[test]
fn unknown_fields_are_passed_over() {
    let body = br#"{"v":2,"kind":"event","subjects":["evt_01h455vb4pex5vsknk084sn02q"],"more":{}}"#;
    let expected = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
    assert_eq!(decode(Queue::Events, body), Ok(vec![expected]));
}

#[test]
fn a_message_of_another_queue_is_undecodable() {
    let malformed = |result| matches!(result, Err(Undecodable::Malformed { .. }));
    assert!(malformed(decode(Queue::Events, &encode_sync(&sync_message()))));
    assert!(malformed(decode(Queue::Syncs, &encode_events(&[EventId(Uuid::from_u128(1))]))));
    assert!(malformed(decode(Queue::Events, br#"{"kind":"other","subjects":[]}"#)));
    assert!(malformed(decode(Queue::Deliveries, &encode_events(&[EventId(Uuid::from_u128(1))]))));
    let deliveries = encode_deliveries(&[DeliveryId(Uuid::from_u128(1))]);
    assert!(malformed(decode(Queue::Events, &deliveries)));
    assert!(malformed(decode(
        Queue::Events,
        br#"{"kind":"event","subjects":["src_01h455vb4pex5vsknk084sn02q"]}"#
    )));
}

#[test]
fn size_and_count_are_bounded() {
    let long = vec![b' '; MESSAGE_BYTES_MAX + 1];
    assert_eq!(
        decode(Queue::Events, &long),
        Err(Undecodable::TooLong { bytes: MESSAGE_BYTES_MAX + 1 })
    );
    assert_eq!(
        decode(Queue::Events, br#"{"kind":"event","subjects":[]}"#),
        Err(Undecodable::Count { count: 0 })
    );
    let many = vec![EventId(Uuid::nil()).to_string(); POINTERS_PER_MESSAGE_MAX + 1];
    let body =
        serde_json::to_vec(&serde_json::json!({ "kind": "event", "subjects": many })).unwrap();
    let count = POINTERS_PER_MESSAGE_MAX + 1;
    assert_eq!(decode(Queue::Events, &body), Err(Undecodable::Count { count }));
}

#[test]
fn the_reason_never_quotes_the_message() {
    let error = decode(Queue::Events, br#"{"kind":"hunter2"}"#).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

proptest! {
    #[test]
    fn packed_events_read_back(ids in prop::collection::vec(0..u128::MAX >> 1, 1..=POINTERS_PER_MESSAGE_MAX)) {
        let events: Vec<EventId> = ids.iter().map(|id| EventId(Uuid::from_u128(*id))).collect();
        let body = encode_events(&events);
        prop_assert!(body.len() * 10 <= MESSAGE_BYTES_MAX);
        let read = decode(Queue::Events, &body).unwrap();
        prop_assert_eq!(read, events.iter().map(|id| id.0).collect::<Vec<_>>());
    }

    #[test]
    fn packed_deliveries_read_back(ids in prop::collection::vec(0..u128::MAX >> 1, 1..=POINTERS_PER_MESSAGE_MAX)) {
        let deliveries: Vec<DeliveryId> = ids.iter().map(|id| DeliveryId(Uuid::from_u128(*id))).collect();
        let read = decode(Queue::Deliveries, &encode_deliveries(&deliveries)).unwrap();
        prop_assert_eq!(read, deliveries.iter().map(|id| id.0).collect::<Vec<_>>());
    }

    #[test]
    fn garbage_is_refused_and_never_panics(body in prop::collection::vec(any::<u8>(), 0..512)) {
        for queue in Queue::ALL {
            prop_assert!(decode(*queue, &body).is_err());
        }
    }
}
