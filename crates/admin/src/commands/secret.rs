//! Reading a secret that is not to stand on a command line.

use std::io::{self, Read as _};

use anyhow::Context as _;
use hookyard_admin::operations::OperationError;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use zeroize::Zeroizing;

/// The longest secret that is read, in bytes: a receiver's URL may be this long. Each use has its own limit below.
const SECRET_BYTES_MAX: usize = 2048;
/// A secret's bytes, the end of its line, and one more to see that there is too much.
const READ_BYTES_MAX: usize = SECRET_BYTES_MAX + 3;

/// All of standard input without the end of its last line; what is too long stays too long.
pub(crate) fn from_stdin() -> anyhow::Result<SecretSlice<u8>> {
    let mut read = Zeroizing::new(Vec::with_capacity(READ_BYTES_MAX));
    io::stdin()
        .lock()
        .take(READ_BYTES_MAX as u64)
        .read_to_end(&mut read)
        .context("the secret could not be read from standard input")?;
    Ok(SecretSlice::from(Box::<[u8]>::from(without_line_end(&read))))
}

/// The same, which must be text.
pub(crate) fn text_from_stdin() -> anyhow::Result<SecretString> {
    let secret = from_stdin()?;
    let text = str::from_utf8(secret.expose_secret())
        .map_err(|_| OperationError::Invalid("the secret is no text in UTF-8".to_owned()))?;
    Ok(SecretString::from(text))
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    line.strip_suffix(b"\r").filter(|_| line.len() < bytes.len()).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_secret() {
        for (read, secret) in
            [("s\n", "s"), ("s\r\n", "s"), ("s", "s"), ("s\n\n", "s\n"), ("s\r", "s\r"), ("\n", "")]
        {
            assert_eq!(without_line_end(read.as_bytes()), secret.as_bytes(), "{read:?}");
        }
    }
}
