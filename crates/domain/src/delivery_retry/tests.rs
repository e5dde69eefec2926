use proptest::prelude::*;

use super::*;

const MIDDLE: f64 = 0.5;

fn failed(class: ErrorClass, status: Option<u16>) -> FailedTry {
    FailedTry { class, status, retry_after_ms: None }
}

fn waits(policy: &DeliveryRetryPolicy, unit: f64) -> Vec<u64> {
    let failure = failed(ErrorClass::ServerError, Some(503));
    (1..)
        .map_while(|attempt| match policy.after_failure(attempt, failure, Jitter::new(unit)) {
            AfterFailure::TryAgain { wait_ms } => Some(wait_ms),
            AfterFailure::GiveUp => None,
        })
        .collect()
}

#[test]
fn by_default_there_are_three_tries_with_bounds_that_double() {
    let policy = DeliveryRetryPolicy::default();
    assert_eq!(policy.attempts_max(), 3);
    assert_eq!(waits(&policy, 1.0), [5_000, 10_000]);
    assert_eq!(waits(&policy, 0.0), [0, 0]);
}

#[test]
fn the_persistent_preset_waits_as_it_is_documented() {
    let minutes = 60_000;
    let hours = 60 * minutes;
    let expected = [5_000, 5 * minutes, 30 * minutes, 2 * hours, 5 * hours, 10 * hours, 10 * hours];
    let policy = DeliveryRetryPolicy::persistent();
    assert_eq!(policy.attempts_max(), 8);
    assert_eq!(waits(&policy, MIDDLE), expected);
}

#[test]
fn a_wait_that_the_receiver_asks_for_is_kept_up_to_a_day() {
    let policy = DeliveryRetryPolicy::default();
    let asked = |retry_after_ms| {
        let failure = FailedTry {
            retry_after_ms: Some(retry_after_ms),
            ..failed(ErrorClass::RateLimited, Some(429))
        };
        policy.after_failure(1, failure, Jitter::new(1.0))
    };
    assert_eq!(asked(1_000), AfterFailure::TryAgain { wait_ms: 5_000 });
    assert_eq!(asked(90_000), AfterFailure::TryAgain { wait_ms: 90_000 });
    assert_eq!(asked(u64::MAX), AfterFailure::TryAgain { wait_ms: WAIT_MS_MAX });
}

#[test]
fn a_final_failure_has_no_further_try_unless_the_policy_says_so() {
    let refused = failed(ErrorClass::Refused, Some(404));
    let plain = DeliveryRetryPolicy::default();
    assert_eq!(plain.after_failure(1, refused, Jitter::new(MIDDLE)), AfterFailure::GiveUp);
    let insisting: DeliveryRetryPolicy =
        serde_json::from_str(r#"{"attempts":2,"baseMs":1000,"longestMs":1000,"retry4xx":true}"#)
            .unwrap();
    let again = AfterFailure::TryAgain { wait_ms: 500 };
    assert_eq!(insisting.after_failure(1, refused, Jitter::new(MIDDLE)), again);
    assert_eq!(insisting.after_failure(2, refused, Jitter::new(MIDDLE)), AfterFailure::GiveUp);
}

#[test]
fn every_form_reads_back_what_it_wrote() {
    for text in [
        r#"{"preset":"persistent"}"#,
        r#"{"preset":"persistent","retry4xx":true}"#,
        r#"{"attempts":3,"baseMs":5000,"longestMs":60000}"#,
        r#"{"waitsMs":[5000,300000]}"#,
        r#"{"waitsMs":[]}"#,
    ] {
        let policy: DeliveryRetryPolicy = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
    }
}

#[test]
fn what_is_no_policy_or_past_the_limits_is_refused() {
    let many = format!(r#"{{"waitsMs":{:?}}}"#, [1; 30]);
    for text in [
        "{}",
        r#"{"preset":"forever"}"#,
        r#"{"preset":"persistent","attempts":3}"#,
        r#"{"attempts":3}"#,
        r#"{"attempts":0,"baseMs":1,"longestMs":1}"#,
        r#"{"attempts":31,"baseMs":1,"longestMs":1}"#,
        r#"{"attempts":3,"baseMs":2,"longestMs":1}"#,
        r#"{"attempts":3,"baseMs":1,"longestMs":86400001}"#,
        r#"{"waitsMs":[0]}"#,
        r#"{"waitsMs":[5000],"other":1}"#,
        &many,
    ] {
        assert!(serde_json::from_str::<DeliveryRetryPolicy>(text).is_err(), "{text}");
    }
}

fn any_policy() -> impl Strategy<Value = DeliveryRetryPolicy> {
    let exponential = (1..=ATTEMPTS_MAX, 1..=WAIT_MS_MAX, 1..=WAIT_MS_MAX).prop_map(
        |(attempts_max, one, other)| Schedule::Exponential {
            attempts_max,
            base_ms: one.min(other),
            longest_ms: one.max(other),
        },
    );
    let listed = prop::collection::vec(1..=WAIT_MS_MAX, 0..29)
        .prop_map(|waits_ms| Schedule::Listed { waits_ms });
    let schedule = prop_oneof![exponential, listed, Just(Schedule::Persistent)];
    (schedule, any::<bool>())
        .prop_map(|(schedule, retry_4xx)| DeliveryRetryPolicy::new(schedule, retry_4xx).unwrap())
}

fn any_failure() -> impl Strategy<Value = FailedTry> {
    let classes = prop::sample::select(ErrorClass::ALL);
    (classes, prop::option::of(100_u16..600), prop::option::of(any::<u64>()))
        .prop_map(|(class, status, retry_after_ms)| FailedTry { class, status, retry_after_ms })
}

proptest! {
    #[test]
    fn tries_end_and_no_wait_is_past_the_longest(
        policy in any_policy(), failure in any_failure(), attempt in 1_u32..100, unit in -1.0_f64..2.0,
    ) {
        match policy.after_failure(attempt, failure, Jitter::new(unit)) {
            AfterFailure::TryAgain { wait_ms } => {
                prop_assert!(attempt < policy.attempts_max());
                prop_assert!(wait_ms <= WAIT_MS_MAX);
                prop_assert!(wait_ms >= failure.retry_after_ms.unwrap_or(0).min(WAIT_MS_MAX));
            }
            AfterFailure::GiveUp => {}
        }
    }

    #[test]
    fn a_policy_survives_being_stored(policy in any_policy()) {
        let text = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<DeliveryRetryPolicy>(&text).unwrap(), policy);
    }
}
