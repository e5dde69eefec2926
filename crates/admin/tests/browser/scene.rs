//! A whole Hookyard with its console, a receiver, and a browser before it.

use hookyard_testkit::browser::Browser;
use hookyard_testkit::gateway::{Gateway, WORKSPACE, Worker, sample};
use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::{Fault, FaultKind, FaultPlan, RouteKind};
use hookyard_testkit::receiver_sim::{ReceiverSim, ReceiverSimConfig};
use hookyard_testkit::servers::test_browser;
use serde_json::Value;
use url::Url;

/// What a test begins with: one imported branch, and nobody signed in.
pub(crate) struct Scene {
    pub(crate) gateway: Gateway,
    pub(crate) receiver: ReceiverSim,
    pub(crate) browser: Browser,
}

/// Where the receiver takes calls.
pub(crate) const HOOK: &str = "/hook";

/// A path below the workspace's.
pub(crate) fn at(page: &str) -> String {
    format!("/w/{WORKSPACE}/{page}")
}

impl Scene {
    pub(crate) async fn set() -> Self {
        // A sync that GitHub fails is soon given up.
        let worker = Worker::default().env("HOOKYARD_SYNC_ATTEMPTS_MAX", "2");
        let gateway = Gateway::builder().repository(sample).worker(worker).console().start().await;
        let receiver = ReceiverSim::start(ReceiverSimConfig::default()).await.unwrap();
        let origin = format!("http://{}", gateway.console().address());
        let browser = Browser::start(&test_browser(), &origin).await;
        gateway.idle().await;
        Self { gateway, receiver, browser }
    }

    /// Ends everything; fails on whatever the browser or a process complains of.
    pub(crate) async fn end(self) {
        self.browser.finish().await;
        self.gateway.finish().await;
        self.receiver.stop().await;
    }

    /// The id of a new member.
    pub(crate) async fn member(&self, name: &str, role: &str) -> String {
        let add = ["member", "add", "--workspace", WORKSPACE, "--name", name, "--role", role];
        self.gateway.admin().create(&add).await
    }

    /// Grants a member a role on the connector instance.
    pub(crate) async fn grant(&self, member: &str, role: &str) {
        let instance = &self.gateway.seeds().instance;
        let put = ["grant", "put", "--instance", instance, "--member", member, "--role", role];
        self.gateway.admin().json(&put).await;
    }

    /// A token of a member.
    pub(crate) async fn token(&self, member: &str) -> String {
        let made = self.gateway.admin().json(&["token", "create", "--member", member]).await;
        made["token"].as_str().unwrap().to_owned()
    }

    /// The path of a link that signs a member in.
    pub(crate) async fn link(&self, member: &str) -> String {
        let made = self.gateway.admin().json(&["sign-in-link", "--member", member]).await;
        let url: Url = made["url"].as_str().unwrap().parse().unwrap();
        url.path().to_owned()
    }

    /// Signs a member in, as whoever gets a link does it.
    pub(crate) async fn sign_in(&self, member: &str) {
        self.browser.open(&self.link(member).await).await;
        self.browser.click("Sign in").await;
        self.browser.arrives("/w/").await;
    }

    /// Signs in a new owner.
    pub(crate) async fn enter(&self) {
        let owner = self.member("Olive Owner", "owner").await;
        self.sign_in(&owner).await;
    }

    /// Lets GitHub fail whenever a tree is asked for, or work again.
    pub(crate) fn github_fails(&self, fails: bool) {
        let fault = Fault::new(RouteKind::Tree, FaultKind::Status);
        let faults = if fails { vec![fault] } else { Vec::new() };
        self.gateway.github().faults(FaultPlan { faults, ..FaultPlan::default() });
    }

    /// Pushes a file with this content.
    pub(crate) async fn push(&self, path: &str, content: &str) {
        let change = |repo: &mut GitRepo| {
            repo.write(path, content);
        };
        self.gateway.push(change).await;
    }

    /// Connects the receiver under this name; it gets the events of orders, each tried once.
    pub(crate) async fn connect(&self, name: &str) {
        let admin = self.gateway.admin();
        let url = self.receiver.url_of(HOOK);
        let connect = ["connection", "connect", "--workspace", WORKSPACE, "--kind", "webhook"];
        let connection =
            admin.create(&[&connect[..], &["--name", name, "--url", &url]].concat()).await;
        for everything in self.list("subscription").await {
            admin.json(&["subscription", "remove", everything["id"].as_str().unwrap()]).await;
        }
        let once = r#"{"attempts":1,"baseMs":1,"longestMs":1}"#;
        let add = ["subscription", "add", "--connection", &connection, "--event-type", "order.*"];
        admin.create(&[&add[..], &["--retry", once]].concat()).await;
    }

    /// Publishes an event of this type.
    pub(crate) async fn publish(&self, event_type: &str) {
        let publish = ["events", "publish", "--workspace", WORKSPACE, "--type", event_type];
        let data = r#"{"order":"A-1042","total":"129.00","currency":"EUR"}"#;
        self.gateway.admin().json(&[&publish[..], &["--data", data]].concat()).await;
    }

    /// Posts to a path with all that a form of the shown page would have; the answer's status.
    pub(crate) async fn post(&self, path: &str) -> u64 {
        let token = "return document.querySelector('input[name=csrf]').value";
        let token = self.browser.run(token, vec![]).await.unwrap();
        self.browser.send(path, &format!("csrf={}", token.as_str().unwrap())).await
    }

    /// The items of a list of the command line, newest first.
    pub(crate) async fn list(&self, noun: &str) -> Vec<Value> {
        let page = self.gateway.admin().json(&[noun, "list", "--workspace", WORKSPACE]).await;
        page["items"].as_array().unwrap().clone()
    }
}
