//! A workspace with connections to a simulated receiver.

use hookyard_destinations::{AddressPolicy, OutboundAllow, Receiver, ReceiverUrl, SigningKey};
use hookyard_domain::connection::ConnectionKind;
use hookyard_testkit::gateway::{Gateway, GatewayBuilder, PATIENCE, WORKSPACE, Worker, until};
use hookyard_testkit::receiver_sim::{Received, ReceiverSim, ReceiverSimConfig};
use hookyard_vault::{KeyRing, Label};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;

/// A gateway, and whom its deliveries go to.
pub(crate) struct Yard {
    pub(crate) gateway: Gateway,
    pub(crate) receiver: ReceiverSim,
    ring: KeyRing,
}

/// A connection to be made, with one subscription.
#[derive(Debug, Clone)]
pub(crate) struct Connect<'a> {
    pub(crate) kind: ConnectionKind,
    pub(crate) path: &'a str,
    pub(crate) workspace: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) filter: Option<&'a str>,
    pub(crate) template: Option<&'a str>,
    pub(crate) retry: Value,
    pub(crate) concurrency: i32,
    pub(crate) rate_per_s: Option<f32>,
}

impl<'a> Connect<'a> {
    /// All events to this path; a try that fails is soon followed by the next.
    pub(crate) fn to(path: &'a str) -> Self {
        Self {
            kind: ConnectionKind::Webhook,
            path,
            workspace: WORKSPACE,
            event_type: "*",
            filter: None,
            template: None,
            retry: json!({ "attempts": 3, "baseMs": 1, "longestMs": 1 }),
            concurrency: 16,
            rate_per_s: None,
        }
    }
}

/// The settings under which a worker opens what tests seal.
pub(crate) struct Keys {
    ring: KeyRing,
    text: String,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let text = KeyRing::generate();
        let ring = KeyRing::parse(&text).unwrap();
        Self { ring, text: text.expose_secret().to_owned() }
    }

    pub(crate) fn worker(&self) -> Worker {
        Worker::default().env("HOOKYARD_VAULT_KEYS", &self.text)
    }
}

