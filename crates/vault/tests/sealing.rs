//! What opens, and everything that does not.

use hookyard_vault::{
    KeyRing, Label, OpenError, PLAINTEXT_BYTES_MAX, ResealError, SealError, sealed_under,
};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

const LABEL: Label<'static> =
    Label { table: "source", row: Uuid::from_u128(7), column: "secret_sealed" };

fn ring() -> KeyRing {
    KeyRing::parse(&KeyRing::generate()).expect("a generated ring is a ring")
}

/// A ring of the same ids as `first, second` but in this order.
fn joined(first: &SecretString, second: &SecretString) -> KeyRing {
    let text = format!("{},{}", first.expose_secret(), second.expose_secret());
    KeyRing::parse(&SecretString::from(text)).expect("two generated rings are a ring")
}

#[test]
fn the_same_secret_sealed_twice_shares_no_bytes_but_the_header() {
    let ring = ring();
    let first = ring.seal(&LABEL, b"secret").unwrap();
    let second = ring.seal(&LABEL, b"secret").unwrap();
    let header = 2 + ring.active_id().len();
    assert_eq!(first[..header], second[..header]);
    assert_ne!(first[header..header + 12], second[header..header + 12]);
    assert_ne!(first[header + 60..], second[header + 60..]);
}

#[test]
fn a_key_ring_that_lacks_the_key_says_which() {
    let mine = ring();
    let sealed = mine.seal(&LABEL, b"secret").unwrap();
    assert_eq!(sealed_under(&sealed), Some(mine.active_id()));
    assert_eq!(
        ring().open(&LABEL, &sealed).unwrap_err(),
        OpenError::UnknownKey(mine.active_id().to_owned())
    );
}

#[test]
fn another_key_under_the_same_id_does_not_open() {
    let text = KeyRing::generate();
    let ring = KeyRing::parse(&text).unwrap();
    let other = KeyRing::generate();
    let (_, other_key) = other.expose_secret().split_once(':').unwrap();
    let impostor =
        KeyRing::parse(&SecretString::from(format!("{}:{other_key}", ring.active_id()))).unwrap();
    let sealed = ring.seal(&LABEL, b"secret").unwrap();
    assert_eq!(impostor.open(&LABEL, &sealed).unwrap_err(), OpenError::Forged);
}

#[test]
fn resealing_moves_a_value_to_the_active_key_and_leaves_it_there() {
    let (old_text, new_text) = (KeyRing::generate(), KeyRing::generate());
    let old = KeyRing::parse(&old_text).unwrap();
    let both = joined(&new_text, &old_text);
    let sealed = old.seal(&LABEL, b"secret").unwrap();

    let resealed = both.reseal(&LABEL, &sealed).unwrap().expect("sealed under the old key");
    assert_eq!(sealed_under(&resealed), Some(both.active_id()));
    assert_eq!(both.reseal(&LABEL, &resealed), Ok(None));

    let new = KeyRing::parse(&new_text).unwrap();
    assert_eq!(new.open(&LABEL, &resealed).unwrap().expose_secret(), b"secret");
}

#[test]
fn resealing_refuses_a_value_of_another_place() {
    let (old_text, new_text) = (KeyRing::generate(), KeyRing::generate());
    let sealed = KeyRing::parse(&old_text).unwrap().seal(&LABEL, b"secret").unwrap();
    let elsewhere = Label { row: Uuid::from_u128(8), ..LABEL };
    assert_eq!(
        joined(&new_text, &old_text).reseal(&elsewhere, &sealed),
        Err(ResealError::Open(OpenError::Forged))
    );
}

#[test]
fn a_label_is_not_confused_with_one_that_joins_to_the_same_text() {
    let ring = ring();
    let label = Label { table: "ab", row: Uuid::nil(), column: "c" };
    let sealed = ring.seal(&label, b"secret").unwrap();
    let shifted = Label { table: "a", row: Uuid::nil(), column: "bc" };
    assert_eq!(ring.open(&shifted, &sealed).unwrap_err(), OpenError::Forged);
}

#[test]
fn a_secret_beyond_the_limit_is_not_sealed() {
    let ring = ring();
    let mut secret = vec![0; PLAINTEXT_BYTES_MAX];
    ring.seal(&LABEL, &secret).unwrap();
    secret.push(0);
    assert_eq!(
        ring.seal(&LABEL, &secret),
        Err(SealError::TooLong { bytes: PLAINTEXT_BYTES_MAX + 1 })
    );
}

#[test]
fn an_opened_secret_does_not_show_itself() {
    let ring = ring();
    let opened = ring.open(&LABEL, &ring.seal(&LABEL, b"hunter2").unwrap()).unwrap();
    assert!(!format!("{opened:?}").contains("hunter2"));
    assert!(!format!("{opened:?}").contains("104, 117"));
}

proptest! {
    #[test]
    fn what_is_sealed_opens_again(
        plaintext in proptest::collection::vec(any::<u8>(), 0..4096),
        table in ".{0,40}",
        row: u128,
        column in ".{0,40}",
    ) {
        let ring = ring();
        let label = Label { table: &table, row: Uuid::from_u128(row), column: &column };
        let sealed = ring.seal(&label, &plaintext).unwrap();
        let opened = ring.open(&label, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), plaintext.as_slice());
    }

    #[test]
    fn a_flipped_bit_is_refused(
        plaintext in proptest::collection::vec(any::<u8>(), 0..64),
        bit: prop::sample::Index,
    ) {
        let ring = ring();
        let mut sealed = ring.seal(&LABEL, &plaintext).unwrap();
        let bit = bit.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(ring.open(&LABEL, &sealed).is_err());
    }

    #[test]
    fn a_value_cut_short_or_prolonged_is_refused(
        plaintext in proptest::collection::vec(any::<u8>(), 0..64),
        cut: prop::sample::Index,
        extra in proptest::collection::vec(any::<u8>(), 1..8),
    ) {
        let ring = ring();
        let mut sealed = ring.seal(&LABEL, &plaintext).unwrap();
        prop_assert!(ring.open(&LABEL, &sealed[..cut.index(sealed.len())]).is_err());
        sealed.extend(extra);
        prop_assert_eq!(ring.open(&LABEL, &sealed).unwrap_err(), OpenError::Forged);
    }

    #[test]
    fn another_place_is_refused(row: u128, table in "[a-z]{1,8}", column in "[a-z]{1,8}") {
        let ring = ring();
        let sealed = ring.seal(&LABEL, b"secret").unwrap();
        let elsewhere = [
            Label { row: Uuid::from_u128(row), ..LABEL },
            Label { table: &table, ..LABEL },
            Label { column: &column, ..LABEL },
        ];
        for label in elsewhere.into_iter().filter(|label| *label != LABEL) {
            prop_assert_eq!(ring.open(&label, &sealed).unwrap_err(), OpenError::Forged);
        }
    }

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(ring().open(&LABEL, &bytes).is_err());
    }

    #[test]
    fn bytes_under_a_known_key_id_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let ring = ring();
        let mut sealed = vec![1, u8::try_from(ring.active_id().len()).unwrap()];
        sealed.extend_from_slice(ring.active_id().as_bytes());
        sealed.extend(bytes);
        prop_assert!(ring.open(&LABEL, &sealed).is_err());
    }
}
