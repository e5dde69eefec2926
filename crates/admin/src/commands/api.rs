//! `api ...`.

use std::fmt::Write as _;

use clap::Subcommand;
use hookyard_admin::access::Area;
use hookyard_admin::{api, routes};
use serde_json::{Value, json};

use crate::output::Answer;

#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// Print the API's document (OpenAPI 3.1)
    Document,
    /// List every route and who may, as a table in Markdown
    Routes,
}

pub(crate) fn run(command: &ApiCommand) -> anyhow::Result<Answer> {
    match command {
        ApiCommand::Document => {
            let document: Value = serde_json::from_str(api::document_text())?;
            Answer::new(&document, api::document_text())
        }
        ApiCommand::Routes => {
            let routes = routes::table();
            let mut text = String::from("| method | path | who |\n|---|---|---|\n");
            let mut items = Vec::new();
            for route in routes.iter() {
                let (method, path, who) = (route.method.as_str(), route.path, route.need.word());
                let area = if route.area == Area::Api { "api" } else { "console" };
                items.push(json!({ "method": method, "path": path, "who": who, "area": area }));
                writeln!(text, "| {method} | `{path}` | {who} |")
                    .expect("a string takes every write");
            }
            Answer::new(&json!({ "items": items }), text)
        }
    }
}
