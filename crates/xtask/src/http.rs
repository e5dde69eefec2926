//! HTTP to the processes and to the simulator, all of them on this machine.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The simulator waits up to 10 s for the answer to a delivery, as GitHub does.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

pub(crate) fn client() -> Result<Client> {
    Ok(Client::builder().timeout(REQUEST_LIMIT).no_proxy().build()?)
}

/// The status of `url`, or nothing while nobody listens there.
pub(crate) async fn status(client: &Client, url: &str) -> Option<StatusCode> {
    client.get(url).send().await.ok().map(|response| response.status())
}

pub(crate) async fn post<T: DeserializeOwned>(
    client: &Client,
    url: &str,
    body: &Value,
) -> Result<T> {
    let response =
        client.post(url).json(body).send().await.with_context(|| format!("POST {url}"))?;
    let status = response.status();
    let text = response.text().await.with_context(|| format!("the answer of POST {url}"))?;
    if !status.is_success() {
        bail!("POST {url} was answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("the answer of POST {url}: {text}"))
}
