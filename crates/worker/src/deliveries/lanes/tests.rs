use hookyard_domain::ids::WorkspaceId;
use uuid::Uuid;

use super::*;

fn lane(workspace: u128, receiver: u128) -> Lane {
    Lane { workspace: WorkspaceId(Uuid::from_u128(workspace)), receiver: Uuid::from_u128(receiver) }
}

fn next(lanes: &Lanes, now: Instant) -> Option<Round> {
    lanes.next(64, 128, now, |_| 10)
}

#[test]
fn lanes_that_wait_are_asked_until_they_have_nothing_left() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    lanes.wait([lane(1, 1), lane(1, 2), lane(2, 3)], now);
    let round = next(&lanes, now).unwrap();
    assert_eq!(round, Round { lanes: vec![lane(1, 1), lane(2, 3), lane(1, 2)], limit: 20 });
    assert_eq!(next(&lanes, now), None, "until a call ends");
    lanes.leased(&round, &[lane(1, 1)], now);
    lanes.freed([lane(1, 1), lane(1, 2), lane(2, 3)], now);
    assert_eq!(next(&lanes, now).unwrap().lanes, [lane(1, 1)], "the others had nothing");
}

#[test]
fn a_round_that_was_cut_short_is_followed_by_another() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    lanes.wait([lane(1, 1), lane(1, 2)], now);
    let round = lanes.next(64, 1, now, |_| 10).unwrap();
    assert_eq!(round, Round { lanes: vec![lane(1, 1)], limit: 1 });
    lanes.leased(&round, &[lane(1, 1)], now);
    assert_eq!(next(&lanes, now).unwrap().lanes, [lane(1, 2), lane(1, 1)]);
}

#[test]
fn a_workspace_without_room_keeps_its_turn() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    lanes.wait([lane(1, 1)], now);
    assert_eq!(lanes.next(64, 128, now, |_| 0), None);
    lanes.freed([], now);
    assert_eq!(next(&lanes, now).unwrap().lanes, [lane(1, 1)]);
}

#[test]
fn a_lane_that_asked_to_be_left_alone_is_asked_when_its_time_is_over() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    let pause = Duration::from_secs(5);
    lanes.tell(lane(1, 1), Told::Well { pause: Some(pause) }, now);
    assert_eq!(lanes.admit(lane(1, 1), None, now), Some(now + pause));
    lanes.wait([lane(1, 1)], now);
    assert_eq!((next(&lanes, now), lanes.next_timer()), (None, Some(now + pause)));
    let round = next(&lanes, now + pause).unwrap();
    assert_eq!(round.lanes, [lane(1, 1)]);
    assert_eq!(lanes.admit(lane(1, 1), None, now + pause), None);
}

#[test]
fn a_lane_that_is_left_alone_wakes_nobody_before_its_time() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    let pause = Duration::from_mins(1);
    lanes.leave_alone(lane(1, 1), pause, now);
    lanes.wait([lane(1, 1), lane(1, 2)], now);
    assert_eq!(next(&lanes, now).unwrap().lanes, [lane(1, 2)]);
    assert_eq!((next(&lanes, now), lanes.next_timer()), (None, Some(now + pause)));
    assert_eq!(next(&lanes, now + pause).unwrap().lanes, [lane(1, 1)]);
}

#[test]
fn an_ill_receiver_is_left_alone_and_then_asked_by_one_call() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    let settings = BreakerSettings::default();
    for _ in 0..settings.failures_max {
        assert_eq!(lanes.admit(lane(1, 1), None, now), None);
        lanes.tell(lane(1, 1), Told::Ill, now);
    }
    let open = now + settings.open;
    assert_eq!(lanes.admit(lane(1, 1), None, now), Some(open));
    lanes.wait([lane(1, 1)], now);
    assert_eq!(next(&lanes, now), None);
    assert_eq!(next(&lanes, open), Some(Round { lanes: vec![lane(1, 1)], limit: 1 }));
    assert_eq!(lanes.admit(lane(1, 1), None, open), None, "the probe");
    assert!(lanes.admit(lane(1, 1), None, open).is_some(), "nobody beside it");
    lanes.tell(lane(1, 1), Told::Well { pause: None }, open);
    assert_eq!(lanes.admit(lane(1, 1), None, open + settings.probe_max), None);
}

#[test]
fn a_lane_with_a_rate_is_leased_of_by_itself_and_no_faster() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    for _ in 0..2 {
        assert_eq!(lanes.admit(lane(1, 1), Some(2.0), now), None);
    }
    let soon = now + Duration::from_millis(500);
    assert_eq!(lanes.admit(lane(1, 1), Some(2.0), now), Some(soon));
    lanes.wait([lane(1, 1), lane(1, 2)], soon);
    assert_eq!(next(&lanes, soon), Some(Round { lanes: vec![lane(1, 1)], limit: 1 }));
    assert_eq!(next(&lanes, soon).unwrap().lanes, [lane(1, 2)]);
}

#[test]
fn what_nobody_needs_is_forgotten() {
    let (lanes, now) = (Lanes::default(), Instant::now());
    lanes.admit(lane(1, 1), None, now);
    lanes.wait([lane(1, 2)], now);
    lanes.forget(now + FORGET_AFTER);
    let known: Vec<Lane> = lanes.lock().known.keys().copied().collect();
    assert_eq!(known, [lane(1, 2)]);
}
