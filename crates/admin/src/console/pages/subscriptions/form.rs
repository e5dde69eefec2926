//! The form of a subscription: which events, which of them, and how they are told. Tried before it is saved.

use hookyard_destinations::{CATALOGUE, TEMPLATE_BYTES_MAX};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::delivery_retry::DeliveryRetryPolicy;
use hookyard_domain::event_type::EventTypes;
use hookyard_domain::ids::{ConnectionId, EventId};
use hookyard_domain::system_event::SystemEvent;
use hookyard_store::subscriptions::Subscription;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::trial;
use crate::console::components::form::{self, Field, Input};
use crate::console::components::panel::{self, Head};
use crate::console::components::text::code;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, given, lines, reason_field, sentence};
use crate::operations::subscriptions::{Tried, check_filter, check_template};

/// What the form says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::console::pages) struct Wanted {
    pub(super) connection: String,
    types: String,
    filter: String,
    template: String,
    retry: String,
    own: String,
    pub(super) event: String,
    pub(super) pasted: String,
    pub(super) reason: Option<String>,
    /// When whoever changes it last saw it change.
    pub(super) seen: Option<Timestamp>,
    /// Which button was used: `try` or `save`.
    act: String,
}

/// What the form says, understood.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) event_types: EventTypes,
    pub(super) filter: Option<String>,
    pub(super) template: Option<String>,
    pub(super) retry_policy: Option<DeliveryRetryPolicy>,
}

impl Wanted {
    /// The form of a subscription to everything.
    pub(in crate::console::pages) fn everything(connection: Option<ConnectionId>) -> Self {
        let connection = connection.map(|id| id.to_string()).unwrap_or_default();
        Self { connection, types: "*".to_owned(), ..Self::default() }
    }

    /// The form of a subscription as it is.
    pub(in crate::console::pages) fn of(it: &Subscription) -> Self {
        let persistent = DeliveryRetryPolicy::persistent();
        let (retry, own) = match &it.retry_policy {
            None => ("default", String::new()),
            Some(policy) if *policy == persistent => ("persistent", String::new()),
            Some(policy) => ("own", serde_json::to_string(policy).unwrap_or_default()),
        };
        Self {
            connection: it.connection_id.to_string(),
            types: it.event_types.join("\n"),
            filter: it.filter.clone().unwrap_or_default(),
            template: it.template.clone().unwrap_or_default(),
            retry: retry.to_owned(),
            own,
            seen: Some(it.updated_at),
            ..Self::default()
        }
    }

    /// Whether it is to be tried, and not saved.
    pub(super) fn is_trial(&self) -> bool {
        self.act == "try"
    }

    /// Understands the form, for receivers of this kind; what is wrong with it is noted.
    pub(super) fn read(&self, kind: Option<ConnectionKind>, errors: &mut Errors) -> Option<Read> {
        let types = self.types.split(|c: char| c.is_whitespace() || c == ',');
        let types: Vec<String> = types.filter(|it| !it.is_empty()).map(str::to_owned).collect();
        let event_types = errors.note("types", EventTypes::try_from(types));
        let filter = given(&self.filter).map(lines);
        if let Some(filter) = &filter {
            errors.note("filter", check_filter(filter));
        }
        let template = given(&self.template).map(|_| lines(&self.template));
        if let (Some(template), Some(kind)) = (&template, kind) {
            errors.note("template", check_template(kind, template));
        }
        match self.retry_policy() {
            Ok(retry_policy) if errors.is_empty() => {
                Some(Read { event_types: event_types?, filter, template, retry_policy })
            }
            Ok(_) => None,
            Err((field, why)) => {
                errors.add(field, why);
                None
            }
        }
    }

    /// None: the default one.
    fn retry_policy(&self) -> Result<Option<DeliveryRetryPolicy>, (&'static str, String)> {
        match self.retry.as_str() {
            "" | "default" => Ok(None),
            "persistent" => Ok(Some(DeliveryRetryPolicy::persistent())),
            "own" => {
                let own = serde_json::from_str(&self.own);
                own.map(Some).map_err(|error| ("own", sentence(&error.to_string())))
            }
            _ => Err(("retry", "There is no such policy.".to_owned())),
        }
    }

    /// The event that it is tried on: what was pasted counts more than what was picked.
    pub(super) fn event(&self) -> Result<EventId, Errors> {
        if let Some(pasted) = given(&self.pasted) {
            return pasted.parse().map_err(|_| {
                Errors::of("pasted", "This is no id of an event: such begin with evt_.")
            });
        }
        let none = "Pick an event, or paste the id of one.";
        self.event.parse().map_err(|_| Errors::of("event", none))
    }
}

