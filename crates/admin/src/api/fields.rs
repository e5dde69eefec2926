//! Fields that several nouns' bodies have.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use hookyard_store::Db;
use hookyard_store::access::{self, Noun, Place};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::ApiError;
use crate::access::Asked;

/// A text that reads as a `T`.
#[derive(Debug, Clone)]
pub(super) struct Text<T>(pub(super) T);

impl<'de, T> Deserialize<'de> for Text<T>
where
    T: FromStr,
    T::Err: Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A secret that is taken and never given.
#[derive(Debug, Clone)]
pub(super) struct Secret(pub(super) SecretString);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl PartialSchema for Secret {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .write_only(Some(true))
            .into()
    }
}

impl ToSchema for Secret {}

/// When the caller last saw what they change, by `If-Match`: the `ETag` of its detail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen(Option<Timestamp>);

impl Seen {
    /// The header's time, else the body's `updatedAt`.
    pub(super) fn or(self, updated_at: Option<Timestamp>) -> Option<Timestamp> {
        self.0.or(updated_at)
    }
}

impl<S: Sync> FromRequestParts<S> for Seen {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        // RFC 9110, section 13.1.1: whatever is there.
        if text == "*" {
            return Ok(Self(None));
        }
        let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let seen = tag.and_then(|tag| tag.parse().ok());
        let wrong = || {
            let message =
                "If-Match: send the ETag of the thing's detail, such as \"2026-01-31T12:00:00Z\"";
            ApiError::field("If-Match", message)
        };
        seen.map(|at| Self(Some(at))).ok_or_else(wrong)
    }
}

/// Fails unless what a body names lies in the path's workspace.
pub(super) async fn require_here(
    db: &impl Db,
    asked: &Asked,
    (noun, what): (Noun, &'static str),
    (id, name): (Uuid, String),
) -> Result<Place, ApiError> {
    let place = access::place_of(db, noun, id, asked.workspace().id).await?;
    place.ok_or_else(|| ApiError::not_found(what, &name))
}
