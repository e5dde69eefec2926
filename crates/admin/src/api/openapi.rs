//! The API's document (OpenAPI 3.1), made of the table of routes.

use std::collections::HashSet;
use std::sync::LazyLock;

use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter as DocParameter, ParameterBuilder,
    ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr,
    Required, Response, ResponseBuilder,
};

use super::{Answer, Doc};
use crate::access::{Area, Need, Parameter};
use crate::routes::{self, Route, Routes};

/// What calls of it show, as the document calls it.
const TOKEN: &str = "token";
/// The answer to everything that fails, as the document calls it.
const FAILED: &str = "Failed";

/// Why a request got no other answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
struct ErrorBody {
    /// For programs, such as `connection_not_found`.
    error: String,
    /// For people.
    message: String,
    /// Such as the name of the field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<serde_json::Value>,
}

/// The route of the document itself.
pub(super) fn routes() -> Routes {
    Routes::api("document").get(
        "/v1/openapi.json",
        Need::Anyone,
        show,
        Doc::plain::<serde_json::Value>("Show this document"),
    )
}

async fn show() -> Answer {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "max-age=300")];
    Ok((headers, text()).into_response())
}

/// The document, as it is served and as it is kept in `docs/openapi.json`.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = document(&routes::table())
            .to_pretty_json()
            .expect("the document is made of texts and numbers");
        text.push('\n');
        text
    });
    &TEXT
}

/// The document of these routes.
fn document(routes: &Routes) -> OpenApi {
    let mut paths = Paths::new();
    let failed = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
    let failed =
        ResponseBuilder::new().description("It was not done").content("application/json", failed);
    let mut components = ComponentsBuilder::new()
        .schema("Error", <ErrorBody as utoipa::PartialSchema>::schema())
        .response(FAILED, failed)
        .security_scheme(
            TOKEN,
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("A member's, an application's or an operator's: hky_..."))
                    .build(),
            ),
        );
    let mut named = HashSet::new();
    for route in routes.iter().filter(|route| route.area == Area::Api) {
        let Some(doc) = &route.doc else { continue };
        for (name, schema) in &doc.schemas {
            if named.insert(name.clone()) {
                components = components.schema(name.clone(), schema.clone());
            }
        }
        let method = http_method(&route.method);
        paths.add_path_operation(route.path, vec![method], operation(route, doc));
    }
    let info = InfoBuilder::new()
        .title("Hookyard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A webhook gateway's administration. Lists are `{items, nextCursor}`: a page may be short, even empty, before the last, whose `nextCursor` is null. Errors are `{error, message}`.",
        ));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build())).build()
}

fn operation(route: &Route, doc: &Doc) -> Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(route)))
        .tag(route.noun)
        .summary(Some(doc.summary))
        .description(Some(format!("Needs {}.", route.need)));
    for name in Parameter::names(route.path) {
        operation = operation.parameter(path_parameter(name));
    }
    for parameter in &doc.query {
        operation = operation.parameter(parameter.clone());
    }
    if let Some(body) = &doc.body {
        let content = ContentBuilder::new().schema(Some(body.clone())).build();
        let required = if doc.body_required { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(required))
            .build();
        operation = operation.request_body(Some(body));
    }
    operation = operation.response(doc.status.to_string(), succeeded(doc));
    for status in failures(route, doc) {
        let failed: RefOr<Response> = Ref::from_response_name(FAILED).into();
        operation = operation.response(status.to_string(), failed);
    }
    if route.need != Need::Anyone {
        operation = operation.security(SecurityRequirement::new(TOKEN, Vec::<String>::new()));
    }
    operation.build()
}

fn succeeded(doc: &Doc) -> Response {
    let response = ResponseBuilder::new().description(doc.summary);
    match &doc.answer {
        Some(schema) => {
            let content = ContentBuilder::new().schema(Some(schema.clone())).build();
            let response = response.content(doc.content_type, content);
            match &doc.rows {
                Some(rows) => {
                    let rows = ContentBuilder::new().schema(Some(rows.clone())).build();
                    response.content("application/json", rows).build()
                }
                None => response.build(),
            }
        }
        None => response.build(),
    }
}

/// Every status of a failure that such a route may answer with.
fn failures(route: &Route, doc: &Doc) -> Vec<u16> {
    let mut statuses = Vec::new();
    if route.need != Need::Anyone {
        statuses.extend([400, 401, 403, 404, 409, 429, 503]);
    }
    if !route.method.is_safe() {
        statuses.extend([412, 422, 502]);
    }
    if doc.body.is_some() {
        statuses.extend([408, 413, 415]);
    }
    statuses.sort_unstable();
    statuses
}

fn path_parameter(name: &str) -> DocParameter {
    let description = match Parameter::named(name) {
        Some(Parameter::Slug) => "The workspace's slug".to_owned(),
        Some(Parameter::Id(..)) => format!("The id of the {}", name.replace('_', " ")),
        Some(Parameter::Word) | None => format!("The {name}"),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// Such as `post_sync_events_sync_event_retry`.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/v1/").trim_start_matches("workspaces/{slug}/");
    let words = path.replace(['/', '-', '.'], "_").replace(['{', '}'], "");
    format!("{}_{words}", route.method.as_str().to_lowercase())
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_document_that_is_kept_is_the_one_that_is_served() {
        let kept = include_str!("../../../../docs/openapi.json");
        assert!(
            kept == text(),
            "run `cargo run -p hookyard-admin -- api document > docs/openapi.json`"
        );
    }

    #[test]
    fn one_name_of_a_schema_means_one_shape() {
        let table = routes::table();
        let mut shapes = HashMap::new();
        let documented = table.iter().filter_map(|route| Some((route, route.doc.as_ref()?)));
        for (route, doc) in documented {
            for (name, schema) in &doc.schemas {
                let shape = serde_json::to_value(schema).unwrap();
                let before = shapes.entry(name.clone()).or_insert_with(|| shape.clone());
                assert_eq!(*before, shape, "{route:?}: another {name}");
            }
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let table = routes::table();
        let mut seen = HashSet::new();
        for route in table.iter().filter(|route| route.area == Area::Api) {
            assert!(seen.insert(operation_id(route)), "{route:?}");
        }
    }
}