/// The page around the form.
pub(in crate::console::pages) struct Form<'a> {
    pub(in crate::console::pages) place: Place,
    pub(in crate::console::pages) crumb: Markup,
    pub(in crate::console::pages) title: String,
    pub(in crate::console::pages) answer: Markup,
    pub(in crate::console::pages) steps: Option<Markup>,
    pub(in crate::console::pages) action: String,
    pub(in crate::console::pages) back: String,
    pub(in crate::console::pages) wanted: &'a Wanted,
    /// Ids and names to pick the connection from; none: it is settled.
    pub(in crate::console::pages) connections: Option<Vec<(String, String)>>,
}

/// What came of a form that was posted, and the events to try it on.
#[derive(Debug, Default)]
pub(super) struct Came {
    pub(super) errors: Errors,
    pub(super) tried: Option<Tried>,
    pub(super) events: Vec<trial::Choice>,
}

/// The page.
pub(super) fn page(viewer: &Viewer, form: &Form<'_>, came: &Came) -> Markup {
    let body = html! {
        (panel::head(&Head {
            crumb: Some(form.crumb.clone()),
            title: html! { (form.title) },
            answer: form.answer.clone(),
            ..Head::default()
        }))
        @if let Some(steps) = &form.steps { (steps) }
        (came.errors.summary(viewer))
        @if let Some(tried) = &came.tried { (trial::result(tried)) }
        div.cols.tight {
            section.panel { div.pad { (form::post(&form.action, &viewer.csrf, "form", &fields(form, came))) } }
            aside.stack { (help()) }
        }
    };
    frame::page(viewer, form.place, &form.title, &[], &body)
}

fn fields(form: &Form<'_>, came: &Came) -> Markup {
    const RETRY: [(&str, &str); 3] = [
        ("default", "Default"),
        ("persistent", "Persistent: eight tries over more than a day"),
        ("own", "The policy below"),
    ];
    let (wanted, errors) = (form.wanted, &came.errors);
    let seen = wanted.seen.map(|at| at.to_string());
    html! {
        @if let Some(seen) = seen { input type="hidden" name="seen" value=(seen); }
        @if let Some(connections) = &form.connections {
            @let options: Vec<(&str, &str)> = connections.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
            (form::field(&Field {
                input: Input::Choice(&options), value: &wanted.connection, error: errors.on("connection"),
                hint: "Who is told.", required: true, ..Field::new("connection", "Connection")
            }))
        }
        (form::field(&Field {
            input: Input::Lines(3), value: &wanted.types, error: errors.on("types"), required: true,
            hint: "One a line: a type, the beginning of one such as post.*, or * for every event.",
            ..Field::new("types", "Event types")
        }))
        (form::field(&Field {
            input: Input::Lines(2), value: &wanted.filter, error: errors.on("filter"), placeholder: "priority == 'high'",
            hint: "JMESPath over the event's data. What it does not pass is not sent.",
            ..Field::new("filter", "Filter")
        }))
        (form::field(&Field {
            input: Input::Lines(5), value: &wanted.template, error: errors.on("template"),
            placeholder: "New order {{ data.order }}",
            hint: "Makes the message, or the JSON body of a signed call. Left empty, Hookyard makes it.",
            ..Field::new("template", "Template")
        }))
        (form::field(&Field {
            input: Input::Choice(&RETRY), value: &wanted.retry, error: errors.on("retry"), required: true,
            hint: "How often, and how far apart, a failed delivery is tried.",
            ..Field::new("retry", "Retry")
        }))
        (form::field(&Field {
            value: &wanted.own, error: errors.on("own"), placeholder: r#"{"attempts":5,"baseMs":1000,"longestMs":60000}"#,
            ..Field::new("own", "Own retry policy, as JSON")
        }))
        (trial::fields(&came.events, wanted, errors))
        div.actions { button.btn name="act" value="try" { "Try it on this event" } span.small.dim { "Saves nothing, sends nothing." } }
        (reason_field(wanted.reason.as_deref(), errors))
        div.actions {
            button.btn.primary name="act" value="save" { "Save" }
            a.btn href=(form.back) { "Back" }
        }
    }
}

fn help() -> Markup {
    let types = html! {
        div.pad.stack-s.small {
            p { "Events of Hookyard itself: " @for it in SystemEvent::ALL { (code(it.as_str())) " " } }
            p { "Calls of providers begin with their name, such as " (code("github.push")) "." }
            p { "Applications publish types of their own, such as " @for (it, _) in CATALOGUE.iter().take(3) { (code(it)) " " } "." }
        }
    };
    let more = html! {
        div.pad.stack-s.small {
            p { "A filter sees the event's data: " (code("post.status == 'open'")) ", " (code("contains(labels, 'bug')")) ". "
                a href="https://jmespath.org/specification.html" rel="noreferrer" { "JMESPath, specified" } "." }
            p { "A template sees " (code("type")) ", " (code("timestamp")) ", " (code("workspace")) " and " (code("data")) "; at most "
                (TEMPLATE_BYTES_MAX / 1024) " KiB. The trial shows exactly what would be sent." }
        }
    };
    html! {
        (panel::titled("Which types there are", &html! {}, &types, None))
        (panel::titled("Filter and template", &html! {}, &more, None))
    }
}
