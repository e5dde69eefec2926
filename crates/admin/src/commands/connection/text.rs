//! Connections as people read them.

use hookyard_admin::operations::ShownOnce;
use hookyard_store::connections::Connection;

use crate::output::{Fields, Table, since, time};

pub(super) fn table(items: &[Connection]) -> String {
    let mut table =
        Table::new(&["ID", "WORKSPACE", "KIND", "NAME", "STATUS", "HOST", "TRIGGERED", "ERROR"]);
    for it in items {
        table.row([
            it.id.to_string(),
            it.workspace.clone(),
            it.kind.to_string(),
            it.name.clone(),
            it.status.to_string(),
            host(it).unwrap_or_default().to_owned(),
            since(it.last_triggered_at),
            it.last_error.clone().unwrap_or_default(),
        ]);
    }
    table.render("no connections; make one with `hookyard-admin connection connect`")
}

pub(super) fn fields(it: &Connection) -> Fields {
    let rate = it.rate_per_s.map(|rate| format!("{rate} calls a second"));
    Fields::default()
        .field("connection", it.id)
        .field("workspace", &it.workspace)
        .field("kind", it.kind)
        .field("name", &it.name)
        .field("status", it.status)
        .maybe("host", host(it))
        .maybe("user", it.user_id.as_ref())
        .field("concurrency", it.concurrency_max)
        .maybe("rate", rate)
        .field("created", time(it.created_at))
        .field("updated", time(it.updated_at))
        .maybe("tested", it.last_tested_at.map(time))
        .maybe("triggered", it.last_triggered_at.map(time))
        .maybe("failing since", it.failing_since.map(time))
        .maybe("error", it.last_error.as_ref())
}

/// With the signing secret, if there is one to be shown.
pub(super) fn with_secret(fields: Fields, secret: Option<&ShownOnce>) -> Fields {
    match secret {
        Some(secret) => fields
            .field("signing secret", secret.expose())
            .field("", "give it to the receiver now: it is not shown again"),
        None => fields,
    }
}

fn host(it: &Connection) -> Option<&str> {
    it.metadata.get("host")?.as_str()
}
