//! What a key ring's text may be, and what the errors say.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hookyard_vault::{KeyRing, KeyRingError};
use secrecy::{ExposeSecret as _, SecretString};

const KEY: [u8; 32] = [0x5a; 32];

fn parse(text: &str) -> Result<KeyRing, KeyRingError> {
    KeyRing::parse(&SecretString::from(text))
}

fn padded() -> String {
    STANDARD.encode(KEY)
}

#[test]
fn the_first_key_is_the_active_one() {
    let ring = parse(&format!("new-1:{},old_2:{}", padded(), padded())).unwrap();
    assert_eq!(ring.active_id(), "new-1");
}

#[test]
fn padding_and_surrounding_spaces_do_not_matter() {
    let ring = parse(&format!(" a:{} , b:{}\n", padded(), STANDARD_NO_PAD.encode(KEY))).unwrap();
    assert_eq!(ring.active_id(), "a");
}

#[test]
fn a_generated_ring_is_a_ring_and_never_the_same_twice() {
    let first = KeyRing::generate();
    let second = KeyRing::generate();
    assert_ne!(first.expose_secret(), second.expose_secret());
    assert_ne!(
        KeyRing::parse(&first).unwrap().active_id(),
        KeyRing::parse(&second).unwrap().active_id()
    );
}

#[test]
fn an_empty_ring_is_refused() {
    assert_eq!(parse("").unwrap_err(), KeyRingError::Empty);
    assert_eq!(parse("  \n").unwrap_err(), KeyRingError::Empty);
}

#[test]
fn an_entry_without_colon_is_named_by_its_position() {
    let error = parse(&format!("a:{},{}", padded(), padded())).unwrap_err();
    assert_eq!(error, KeyRingError::NoColon { position: 2 });
    assert_eq!(parse(&format!("a:{},", padded())).unwrap_err(), error);
}

#[test]
fn an_id_of_other_characters_or_length_is_refused() {
    for id in ["", "A", "a.b", "ä", "a b", &"a".repeat(33)] {
        let error = parse(&format!("{id}:{}", padded())).unwrap_err();
        assert_eq!(error, KeyRingError::BadId { position: 1 }, "{id:?}");
    }
    parse(&format!("{}:{}", "a".repeat(32), padded())).unwrap();
}

#[test]
fn an_id_may_not_repeat() {
    let error = parse(&format!("a:{},a:{}", padded(), padded())).unwrap_err();
    assert_eq!(error, KeyRingError::RepeatedId { position: 2, id: "a".to_owned() });
}

#[test]
fn a_key_that_is_no_base64_or_has_another_length_is_refused() {
    assert_eq!(parse("a:***").unwrap_err(), KeyRingError::NotBase64 { id: "a".to_owned() });
    let short = STANDARD.encode([1; 31]);
    assert_eq!(
        parse(&format!("a:{short}")).unwrap_err(),
        KeyRingError::WrongLength { id: "a".to_owned(), bytes: 31 }
    );
}

#[test]
fn neither_errors_nor_debug_show_a_key() {
    let key = padded();
    for text in [key.clone(), format!("{key}:a"), format!("a:{key}x"), format!("a:{key},a:{key}")] {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&key[..16]), "{error}");
    }
    let ring = parse(&format!("a:{key}")).unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing { ids: [\"a\"], .. }");
}
