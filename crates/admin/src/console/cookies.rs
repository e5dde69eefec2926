//! The console's cookies: read, and written.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use url::form_urlencoded;

use crate::App;

/// The theme that was chosen.
pub const THEME: &str = "hookyard_theme";
/// Whether lists update themselves.
pub const LIVE: &str = "hookyard_live";
/// What the action did that led here; shown once.
pub const DONE: &str = "hookyard_done";

/// How long a choice is kept, in seconds.
pub const YEAR_S: i32 = 365 * 24 * 60 * 60;
/// How long what was done waits for its page, in seconds.
pub const DONE_S: i32 = 60;

/// The value of a cookie.
pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?;
    form_urlencoded::parse(format!("v={value}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

/// A header that sets a cookie for `seconds`; no seconds remove it. Scripts never see it, and other sites' requests
/// carry it only when somebody follows a link here.
pub fn set(app: &App, name: &str, value: &str, seconds: i32) -> (HeaderName, HeaderValue) {
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let line = HeaderValue::try_from(line).expect("names are ours, and values are encoded");
    (SET_COOKIE, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; hookyard_theme=dark"));
        headers.append(COOKIE, HeaderValue::from_static("hookyard_done=Queued+%C3%BC"));
        assert_eq!(get(&headers, THEME).as_deref(), Some("dark"));
        assert_eq!(get(&headers, DONE).as_deref(), Some("Queued ü"));
        assert_eq!(get(&headers, LIVE), None);
    }
}