impl Yard {
    /// One worker.
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder, keys| builder.worker(keys.worker())).await
    }

    pub(crate) async fn start_with(
        workers: impl FnOnce(GatewayBuilder, &Keys) -> GatewayBuilder,
    ) -> Self {
        let keys = Keys::new();
        let gateway =
            workers(Gateway::builder().without_sources().without_target(), &keys).start().await;
        let receiver = ReceiverSim::start(ReceiverSimConfig::default()).await.unwrap();
        Self { gateway, receiver, ring: keys.ring }
    }

    /// Adds a signed connection with its subscription; returns its id and its signing key.
    pub(crate) async fn connect(&self, connect: Connect<'_>) -> (Uuid, SigningKey) {
        let url = self.receiver.url_of(connect.path);
        self.connect_url(&url, connect).await
    }

    pub(crate) async fn connect_url(&self, url: &str, connect: Connect<'_>) -> (Uuid, SigningKey) {
        let allow: OutboundAllow = "127.0.0.0/8".parse().unwrap();
        let policy = AddressPolicy::new(allow);
        let url = ReceiverUrl::parse(connect.kind, url, &policy).unwrap();
        let key =
            SigningKey::from_random(*Uuid::new_v4().as_bytes().repeat(2).first_chunk().unwrap());
        let receiver = Receiver::connect(connect.kind, url, || key.clone());
        let id = Uuid::now_v7();
        let label = Label { table: "connection", row: id, column: "sealed" };
        let sealed = self.ring.seal(&label, &receiver.to_be_sealed()).unwrap();
        let hex = hex::encode(sealed);
        let Connect { kind, workspace, event_type, concurrency, retry, .. } = &connect;
        let rate = connect.rate_per_s.map_or("null".to_owned(), |rate| rate.to_string());
        let text = |it: Option<&str>| it.map_or("null".to_owned(), |text| format!("$t${text}$t$"));
        let (filter, template) = (text(connect.filter), text(connect.template));
        let sql = format!(
            "insert into connection (id, workspace_id, kind, name, status, sealed, concurrency_max, rate_per_s)
             select '{id}', id, '{kind}', '{id}', 'connected', '\\x{hex}', {concurrency}, {rate}
               from workspace where slug = '{workspace}';
             insert into subscription (id, workspace_id, connection_id, event_types, filter, template, retry_policy, status)
             select '{}', id, '{id}', array['{event_type}'], {filter}, {template}, '{retry}', 'active'
               from workspace where slug = '{workspace}';",
            Uuid::now_v7()
        );
        self.gateway.db().execute(&sql).await;
        (id, key)
    }

    /// Adds an OAuth client with a grant of this user.
    pub(crate) async fn oauth_client(&self, path: &str, user: &str) -> Uuid {
        let policy = AddressPolicy::new("127.0.0.0/8".parse().unwrap());
        let url = self.receiver.url_of(path);
        let url = ReceiverUrl::parse(ConnectionKind::Webhook, &url, &policy).unwrap();
        let receiver = Receiver::oauth_client(url, None);
        let id = Uuid::now_v7();
        let label = Label { table: "oauth_client", row: id, column: "sealed" };
        let hex = hex::encode(self.ring.seal(&label, &receiver.to_be_sealed()).unwrap());
        let sql = format!(
            "insert into oauth_client (id, workspace_id, name, sealed, scopes, status)
             select '{id}', id, 'client', '\\x{hex}', array['integration'], 'active' from workspace;
             insert into oauth_grant (client_id, user_id) values ('{id}', '{user}')"
        );
        self.gateway.db().execute(&sql).await;
        id
    }

    /// Records an event of Hookyard's own.
    pub(crate) async fn raise(&self, event_type: &str, data: Value) -> Uuid {
        let id = Uuid::now_v7();
        self.record(WORKSPACE, ("system", event_type), &[(id, data)]).await;
        id
    }

    pub(crate) async fn add_workspace(&self, slug: &str) {
        let sql = format!(
            "insert into workspace (id, slug, name, plan) values ('{}', '{slug}', '{slug}', 'professional')",
            Uuid::now_v7()
        );
        self.gateway.db().execute(&sql).await;
    }

    /// Publishes an event in the first workspace.
    pub(crate) async fn publish(&self, event_type: &str, data: Value) -> Uuid {
        self.publish_in(WORKSPACE, event_type, data).await
    }

    /// Records an event with its job, as publishing it does.
    pub(crate) async fn publish_in(&self, workspace: &str, event_type: &str, data: Value) -> Uuid {
        let id = Uuid::now_v7();
        self.publish_many(workspace, event_type, &[(id, data)]).await;
        id
    }

    pub(crate) async fn publish_many(
        &self,
        workspace: &str,
        event_type: &str,
        events: &[(Uuid, Value)],
    ) {
        self.record(workspace, ("api", event_type), events).await;
    }

    async fn record(
        &self,
        workspace: &str,
        (origin, event_type): (&str, &str),
        events: &[(Uuid, Value)],
    ) {
        let rows: Vec<String> =
            events.iter().map(|(id, data)| format!("('{id}'::uuid, $b${data}$b$)")).collect();
        let sql = format!(
            "with input(event_id, body) as (values {}
             ), event as (
                 insert into event (id, workspace_id, origin, type, content_type, body, body_bytes)
                 select event_id, workspace.id, '{origin}', '{event_type}', 'application/json', convert_to(body, 'UTF8'),
                        length(body)
                   from input, workspace where slug = '{workspace}'
             )
             insert into job (subject_id, workspace_id, kind, state, due_at)
             select event_id, workspace.id, 'event', 'scheduled', now() from input, workspace where slug = '{workspace}'",
            rows.join(",")
        );
        self.gateway.db().execute(&sql).await;
    }

    /// The one delivery of an event.
    pub(crate) async fn delivery(&self, event: Uuid) -> Value {
        self.gateway.db().row(&format!("select * from delivery where event_id = '{event}'")).await
    }

    /// Waits until the one delivery of an event is in this state.
    pub(crate) async fn comes_to(&self, event: Uuid, state: &str) -> Value {
        let sql = format!(
            "select count(*) from delivery where event_id = '{event}' and state = '{state}'"
        );
        let what = format!("the delivery of {event} is {state}");
        until(&what, PATIENCE, async || {
            self.gateway.db().try_count(&sql).await.is_ok_and(|n| n == 1)
        })
        .await;
        self.delivery(event).await
    }

    /// The tries of the one delivery of an event: status and class.
    pub(crate) async fn tries(&self, event: Uuid) -> Vec<(Option<i64>, Option<String>)> {
        let sql = format!(
            "select attempt.number, attempt.response_status, attempt.error_class
               from attempt join delivery on delivery.id = attempt.delivery_id
              where delivery.event_id = '{event}' order by attempt.number"
        );
        let rows = self.gateway.db().rows(&sql).await;
        let numbers: Vec<_> = rows.iter().map(|row| row["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=rows.len() as u64).collect::<Vec<_>>());
        rows.iter()
            .map(|row| {
                let class = row["error_class"].as_str().map(str::to_owned);
                (row["response_status"].as_i64(), class)
            })
            .collect()
    }

    /// Waits until the receiver has got so many requests at a path.
    pub(crate) async fn receives(&self, path: &str, count: u64) -> Vec<Received> {
        let what = format!("{path} got {count} requests");
        until(&what, PATIENCE, async || self.receiver.count(path) >= count).await;
        self.receiver.received_at(path)
    }

    /// Nothing is left to do; the gateway ends as it should.
    pub(crate) async fn finish(self) {
        self.gateway.idle().await;
        self.gateway.finish().await;
    }
}

/// A call carries a valid signature of the Standard Webhooks scheme and those of the predecessors.
pub(crate) fn assert_signed(received: &Received, key: &SigningKey) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;

    let (id, timestamp) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let text = key.text().expose_secret();
    let secret = BASE64.decode(text.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = [format!("{id}.{timestamp}.").as_bytes(), &received.body].concat();
    let signature = format!("v1,{}", BASE64.encode(hmac_sha256(&secret, &signed)));
    assert_eq!(received.header("webhook-signature"), signature);
    let hex = hex::encode(hmac_sha256(text.as_bytes(), &received.body));
    assert_eq!(received.header("x-webhook-secret"), hex);
    assert_eq!(received.header("x-webhook-delivery"), id);
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
