//! How the API's document describes a route: it stands beside the route in the table, and is made of the same types.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, ToSchema};

use super::extract::Reason;

/// What a route takes and gives.
#[derive(Clone)]
pub struct Doc {
    pub(super) summary: &'static str,
    pub(super) query: Vec<Parameter>,
    pub(super) body: Option<RefOr<Schema>>,
    pub(super) body_required: bool,
    /// The status of its answer when all went well.
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// The shape of that answer; none: it has no body.
    pub(super) answer: Option<RefOr<Schema>>,
    /// The same answer as rows of JSON, where it can be had as a table, too.
    pub(super) rows: Option<RefOr<Schema>>,
    /// Every named schema that the above refer to.
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Doc {
    fn new(summary: &'static str, status: u16) -> Self {
        Self {
            summary,
            query: Vec::new(),
            body: None,
            body_required: true,
            status,
            content_type: "application/json",
            answer: None,
            rows: None,
            schemas: Vec::new(),
        }
    }

    /// 200 `{items, nextCursor}`.
    pub fn list<T: ToSchema>(summary: &'static str) -> Self {
        let mut doc = Self::new(summary, 200);
        let items = ArrayBuilder::new().items(doc.refer::<T>());
        let cursor = SchemaType::from_iter([Type::String, Type::Null]);
        let cursor = ObjectBuilder::new()
            .schema_type(cursor)
            .description(Some("The cursor of the next page; null on the last one"));
        let page = ObjectBuilder::new()
            .property("items", items)
            .required("items")
            .property("nextCursor", cursor)
            .required("nextCursor");
        doc.answer = Some(page.into());
        doc
    }

    /// 200 `{item}`.
    pub fn item<T: ToSchema>(summary: &'static str) -> Self {
        let mut doc = Self::new(summary, 200);
        let item = doc.refer::<T>();
        doc.answer = Some(ObjectBuilder::new().property("item", item).required("item").into());
        doc
    }

    /// 201 `{ok, item}`.
    pub fn created<T: ToSchema>(summary: &'static str) -> Self {
        Self::done::<T>(summary, 201)
    }

    /// 200 `{ok, item}`.
    pub fn changed<T: ToSchema>(summary: &'static str) -> Self {
        Self::done::<T>(summary, 200)
    }

    fn done<T: ToSchema>(summary: &'static str, status: u16) -> Self {
        let mut doc = Self::new(summary, status);
        let item = doc.refer::<T>();
        let ok = ObjectBuilder::new().schema_type(Type::Boolean);
        let answer = ObjectBuilder::new()
            .property("ok", ok)
            .required("ok")
            .property("item", item)
            .required("item");
        doc.answer = Some(answer.into());
        doc
    }

    /// 202 with what was queued.
    pub fn queued<T: ToSchema>(summary: &'static str) -> Self {
        let mut doc = Self::new(summary, 202);
        doc.answer = Some(doc.refer::<T>());
        doc
    }

    /// 200 with just this.
    pub fn plain<T: ToSchema>(summary: &'static str) -> Self {
        let mut doc = Self::new(summary, 200);
        doc.answer = Some(doc.refer::<T>());
        doc
    }

    /// 200 with bytes of this type.
    pub fn bytes(summary: &'static str, content_type: &'static str) -> Self {
        let answer = ObjectBuilder::new().schema_type(Type::String);
        Self { content_type, answer: Some(answer.into()), ..Self::new(summary, 200) }
    }

    /// 200 with a list as a file: CSV, or an array of its items.
    pub fn export<T: ToSchema>(summary: &'static str) -> Self {
        let mut doc = Self::bytes(summary, "text/csv");
        doc.rows = Some(ArrayBuilder::new().items(doc.refer::<T>()).into());
        doc
    }

    /// 204.
    pub fn gone(summary: &'static str) -> Self {
        Self::new(summary, 204)
    }

    /// With another status than the usual one.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// What its query may say.
    #[must_use]
    pub fn query<Q: IntoParams>(mut self) -> Self {
        self.query = Q::into_params(|| Some(utoipa::openapi::path::ParameterIn::Query));
        self
    }

    /// What its body says.
    #[must_use]
    pub fn body<B: ToSchema>(mut self) -> Self {
        self.body = Some(self.refer::<B>());
        self
    }

    /// Its body may say why.
    #[must_use]
    pub fn because(mut self) -> Self {
        self.body = Some(self.refer::<Reason>());
        self.body_required = false;
        self
    }

    /// Keeps the schema of a type and all that it is made of, and refers to it.
    fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        T::schemas(&mut self.schemas);
        self.schemas.push((name.clone(), T::schema()));
        Ref::from_schema_name(name).into()
    }
}
