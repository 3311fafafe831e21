//! `/v1/docs`: the OpenAPI document, to be read. Rendered here, without scripts, without anything from elsewhere.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

use crate::{openapi::DOCUMENT, parameters::Parameters, problem::Failure};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| page(&DOCUMENT).into_string().into());

pub(crate) async fn docs(uri: Uri) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    Ok(([(header::CONTENT_TYPE, HTML)], WRITTEN.clone()).into_response())
}

fn page(document: &Value) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Handover: the HTTP API" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="/icon.svg" type="image/svg+xml";
            }
            body {
                main {
                    h1 { "The HTTP API" }
                    p { (text(&document["info"]["description"])) }
                    p {
                        "The same for programs: " a href="/v1/openapi.json" { "OpenAPI" } ", " a href="/v1/asyncapi.json" { "AsyncAPI for NATS" } "."
                    }
                    nav aria-label="Operations" { ul {
                        @for (method, path, operation) in operations(document) {
                            li { a href={ "#" (text(&operation["operationId"])) } { (method) " " (path) } " " (text(&operation["summary"])) }
                        }
                    } }
                    @for (method, path, operation) in operations(document) { (described(&method, path, operation)) }
                    h2 id="schemas" { "What is answered" }
                    @for (name, schema) in members(&document["components"]["schemas"]) { (schema_of(name, schema)) }
                }
            }
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &str, &Value)> {
    let paths = members(&document["paths"]);
    paths.flat_map(|(path, item)| members(item).map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation)))
}

fn described(method: &str, path: &str, operation: &Value) -> Markup {
    html! {
        section id=(text(&operation["operationId"])) {
            h2 { (method) " " (path) }
            p { (text(&operation["summary"])) "." }
            @if let Some(parameters) = operation["parameters"].as_array() {
                table {
                    caption { "Parameters" }
                    thead { tr { th scope="col" { "Name" } th scope="col" { "In" } th scope="col" { "What it's for" } th scope="col" { "Written as" } } }
                    tbody { @for parameter in parameters {
                        tr {
                            th scope="row" { (text(&parameter["name"])) @if parameter["required"] == true { " (required)" } }
                            td { (text(&parameter["in"])) }
                            td { (text(&parameter["description"])) }
                            td { (kind(&parameter["schema"])) }
                        }
                    } }
                }
            }
            @if operation["requestBody"].is_object() { p { "Body: " (contents(&operation["requestBody"]["content"])) } }
            table {
                caption { "Answers" }
                thead { tr { th scope="col" { "Status" } th scope="col" { "When" } th scope="col" { "With" } } }
                tbody { @for (status, answer) in members(&operation["responses"]) {
                    tr { th scope="row" { (status) } td { (text(&answer["description"])) } td { (contents(&answer["content"])) } }
                } }
            }
        }
    }
}

fn contents(contents: &Value) -> Markup {
    html! { @for (media_type, content) in members(contents) { (media_type) " (" (kind(&content["schema"])) ") " } }
}

fn schema_of(name: &str, schema: &Value) -> Markup {
    html! {
        section id={ "schema-" (name) } {
            h3 { (name) }
            p { (text(&schema["description"])) }
            @if let Some(properties) = schema["properties"].as_object() {
                table {
                    thead { tr { th scope="col" { "Member" } th scope="col" { "What it is" } th scope="col" { "Written as" } } }
                    tbody { @for (member, of) in properties {
                        tr { th scope="row" { (member) } td { (text(&of["description"])) } td { (kind(of)) } }
                    } }
                }
            } @else { p { (kind(schema)) } }
        }
    }
}

/// A schema in a few words.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    if let Some(forms) = ["anyOf", "oneOf", "allOf"].iter().find_map(|forms| schema[*forms].as_array()) {
        return html! { @for (index, form) in forms.iter().enumerate() { @if index > 0 { " or " } (kind(form)) } };
    }
    if let Some(values) = schema["enum"].as_array() {
        return html! { (values.iter().map(text).collect::<Vec<_>>().join(", ")) };
    }
    if !schema["const"].is_null() {
        return html! { (text(&schema["const"])) };
    }
    match &schema["type"] {
        Value::Array(types) => html! { (types.iter().map(text).collect::<Vec<_>>().join(" or ")) },
        Value::String(array) if array == "array" => html! { "list of " (kind(&schema["items"])) },
        other => html! { (text(other)) @if let Some(format) = schema["format"].as_str() { " (" (format) ")" } },
    }
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
