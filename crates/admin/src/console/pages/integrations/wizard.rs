//! Connecting, step by step: which kind, its credentials, and from there to what is sent.

use axum::extract::State;
use hookyard_domain::connection::{ConnectionKind, ConnectionStatus, Name};
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::{self, Connection};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::failed::FailedTest;
use super::kinds::{self, Kind};
use super::outside_of;
use super::settings::limits;
use super::steps::{connected_page, credentials_page, failed_of, kind_page};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::frame::Viewer;
use crate::console::pages::forms::{Errors, SecretText, given, sentence};
use crate::console::visit::{Posted, Subject};
use crate::operations::OperationError;
use crate::operations::connections::{self as operation, Connect};
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const KIND: &str = "/w/{slug}/integrations/connect";
    const CREDENTIALS: &str = "/w/{slug}/integrations/connect/{kind}";
    const ANEW: &str = "/w/{slug}/integrations/{connection}/reconnect";
    Routes::console()
        .page(KIND, Need::Admin, ask_kind)
        .action(KIND, Need::Admin, say_kind)
        .page(CREDENTIALS, Need::Admin, ask_credentials)
        .action(CREDENTIALS, Need::Admin, connect)
        .page(ANEW, Need::Admin, ask_anew)
        .action(ANEW, Need::Admin, connect_anew)
}

/// What the form for credentials says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) url: SecretText,
    pub(super) user: String,
    pub(super) concurrency: String,
    pub(super) rate: String,
    pub(super) reason: Option<String>,
}

/// What the page for credentials shows.
pub(super) struct Shown<'a> {
    pub(super) kind: &'static Kind,
    pub(super) wanted: &'a Wanted,
    pub(super) errors: &'a Errors,
    pub(super) failed: Option<FailedTest<'a>>,
    /// The connection that is given new credentials.
    pub(super) anew: Option<&'a Connection>,
}

async fn ask_kind(State(app): State<App>, viewer: Viewer) -> Answer {
    answer::page(&app, &viewer, kind_page(&viewer, &Errors::default()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KindOnly {
    kind: String,
}

async fn say_kind(
    State(app): State<App>,
    viewer: Viewer,
    Posted(wanted): Posted<KindOnly>,
) -> Answer {
    if let Ok(kind) = wanted.kind.parse::<ConnectionKind>() {
        return Ok(answer::see_other(&viewer.path(&format!("integrations/connect/{kind}"))));
    }
    let page =
        kind_page(&viewer, &Errors::of("kind", "There is no such kind. Choose one of these."));
    answer::not_taken(&app, &viewer, page)
}

fn kind_of(asked: &Asked) -> Result<&'static Kind, Failure> {
    let kind = asked.word("kind").and_then(|word| word.parse::<ConnectionKind>().ok());
    kind.map(kinds::of).ok_or_else(Failure::no_page)
}

async fn ask_credentials(State(app): State<App>, asked: Asked, viewer: Viewer) -> Answer {
    let (wanted, errors) = (Wanted::blank(), Errors::default());
    let shown = Shown {
        kind: kind_of(&asked)?,
        wanted: &wanted,
        errors: &errors,
        failed: None,
        anew: None,
    };
    answer::page(&app, &viewer, credentials_page(&viewer, &shown))
}

async fn ask_anew(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
) -> Answer {
    let connection = operation::require(&app.store.conn().await?, id).await?;
    let (wanted, errors) = (Wanted::default(), Errors::default());
    let kind = kinds::of(connection.kind);
    let shown =
        Shown { kind, wanted: &wanted, errors: &errors, failed: None, anew: Some(&connection) };
    answer::page(&app, &viewer, credentials_page(&viewer, &shown))
}

async fn connect(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let kind = kind_of(&asked)?;
    let mut errors = Errors::default();
    let name = errors.note("name", wanted.name.trim().parse::<Name>());
    if let Some(name) = &name
        && is_taken(&app, &asked, kind.is, name).await?
    {
        let text = format!(
            "There is a {} connection of this name. Choose another, or connect that one anew from its page.",
            kind.title
        );
        errors.add("name", text);
    }
    let new = read(&asked, kind, name, &wanted, &mut errors);
    save(&app, &asked, &viewer, &Form { kind, wanted: &wanted, anew: None }, (new, errors)).await
}

async fn connect_anew(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let connection = operation::require(&app.store.conn().await?, id).await?;
    let kind = kinds::of(connection.kind);
    let mut errors = Errors::default();
    let name = errors.note("url", connection.name.parse::<Name>());
    let new = read(&asked, kind, name, &wanted, &mut errors);
    let form = Form { kind, wanted: &wanted, anew: Some(&connection) };
    save(&app, &asked, &viewer, &form, (new, errors)).await
}

/// Whether a connection that works has this name; one that is disconnected may be connected anew by it.
async fn is_taken(
    app: &App,
    asked: &Asked,
    kind: ConnectionKind,
    name: &Name,
) -> Result<bool, Failure> {
    let conn = app.store.conn().await?;
    let found = connections::by_name(&conn, asked.workspace().id, kind, name).await?;
    Ok(found.is_some_and(|it| it.status != ConnectionStatus::Disconnected))
}

fn read(
    asked: &Asked,
    kind: &Kind,
    name: Option<Name>,
    wanted: &Wanted,
    errors: &mut Errors,
) -> Option<Connect> {
    if wanted.url.0.expose_secret().is_empty() {
        errors.add("url", "Enter the URL.");
    }
    let user = given(&wanted.user).map(operation::checked_user).transpose();
    let user = errors.note("user", user).flatten().map(str::to_owned);
    let limits = limits(&wanted.concurrency, &wanted.rate, errors);
    let (workspace, url) = (asked.slug(), wanted.url.0.clone());
    let new = Connect { workspace, kind: kind.is, name: name?, url, user, limits: limits? };
    errors.is_empty().then_some(new)
}

/// A form as it came.
struct Form<'a> {
    kind: &'static Kind,
    wanted: &'a Wanted,
    anew: Option<&'a Connection>,
}

async fn save(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    form: &Form<'_>,
    (new, mut errors): (Option<Connect>, Errors),
) -> Answer {
    let Form { kind, wanted, anew } = *form;
    let reason = errors.reason(wanted.reason.as_deref());
    let mut failure = None;
    if let Some(new) = new.filter(|_| errors.is_empty()) {
        match operation::connect(&outside_of(app)?, &asked.actor(reason), new, app.now()).await {
            Ok(made) => {
                let id = made.connection.id;
                if made.signing_secret.is_some() {
                    return answer::page(
                        app,
                        viewer,
                        connected_page(viewer, &made, anew.is_none()),
                    );
                }
                let next = if anew.is_none() { "/what-to-send" } else { "" };
                let to = viewer.path(&format!("integrations/{id}{next}"));
                let words = format!("{}. The receiver took the test.", made.message);
                return answer::done(app, &to, &words);
            }
            Err(OperationError::TestFailed(failed)) => failure = Some(failed),
            Err(OperationError::Invalid(why)) => errors.add("url", sentence(&why)),
            Err(OperationError::Conflict(conflict)) => errors.stands_against("name", &conflict),
            Err(error) => return Err(error.into()),
        }
    }
    if errors.on("url").is_none() {
        errors.add("url", "Enter it again. It is not kept when a form is not taken.");
    }
    let failed = failure.as_deref().map(|failure| failed_of(kind.is, failure));
    let shown = Shown { kind, wanted, errors: &errors, failed, anew };
    let page = credentials_page(viewer, &shown);
    answer::not_taken(app, viewer, page)
}
