//! What a person does with a page: reads it, and uses its controls by their words.

use fantoccini::Locator;
use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value, json};

use super::Browser;
use crate::gateway::{PATIENCE, holds};

/// The first control of the page that can be seen and whose words are `arguments[0]`: its label, what a reader is told,
/// or its text. An exact match goes before one that only begins so.
const CONTROL: &str = r"
const wanted = arguments[0], selector = arguments[1];
const squeeze = text => (text || '').replace(/\s+/g, ' ').trim();
const names = element => {
  const labels = Array.from(element.labels || [], label => squeeze(label.textContent));
  return [...labels, squeeze(element.getAttribute('aria-label')), squeeze(element.innerText)];
};
const shown = Array.from(document.querySelectorAll(selector))
  .filter(element => element.checkVisibility({ visibilityProperty: true }) && !element.disabled);
return shown.find(element => names(element).includes(wanted))
    || shown.find(element => names(element).some(name => name.startsWith(wanted)))
    || null;
";

const POST: &str = r"
const [path, form, done] = arguments;
const headers = { 'content-type': 'application/x-www-form-urlencoded' };
fetch(path, { method: 'POST', headers, body: form, redirect: 'manual' })
  .then(answer => done(answer.status), error => done(String(error)));
";

/// What the `WebDriver` standard calls a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

const CLICKABLE: &str =
    "a[href], button, summary, [role=button], input[type=radio], input[type=checkbox]";
const FILLABLE: &str =
    "input:not([type=hidden]):not([type=radio]):not([type=checkbox]), textarea, select";

impl Browser {
    /// Goes to a path of the origin.
    ///
    /// # Panics
    /// When there is no page.
    pub async fn open(&self, path: &str) {
        let url = self.origin.join(path).expect("a path joins an origin");
        let opened = self.client.goto(url.as_str()).await;
        opened.unwrap_or_else(|error| panic!("{url} cannot be opened: {error}"));
    }

    /// Loads the page again.
    ///
    /// # Panics
    /// When there is no page.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("a page can be loaded again");
    }

    /// Forgets that anybody signed in.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn forget(&self) {
        self.client.delete_all_cookies().await.expect("cookies can be deleted");
    }

    /// Path and query of the page that is shown.
    ///
    /// # Panics
    /// When the browser does not say.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("a page has an address");
        url[url::Position::BeforePath..].to_owned()
    }

    /// Everything that can be read on the page; nothing while one is being loaded.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body ? document.body.innerText : '';", vec![]).await;
        text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Waits until the page says `words`.
    ///
    /// # Panics
    /// When it does not come to that; the message holds what it says instead.
    pub async fn sees(&self, words: &str) {
        self.patiently(&format!("it says {words:?}"), async || self.text().await.contains(words))
            .await;
    }

    /// Waits until `condition` holds; `what` says in words what is waited for.
    ///
    /// # Panics
    /// When it does not come to that.
    pub async fn becomes(&self, what: &str, condition: impl AsyncFnMut() -> bool) {
        self.patiently(what, condition).await;
    }

    /// Posts a form from the page that is shown, as a script of it would, and gives the answer's status.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, path: &str, form: &str) -> u64 {
        let arguments = vec![json!(path), json!(form)];
        let answer = self.client.execute_async(POST, arguments).await.expect("a page can post");
        answer.as_u64().unwrap_or_else(|| panic!("POST {path}: {answer}"))
    }

    /// Waits until the address begins with `path`.
    ///
    /// # Panics
    /// When it does not come to that.
    pub async fn arrives(&self, path: &str) {
        let what = format!("the address begins with {path}");
        self.patiently(&what, async || self.path().await.starts_with(path)).await;
    }

    /// Whether there is a link or button with these words now.
    pub async fn offers(&self, words: &str) -> bool {
        self.control(words, CLICKABLE).await.is_some()
    }

    /// Uses the link, button or choice with these words, once it is there.
    ///
    /// # Panics
    /// When there is none.
    pub async fn click(&self, words: &str) {
        // A page that changes by itself may replace the control between the look and the click.
        let what = format!("{words:?} can be clicked");
        let clicked = async || match self.control(words, CLICKABLE).await {
            Some(control) => control.click().await.is_ok(),
            None => false,
        };
        self.patiently(&what, clicked).await;
    }

    /// Writes into the field with this label, in place of what it holds.
    ///
    /// # Panics
    /// When there is none that takes the text.
    pub async fn fill(&self, label: &str, text: &str) {
        let what = format!("the field {label:?} can be filled");
        let filled = async || match self.control(label, FILLABLE).await {
            Some(field) => field.clear().await.is_ok() && field.send_keys(text).await.is_ok(),
            None => false,
        };
        self.patiently(&what, filled).await;
    }

    /// Chooses from the list with this label.
    ///
    /// # Panics
    /// When there is no such list or no such choice.
    pub async fn choose(&self, label: &str, choice: &str) {
        let what = format!("{choice:?} can be chosen as {label:?}");
        let chosen = async || match self.control(label, FILLABLE).await {
            Some(list) => list.select_by_label(choice).await.is_ok(),
            None => false,
        };
        self.patiently(&what, chosen).await;
    }

    /// How many elements a CSS selector finds.
    pub async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.map_or(0, |found| found.len())
    }

    /// Runs a script in the page, as the browser's own tools do it; none while a page is being loaded.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Option<Value> {
        self.client.execute(script, arguments).await.ok()
    }

    async fn control(&self, words: &str, selector: &str) -> Option<Element> {
        let found = self.run(CONTROL, vec![json!(words), json!(selector)]).await?;
        let id = found.get(ELEMENT)?.as_str()?.to_owned();
        Some(Element::from_element_id(self.client.clone(), ElementRef::from(id)))
    }

    async fn patiently(&self, what: &str, done: impl AsyncFnMut() -> bool) {
        let done = holds(PATIENCE, done).await;
        let (path, text) = (self.path().await, self.text().await);
        assert!(done, "{path}: it is not true that {what}:\n{text}");
    }
}
