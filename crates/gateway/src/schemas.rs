//! `GET /v1/schemas/{kind}.v1.json`: the JSON Schema of each kind of event.

use announcement::Kind;
use axum::{
    extract::{Path, rejection::PathRejection},
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};

use crate::{exchanges::path_text, parameters::Parameters, problem::Failure};

const SCHEMA: HeaderValue = HeaderValue::from_static("application/schema+json");

pub(crate) async fn schema(path: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    let name = path_text(path)?;
    let kind = Kind::ALL.iter().find(|kind| name.strip_suffix(".v1.json") == Some(kind.as_str()));
    let known = || Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let kind = kind.ok_or_else(|| Failure::not_found("there is no schema of this name", format!("Give a kind and .v1.json; the kinds are {}.", known())))?;
    Ok(([(header::CONTENT_TYPE, SCHEMA)], kind.event_schema().to_value().to_string()).into_response())
}
