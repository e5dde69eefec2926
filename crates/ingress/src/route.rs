//! Which door a request knocks at.

use hookyard_domain::provider::Provider;
use hookyard_domain::workspace::Slug;
use hookyard_store::ingest::Door;
use http::{Method, Request};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Door(Door),
    /// The events of a workspace's applications.
    Events(Slug),
    /// The path is known, the method is not POST.
    MethodNotAllowed,
    Unknown,
}

/// Reads method and path; the query does not matter.
pub(crate) fn route<B>(request: &Request<B>) -> Route {
    let path = request.uri().path();
    let Some(route) = door(path).map(Route::Door).or_else(|| events(path)) else {
        return Route::Unknown;
    };
    if request.method() == Method::POST { route } else { Route::MethodNotAllowed }
}

fn events(path: &str) -> Option<Route> {
    let slug = path.strip_prefix("/v1/workspaces/")?.strip_suffix("/events")?;
    slug.parse().ok().map(Route::Events)
}

fn door(path: &str) -> Option<Door> {
    let rest = path.strip_prefix("/v1/webhooks/")?;
    match rest.split_once('/')? {
        ("connectors", provider) => provider.parse::<Provider>().ok().map(Door::Connector),
        ("sources", id) => id.parse().ok().map(Door::Source),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(method: &str, path: &str) -> Route {
        route(&Request::builder().method(method).uri(path).body(()).unwrap())
    }

    #[test]
    fn the_doors_are_found_by_path() {
        assert_eq!(
            routed("POST", "/v1/webhooks/connectors/github"),
            Route::Door(Door::Connector(Provider::GitHub))
        );
        assert_eq!(
            routed("POST", "/v1/webhooks/connectors/linear?x=1"),
            Route::Door(Door::Connector(Provider::Linear))
        );
        assert!(matches!(
            routed("POST", "/v1/webhooks/sources/src_01h455vb4pex5vsknk084sn02q"),
            Route::Door(Door::Source(_))
        ));
        let acme = "acme".parse().unwrap();
        assert_eq!(routed("POST", "/v1/workspaces/acme/events?x=1"), Route::Events(acme));
        assert_eq!(routed("GET", "/v1/webhooks/connectors/github"), Route::MethodNotAllowed);
        assert_eq!(routed("GET", "/v1/workspaces/acme/events"), Route::MethodNotAllowed);
        for path in [
            "/",
            "/v1/webhooks/connectors/gitlab",
            "/v1/webhooks/sources/github",
            "/v1/webhooks/connectors/github/",
            "/v1/workspaces/events",
            "/v1/workspaces//events",
            "/v1/workspaces/acme/events/",
            "/v1/workspaces/a/b/events",
            "/v1/workspaces/ACME/events",
            "/v1/workspaces/acme",
        ] {
            assert_eq!(routed("POST", path), Route::Unknown, "{path}");
        }
    }
}
