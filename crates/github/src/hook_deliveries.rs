//! What GitHub has sent to the App's webhook, and having it sent again.
//!
//! GitHub keeps this for three days (Enterprise Server for seven) and, unlike others, tries no delivery again by
//! itself: <https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries>.

use std::sync::atomic::AtomicU32;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{GitHub, GitHubError, transport::Call};

/// One try of GitHub's to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HookDelivery {
    /// Of this try.
    pub id: i64,
    /// `X-GitHub-Delivery`: the same on every try of an event.
    pub guid: String,
    pub delivered_at: Timestamp,
    /// `OK`, or why not.
    pub status: String,
    pub event: String,
    pub action: Option<String>,
}

/// Some tries, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookDeliveries {
    pub items: Vec<HookDelivery>,
    /// Where older ones begin, if there are any.
    pub next: Option<String>,
}

impl GitHub {
    /// Up to a hundred tries, newest first, from `cursor` on.
    pub async fn hook_deliveries(
        &self,
        cursor: Option<&str>,
    ) -> Result<HookDeliveries, GitHubError> {
        let mut path = "/app/hook/deliveries?per_page=100".to_owned();
        if let Some(cursor) = cursor {
            let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            path.push_str("&cursor=");
            path.push_str(&cursor);
        }
        let answer = self.as_app(&Call::get("hook_deliveries", path), &AtomicU32::new(0)).await?;
        let items = answer.json()?;
        let link = answer.headers.get(http::header::LINK).and_then(|value| value.to_str().ok());
        Ok(HookDeliveries { items, next: link.and_then(next_cursor) })
    }

    /// Has GitHub send the event of a try once more, under the same id.
    pub async fn redeliver(&self, id: i64) -> Result<(), GitHubError> {
        let mut call = Call::get("redeliver", format!("/app/hook/deliveries/{id}/attempts"));
        call.post = Some(json!({}));
        self.as_app(&call, &AtomicU32::new(0)).await?.success()
    }
}

/// The cursor of the page that a `Link` header calls the next (RFC 8288).
fn next_cursor(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let (_, rest) = next.split_once('<')?;
    let (address, _) = rest.split_once('>')?;
    let url = Url::parse(address).ok()?;
    let cursor = url.query_pairs().find(|(name, _)| name == "cursor")?;
    Some(cursor.1.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        let link = "<https://api.github.com/app/hook/deliveries?per_page=100>; rel=\"first\", \
                    <https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_17%3D>; rel=\"next\"";
        assert_eq!(next_cursor(link).as_deref(), Some("v1_17="));
        assert_eq!(next_cursor("<https://api.github.com/app>; rel=\"prev\""), None);
        assert_eq!(next_cursor("nonsense"), None);
    }
}
