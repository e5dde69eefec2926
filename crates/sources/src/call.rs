use http::{HeaderMap, HeaderValue};

use crate::Malformed;
use crate::text::{ID_BYTES_MAX, is_visible_ascii};

/// An inbound call as it came off the wire.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub headers: &'a HeaderMap,
    /// The raw bytes of the body: signatures cover these.
    pub body: &'a [u8],
}

impl<'a> Call<'a> {
    /// The value of a header that may appear once; `None` if it is absent or empty.
    ///
    /// Repeating the same value is harmless. Two values are refused: whoever forwarded the call may have read the
    /// other one.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&'a HeaderValue>, Malformed> {
        let mut values = self.headers.get_all(name).iter();
        let Some(first) = values.next() else { return Ok(None) };
        if values.any(|value| value != first) {
            return Err(Malformed::new(format!("conflicting {name} headers")));
        }
        Ok((!first.is_empty()).then_some(first))
    }

    /// The value of a header that identifies something: at most 255 bytes of visible ASCII.
    pub(crate) fn id_header(&self, name: &str) -> Result<Option<String>, Malformed> {
        let Some(value) = self.header(name)? else { return Ok(None) };
        if value.len() > ID_BYTES_MAX {
            return Err(Malformed::new(format!(
                "{name} header is longer than {ID_BYTES_MAX} bytes"
            )));
        }
        let text = value.to_str().ok().filter(|text| is_visible_ascii(text));
        let text = text.ok_or_else(|| {
            Malformed::new(format!("{name} header contains other characters than visible ASCII"))
        })?;
        Ok(Some(text.to_owned()))
    }
}
