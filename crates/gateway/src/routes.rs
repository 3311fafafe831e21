//! The list of routes: what is where, and what is said of it. The router and the documents are both made from it, so neither knows an address that the other doesn't.

mod ledger;
mod models;

use axum::routing::{MethodRouter, get, post};

use crate::{
    App, asyncapi, docs, integrity, metrics,
    openapi::{
        AnyEvent, AnyEvents, Described, Parameter, at_least, of, openapi,
        values::{Anything, Live, SchemaName},
    },
    projections::{self, Projections},
    publish::{self, Receipts},
    readiness::{self, Readiness},
    schemas,
};

/// One route.
pub(crate) struct Route {
    /// Its path, as the router writes it.
    pub(crate) path: &'static str,
    pub(crate) handler: MethodRouter<App>,
    /// Whether pages of other sites may read it.
    pub(crate) is_shared: bool,
    /// Its operations. Two stand on one route where only the end of the path tells them apart.
    pub(crate) described: Vec<Described>,
}

impl Route {
    fn read(path: &'static str, handler: MethodRouter<App>, described: Described) -> Self {
        Self { path, handler, is_shared: true, described: vec![described] }
    }

    fn own(path: &'static str, handler: MethodRouter<App>, described: Described) -> Self {
        Self { is_shared: false, ..Self::read(path, handler, described) }
    }
}

/// All routes but the pages'.
pub(crate) fn routes() -> Vec<Route> {
    [models::routes(), ledger::routes(), others()].into_iter().flatten().collect()
}

fn others() -> Vec<Route> {
    let document = |path, id, about| Described::get(path, id, about).answers::<Anything>("200", "The document.");
    vec![
        Route::own("/v1/announcements", post(publish::publish), announcements()),
        Route::read(
            "/v1/projections",
            get(projections::projections),
            Described::get("/v1/projections", "projections", "Where each read model stands")
                .answers::<Projections>("200", "Where they stand.")
                .problem("404", "This node keeps no read models."),
        ),
        Route::read(
            "/v1/integrity",
            get(integrity::integrity),
            Described::get("/v1/integrity", "integrity", "How whole the ledger is, and how far the read models have come")
                .takes(&[at_least()])
                .answers::<integrity::Integrity>("200", "What anyone may know of it."),
        ),
        Route::read("/v1/openapi.json", get(openapi), document("/v1/openapi.json", "openapi", "This document")),
        Route::read(
            "/v1/asyncapi.json",
            get(asyncapi::asyncapi),
            document("/v1/asyncapi.json", "asyncapi", "The same for NATS: subjects, streams, bucket and queries"),
        ),
        Route::read(
            "/v1/docs",
            get(docs::docs),
            Described::get("/v1/docs", "docs", "This document, to be read").answers_as("200", "The page.", &[("text/html; charset=utf-8", None)]),
        ),
        Route::read(
            "/v1/schemas/{name}",
            get(schemas::schema),
            Described::get("/v1/schemas/{name}", "schema", "The JSON Schema of a kind of event, where its dataschema may lead")
                .takes(&[Parameter::path::<SchemaName>("name", "The kind and its version.")])
                .answers_as("200", "The schema.", &[("application/schema+json", Some(of::<Anything>()))])
                .problem("404", "There is no such kind."),
        ),
        Route::own(
            metrics::PATH,
            get(metrics::metrics),
            Described::get(metrics::PATH, "metrics", "What this process counts, and where it stands, for Prometheus").answers_as(
                "200",
                "OpenMetrics text.",
                &[(metrics::OPEN_METRICS, None)],
            ),
        ),
        Route::own("/livez", get(readiness::live), Described::get("/livez", "live", "Whether the process answers").answers::<Live>("200", "It does.")),
        Route::own(
            "/readyz",
            get(readiness::ready),
            Described::get("/readyz", "ready", "Whether each part does its work").answers::<Readiness>("200", "Each does."),
        ),
    ]
}

fn announcements() -> Described {
    Described::post("/v1/announcements", "publish", "Publish announcements")
        .body::<AnyEvent>("application/cloudevents+json")
        .body::<AnyEvents>("application/cloudevents-batch+json")
        .body::<AnyEvent>("application/json")
        .answers::<Receipts>("200", "Each was recorded before.")
        .answers::<Receipts>("201", "Recorded; in a batch each is recorded, or was before.")
        .answers::<Receipts>("202", "Queued, and no receipt came yet: ask at Location.")
        .answers::<Receipts>("207", "A batch whose events fared differently: each receipt says how.")
        .problem("400", "The body could not be read, or isn't an array of events.")
        .problem("408", "The body came too slowly.")
        .problem("409", "Another event has this identity.")
        .problem("413", "The event, or the body, is too large.")
        .problem("403", "The token doesn't allow an event of this kind; nothing was queued.")
        .problem("415", "The media type isn't taken.")
        .problem("422", "Refused, with the field at fault and the remedy; of a batch, every event was.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi::DOCUMENT;

    /// The path of a document's operation as the router has it: what may have slashes in it comes last.
    fn routed(path: &str) -> String {
        let whole = path.strip_suffix("/lineage").filter(|path| path.ends_with("{key}")).unwrap_or(path);
        if whole.starts_with("/v1/exchanges/") || whole.starts_with("/v1/log/tile/") { whole.replace('{', "{*") } else { whole.to_owned() }
    }

    #[test]
    fn every_route_is_in_the_document_and_the_document_has_no_other() {
        let known: BTreeSet<String> = routes().iter().map(|route| route.path.to_owned()).collect();
        let documented: BTreeSet<String> = DOCUMENT["paths"].as_object().unwrap().keys().map(|path| routed(path)).collect();
        assert_eq!(known, documented);
        assert!(known.len() > 25);
    }

    #[test]
    fn every_operation_names_what_may_be_answered() {
        let mut ids = BTreeSet::new();
        for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}: two have one name");
                let answers = operation["responses"].as_object().unwrap();
                assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
                for status in ["400", "401", "429", "500", "503"] {
                    assert!(answers[status]["content"]["application/problem+json"].is_object(), "{method} {path}: {status}");
                }
            }
        }
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        fn walk(value: &serde_json::Value, found: &mut BTreeSet<String>) {
            match value {
                serde_json::Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(serde_json::Value::as_str).map(str::to_owned));
                    members.values().for_each(|value| walk(value, found));
                }
                serde_json::Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
                _ => {}
            }
        }
        let mut found = BTreeSet::new();
        walk(&DOCUMENT, &mut found);
        assert!(found.len() > 60, "{}", found.len());
        for reference in found {
            assert!(DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
        }
    }
}
