//! A real browser for tests: Chromium without a screen, driven through `chromedriver`.
//!
//! It is looked at as a person does it: controls are found by their words, pages by what they say. What a person does
//! not see, it watches: [`Browser::finish`] fails a test on any error in the console, any violation of the content
//! security policy, any request that failed, and any request that would have left the origin.
//!
//! Like every helper of tests it panics where something is not as it must be.

mod command;
mod complaints;
mod driver;
mod look;
mod page;

use std::sync::Mutex;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use url::Url;

pub use look::{Look, Scheme, Size};

use crate::servers::find::BrowserTools;
use complaints::Complaints;
use driver::Driver;

/// A window on one origin, with a profile of its own: no cookie outlives it.
pub struct Browser {
    client: Client,
    origin: Url,
    complaints: Mutex<Complaints>,
    // Ended last: the session lives in it.
    driver: Driver,
}

impl Browser {
    /// Opens a window that shows nothing yet. `origin` is the only place that it may talk to, such as
    /// `http://127.0.0.1:8082`.
    ///
    /// # Panics
    /// When the browser does not start.
    pub async fn start(tools: &BrowserTools, origin: &str) -> Self {
        let origin: Url = origin.parse().expect("an origin is a URL");
        let driver = Driver::start(tools).await.expect("chromedriver starts");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(driver.capabilities(tools))
            .connect(driver.url())
            .await;
        let client = client.unwrap_or_else(|error| {
            panic!("Chromium does not start: {error}\n{}", driver.log_tail())
        });
        let complaints = Mutex::new(Complaints::of(&origin));
        let browser = Self { client, origin, complaints, driver };
        browser.look(Look::default()).await;
        // Whatever it did before it was told where to go is nobody's fault.
        drop(browser.take_complaints().await);
        browser
    }

    /// Ends the browser.
    ///
    /// # Panics
    /// When anything was complained of that the test did not [take](Browser::take_complaints).
    pub async fn finish(self) {
        let complaints = self.take_complaints().await;
        let Self { client, driver, .. } = self;
        client.close().await.expect("a session can be ended");
        driver.stop().await.expect("chromedriver ends");
        assert!(complaints.is_empty(), "the browser complained:\n{}", complaints.join("\n"));
    }

    /// What the browser complained of since it was last asked.
    ///
    /// # Panics
    /// When the browser does not say.
    pub async fn take_complaints(&self) -> Vec<String> {
        let console = self.issue(command::Log("browser")).await;
        let network = self.issue(command::Log("performance")).await;
        let mut complaints = self.complaints.lock().expect("no test panicked while it read them");
        complaints.read_console(&console);
        complaints.read_network(&network);
        complaints.take()
    }

    async fn issue<C>(&self, command: C) -> serde_json::Value
    where
        C: fantoccini::wd::WebDriverCompatibleCommand + Clone + Send + 'static,
    {
        let answer = self.client.issue_cmd(command.clone()).await;
        answer.unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }
}
