//! `/docs/api`: the API's document as a page. It is made of the same table, and asks nobody else for anything.

use std::collections::BTreeMap;

use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};
use utoipa::openapi::path::Parameter as Named;
use utoipa::openapi::{RefOr, Required, Schema};

use super::Doc;
use crate::access::{Area, Need, Parameter};
use crate::console::assets::ASSETS;
use crate::routes::{self, Route, Routes};

/// No script, and nothing from anywhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The page.
pub(super) fn routes() -> Routes {
    Routes::console().page("/docs/api", Need::Anyone, show)
}

async fn show() -> Response {
    let table = routes::table();
    let mut nouns: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in table.iter().filter(|route| route.area == Area::Api) {
        nouns.entry(route.noun).or_default().push(route);
    }
    ([(CONTENT_SECURITY_POLICY, POLICY)], page(&nouns)).into_response()
}

fn page(nouns: &BTreeMap<&str, Vec<&Route>>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "API · Hookyard" }
                link rel="icon" href=(ASSETS.icon.path) type="image/svg+xml";
                link rel="stylesheet" href=(ASSETS.css.path);
            }
            body {
                main {
                    div.stack {
                        h1 { "The API of Hookyard" }
                        p {
                            "Calls show a token: " code { "Authorization: Bearer hky_…" } ". Lists are "
                            code { "{items, nextCursor}" } ", errors " code { "{error, message, details?}" }
                            ". For programs: " a href="/v1/openapi.json" { "the OpenAPI 3.1 document" } "."
                        }
                        nav aria-label="Nouns" {
                            @for noun in nouns.keys() { a href={ "#" (noun) } { (noun) } " " }
                        }
                        @for (noun, routes) in nouns {
                            section.panel id=(noun) aria-label=(noun) {
                                header { h2 { (noun) } }
                                div.pad.stack-s { @for route in routes { (operation(route)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn operation(route: &Route) -> Markup {
    let Some(doc) = &route.doc else { return Markup::default() };
    html! {
        details.more {
            summary { b { (route.method) } " " code { (route.path) } " " (doc.summary) }
            p { "Needs " (route.need) ". Answers " (doc.status) "." }
            (parameters(route, doc))
            @if let Some(body) = &doc.body {
                h3 { "Body" @if !doc.body_required { ", which may be left out" } }
                pre { (json(body, doc)) }
            }
            @if let Some(answer) = &doc.answer {
                h3 { "Answer" }
                pre { (json(answer, doc)) }
            }
            h3 { "Try it" }
            pre { (call(route, doc)) }
        }
    }
}

fn parameters(route: &Route, doc: &Doc) -> Markup {
    let in_path: Vec<&str> = Parameter::names(route.path).collect();
    html! {
        @if !in_path.is_empty() || !doc.query.is_empty() {
            h3 { "Parameters" }
            table {
                thead { tr { th scope="col" { "name" } th scope="col" { "where" } th scope="col" { "what" } } }
                tbody {
                    @for name in &in_path { tr { td { code { (name) } } td { "path" } td { "must be there" } } }
                    @for it in &doc.query { tr { td { code { (it.name) } } td { "query" } td { (what(it)) } } }
                }
            }
        }
    }
}

fn what(parameter: &Named) -> Markup {
    html! {
        (parameter.description.as_deref().unwrap_or_default())
        @if matches!(parameter.required, Required::True) { " must be there" }
    }
}

/// The schema, and one level of what it is made of.
fn json(schema: &RefOr<Schema>, doc: &Doc) -> String {
    let name = match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next(),
        RefOr::T(_) => None,
    };
    let found = name.and_then(|name| doc.schemas.iter().find(|(it, _)| it == name));
    let shown = found.map_or(schema, |(_, schema)| schema);
    serde_json::to_string_pretty(shown).unwrap_or_default()
}

fn call(route: &Route, doc: &Doc) -> String {
    let method =
        if route.method.is_safe() { String::new() } else { format!(" -X {}", route.method) };
    let body = match (&doc.body, doc.body_required) {
        (Some(_), true) => " -H 'Content-Type: application/json' -d '{…}'",
        (Some(_), false) | (None, _) => "",
    };
    let path = route.path;
    format!("curl{method} -H \"Authorization: Bearer $TOKEN\"{body} \"$HOOKYARD_ADMIN_URL{path}\"")
}
