//! `/v1/openapi.json`: the HTTP API in one document, made from the list of routes and from the types that are serialised.
//!
//! Operations are written with utoipa; schemas are schemars' output put in beside them, since OpenAPI 3.1 takes JSON Schema 2020-12 as it is and the contract's types have it already.

pub(crate) mod events;
mod operation;
pub(crate) mod values;

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Value, json};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApiBuilder, PathItem, PathsBuilder};

pub(crate) use events::{AnyEvent, AnyEvents};
pub(crate) use operation::{Described, Parameter, at_least, of};

use crate::{parameters::Parameters, problem::Failure, routes::routes};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The document; it changes only with the program.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| DOCUMENT.to_string().into());

pub(crate) async fn openapi(uri: Uri) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    Ok(([(header::CONTENT_TYPE, JSON)], WRITTEN.clone()).into_response())
}

fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.contract = Contract::Serialize;
        })
        .into_generator();
    let described = routes().into_iter().flat_map(|route| route.described);
    let paths = described.fold(PathsBuilder::new(), |paths, described| {
        let (path, method) = (described.path, described.method.clone());
        paths.path(path, PathItem::new(method, described.operation(&mut generator)))
    });
    let info = InfoBuilder::new()
        .title("Handover")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A ledger of announced exchanges between warring parties. It records what somebody announced, never what happened; every figure opens to its claims."))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let mut document = serde_json::to_value(OpenApiBuilder::new().info(info).paths(paths.build()).build()).expect("a document is plain data");
    let mut schemas = generator.take_definitions(true);
    schemas.extend(events::components());
    let token = json!({"type": "http", "scheme": "bearer", "description": "A token that the server's operator gave. Reading needs one only where the operator closed it."});
    document["components"] = json!({"schemas": schemas, "securitySchemes": {"token": token}});
    // Either will do: which of the two a server asks for is its operator's choice.
    document["security"] = json!([{}, {"token": []}]);
    document
}
