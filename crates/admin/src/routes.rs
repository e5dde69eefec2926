//! The table of routes: what can be asked, and what each needs.
//!
//! A route cannot be made without its [`Need`], nor can one of the API without its [`Doc`]. The same table yields the
//! router and the API's document, so neither tells of what the other does not have.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::access::{Area, Guarded, Need, Parameter, guard};
use crate::api::{self, Doc};
use crate::{App, console};

/// The largest body of a request, in bytes, where a route does not say otherwise.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// One route.
pub struct Route {
    pub method: Method,
    /// With parameters as `{name}`, each of them a [`Parameter`].
    pub path: &'static str,
    pub need: Need,
    pub area: Area,
    /// The noun that it belongs to, as the API's document groups them.
    pub noun: &'static str,
    /// How the API's document describes it; none: a page.
    pub doc: Option<Doc>,
    handler: MethodRouter<App>,
}

/// Routes, in the order in which they were added.
pub struct Routes {
    area: Area,
    noun: &'static str,
    table: Vec<Route>,
}

/// Everything that the admin process serves.
pub fn table() -> Routes {
    api::routes().and(console::routes())
}

impl Routes {
    /// No route yet of this noun of the API.
    pub fn api(noun: &'static str) -> Self {
        Self { area: Area::Api, noun, table: Vec::new() }
    }

    /// No page yet.
    pub fn console() -> Self {
        Self { area: Area::Console, noun: "console", table: Vec::new() }
    }

    /// Adds all of the others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.table.extend(others.table);
        self
    }

    /// The routes.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.table.iter()
    }

    /// Adds a route of the API.
    #[must_use]
    pub fn route<H, T>(
        self,
        method: Method,
        path: &'static str,
        need: Need,
        handler: H,
        doc: Doc,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let area = self.area;
        assert!(area == Area::Api, "a page is added by page() or action()");
        self.add(method, path, need, handler, Some(doc))
    }

    /// Adds what is read from the API.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, need: Need, handler: H, doc: Doc) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::GET, path, need, handler, doc)
    }

    /// Adds what the API makes or does.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, need: Need, handler: H, doc: Doc) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::POST, path, need, handler, doc)
    }

    /// Adds what the API changes.
    #[must_use]
    pub fn patch<H, T>(self, path: &'static str, need: Need, handler: H, doc: Doc) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::PATCH, path, need, handler, doc)
    }

    /// Adds what the API removes.
    #[must_use]
    pub fn delete<H, T>(self, path: &'static str, need: Need, handler: H, doc: Doc) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::DELETE, path, need, handler, doc)
    }

    /// Adds a page of the console.
    #[must_use]
    pub fn page<H, T>(self, path: &'static str, need: Need, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, need, handler, None)
    }

    /// Adds what a form of the console posts to.
    #[must_use]
    pub fn action<H, T>(self, path: &'static str, need: Need, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, need, handler, None)
    }

    fn add<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        need: Need,
        handler: H,
        doc: Option<Doc>,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        for name in Parameter::names(path) {
            assert!(Parameter::named(name).is_some(), "{path}: {{{name}}} is no known parameter");
        }
        let filter = MethodFilter::try_from(method.clone()).expect("a method that axum knows");
        let handler = on(filter, handler);
        let Self { area, noun, .. } = self;
        self.table.push(Route { method, path, need, area, noun, doc, handler });
        self
    }

    /// The router, with the guard before every handler.
    pub fn router(self, app: App) -> Router {
        let routes = self.table.into_iter().fold(Router::new(), |router, route| {
            let guarded = Guarded { app: app.clone(), area: route.area, need: route.need };
            let handler = route.handler.route_layer(from_fn_with_state(guarded, guard));
            router.route(route.path, handler)
        });
        routes
            .fallback(api::unknown_path)
            .method_not_allowed_fallback(api::unknown_method)
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(app)
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} needs {}", self.method, self.path, self.need)
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.table).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hookyard_store::access::Noun;

    use super::*;

    /// Whether the id named so lies within a connector instance.
    fn has_instance(name: &str) -> bool {
        use Noun::{ConfigObject, Grant, Instance, Mapping, SyncEvent, Target};
        matches!(
            Parameter::named(name),
            Some(Parameter::Id(ConfigObject | Grant | Instance | Mapping | SyncEvent | Target, _))
        )
    }

    #[test]
    fn every_route_can_be_guarded_as_it_says() {
        let mut seen = HashSet::new();
        for route in table().iter() {
            let names: Vec<&str> = Parameter::names(route.path).collect();
            let in_workspace = names.contains(&"slug");
            let has_ids =
                names.iter().any(|name| matches!(Parameter::named(name), Some(Parameter::Id(..))));
            assert!(!has_ids || in_workspace, "{route:?}: whose ids are these?");
            match route.need {
                Need::Instance(_) => {
                    assert!(names.iter().any(|name| has_instance(name)), "{route:?}: of which?");
                }
                Need::Member | Need::Admin | Need::Owner | Need::Scope(_) => {
                    assert!(in_workspace, "{route:?}: of which workspace?");
                }
                Need::Anyone | Need::SignedIn | Need::Operator => {}
            }
            assert!(seen.insert((route.method.clone(), route.path)), "{route:?} is there twice");
            assert_eq!(route.doc.is_some(), route.area == Area::Api, "{route:?}");
        }
    }
}
