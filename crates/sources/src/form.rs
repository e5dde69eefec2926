//! `application/x-www-form-urlencoded`, read strictly: lenient readers replace what they cannot read, and a payload
//! that was altered in this way would no longer be what its sender signed.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::Malformed;

/// The decoded value of the one field of this name. Other fields are left alone.
pub(crate) fn field(body: &[u8], name: &str) -> Result<Vec<u8>, Malformed> {
    let mut values = body.split(|byte| *byte == b'&').filter_map(|pair| {
        let (key, value) = split_once(pair, b'=');
        decode(key).is_some_and(|key| key == name.as_bytes()).then_some(value)
    });
    let value =
        values.next().ok_or_else(|| Malformed::new(format!("the form has no field `{name}`")))?;
    if values.next().is_some() {
        return Err(Malformed::new(format!("the form has several fields `{name}`")));
    }
    decode(value)
        .ok_or_else(|| Malformed::new(format!("the form's field `{name}` is not percent-encoded")))
}

fn split_once(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == separator) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// `None` if a `%` is not followed by two hexadecimal digits.
fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut rest = encoded;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let (digits, behind) = rest[at + 1..].split_at_checked(2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = behind;
    }
    let mut spaced = Cow::from(encoded);
    if encoded.contains(&b'+') {
        for byte in spaced.to_mut().iter_mut().filter(|byte| **byte == b'+') {
            *byte = b' ';
        }
    }
    Some(Cow::from(percent_decode(&spaced)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(body: &str) -> Result<String, String> {
        let value = field(body.as_bytes(), "payload").map_err(|error| error.to_string())?;
        Ok(String::from_utf8(value).expect("these tests encode UTF-8"))
    }

    #[test]
    fn a_field_is_found_among_others_and_decoded() {
        assert_eq!(payload("payload=%7B%7D").unwrap(), "{}");
        assert_eq!(payload("a=1&payload=a+b%2Bc%3d%C3%A9&b=%zz").unwrap(), "a b+c=é");
        assert_eq!(payload("pay%6Coad=x=y").unwrap(), "x=y");
        assert_eq!(payload("payload").unwrap(), "");
    }

    #[test]
    fn a_missing_or_repeated_field_is_refused() {
        for body in ["", "&", "Payload=1", "payloads=1", "a=payload"] {
            assert_eq!(payload(body), Err("the form has no field `payload`".to_owned()), "{body}");
        }
        for body in ["payload=1&payload=1", "payload&a=1&%70ayload=2"] {
            let refusal = Err("the form has several fields `payload`".to_owned());
            assert_eq!(payload(body), refusal, "{body}");
        }
    }

    #[test]
    fn broken_percent_encoding_is_refused() {
        for body in ["payload=%", "payload=%7", "payload=a%zzb", "payload=%7B%7", "payload=%+1"] {
            assert!(payload(body).is_err(), "{body}");
        }
    }
}
