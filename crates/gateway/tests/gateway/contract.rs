//! The documents of the API, held against what the server answers.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{
    forms::MODELS,
    harness::{Answer, Server, event},
};

/// A server with the samples, and its own document.
async fn documented() -> (Server, Value) {
    let server = Server::with_samples().await;
    let answer = server.get("/v1/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    (server, answer.json())
}

/// What the document says of an answer; a member that it doesn't name is a fault here, while readers have to bear with more.
fn schema(document: &Value, path: &str, status: u16, media_type: &str) -> Validator {
    let content = &document["paths"][path]["get"]["responses"][status.to_string()]["content"][media_type];
    let reference = content["schema"]["$ref"].as_str().unwrap_or_else(|| panic!("no {status} with {media_type} in {path}"));
    let mut components = document["components"].clone();
    for (name, component) in components["schemas"].as_object_mut().unwrap() {
        // What is put into another one, and what may have members of its own.
        let is_open = name.starts_with("event.") || ["Problem", "Anything", "RecordedEvent", "Gap", "Outcome", "Receipt", "Waiting"].contains(&name.as_str());
        if !is_open && component["properties"].is_object() {
            component["unevaluatedProperties"] = json!(false);
        }
    }
    jsonschema::draft202012::new(&json!({"$ref": reference, "components": components})).unwrap()
}

#[track_caller]
fn holds(validator: &Validator, answer: &Value, what: &str) {
    let errors: Vec<String> = validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).take(3).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

/// An address of a documented path.
fn fill(path: &str) -> String {
    path.replace("{key}", "ru-ua/bodies/2026-01-29")
        .replace("{position}", "0")
        .replace("{digest}", &"0".repeat(64))
        .replace("{path}", "0/000.p/9")
        .replace("{name}", "completed.v1.json")
}

/// The documented path of an address.
fn path_of(address: &str) -> String {
    let path = address.split('?').next().unwrap();
    match path.strip_prefix("/v1/exchanges/") {
        Some(key) if key.ends_with("/lineage") => "/v1/exchanges/{key}/lineage".to_owned(),
        Some(_) => "/v1/exchanges/{key}".to_owned(),
        None => path.to_owned(),
    }
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let (server, document) = documented().await;
    let others =
        ["/v1/records?limit=1000", "/v1/integrity", "/v1/projections", "/v1/proof/inclusion?position=3", "/v1/proof/consistency?from=3", "/livez", "/readyz"];
    for address in MODELS.iter().chain(&others) {
        let path = path_of(address);
        for more in
            ["", "limit=5", "policy=both", "as_known_at=120", "announced_until=2025-06-15", "period=month", "by=framework", "exchange=ru-ua/bodies/2026-02-26"]
        {
            let asked = if more.is_empty() { (*address).to_owned() } else { format!("{address}{}{more}", if address.contains('?') { '&' } else { '?' }) };
            let answer = server.get(&asked).await;
            let media_type = answer.header("content-type").unwrap().to_owned();
            assert!(matches!(answer.status, 200 | 400 | 404), "{asked}: {}", answer.text());
            holds(&schema(&document, &path, answer.status, &media_type), &answer.json(), &asked);
            assert!(!more.is_empty() || answer.status == 200, "{asked}: {}", answer.text());
            let mut other = answer.json();
            other["surprise"] = json!(1);
            assert!(answer.status != 200 || !schema(&document, &path, 200, &media_type).is_valid(&other), "{asked}: anything would do");
        }
    }
}

#[tokio::test]
async fn what_isnt_a_read_model_is_as_the_document_says() {
    let (server, document) = documented().await;
    let keys = server.get("/v1/exchanges?limit=1000").await.json();
    for exchange in keys["exchanges"].as_array().unwrap() {
        let address = format!("/v1/exchanges/{}", exchange["key"].as_str().unwrap());
        let dossier = server.get(&address).await;
        holds(&schema(&document, "/v1/exchanges/{key}", 200, "application/json"), &dossier.json(), &address);
    }
    let record = server.get("/v1/records/7").await;
    holds(&schema(&document, "/v1/records/{position}", 200, "application/cloudevents+json"), &record.json(), "a record");
    let missing = server.get("/v1/records/9999").await;
    holds(&schema(&document, "/v1/records/{position}", 404, "application/problem+json"), &missing.json(), "no record");
    let posted = server.post_event(&event(1)).await.json();
    let receipts = json!({"$ref": "#/components/schemas/Receipts", "components": document["components"]});
    holds(&jsonschema::draft202012::new(&receipts).unwrap(), &posted, "receipts");
    let receipt = server.get(&format!("/v1/receipts/{}", posted["receipts"][0]["digest"].as_str().unwrap())).await;
    holds(&schema(&document, "/v1/receipts/{digest}", 200, "application/json"), &receipt.json(), "a receipt");
}

#[tokio::test]
async fn every_operation_of_the_document_is_answered() {
    let (server, document) = documented().await;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // A stream has no end.
            let method = if path.ends_with("stream") { "HEAD".to_owned() } else { method.to_uppercase() };
            let answer = server.ask(&method, &fill(path), &[], b"").await;
            assert!(operation["responses"].get(answer.status.to_string()).is_some(), "{method} {path}: {} {}", answer.status, answer.text());
            assert!(!answer.text().contains("isn't an address of this server"), "{path}");
        }
    }
}

#[tokio::test]
async fn every_parameter_that_is_taken_is_in_the_document_and_no_other() {
    let (server, document) = documented().await;
    let mut compared = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get") else { continue };
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let documented: BTreeSet<String> = parameters.iter().filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        let mut asked = format!("{}?surprise=1", fill(path));
        for required in parameters.iter().filter(|one| one["in"] == "query" && one["required"] == true) {
            asked += &format!("&{}=1", required["name"].as_str().unwrap());
        }
        // What is compared has to be said before anything else is looked at.
        if path == "/v1/knowledge" {
            asked += "&then=1";
        }
        // Whoever scrapes may add what it likes.
        if path.ends_with('z') || path == "/metrics" {
            continue;
        }
        let problem = server.get(&asked).await.problem(400);
        let remedy = problem["remedy"].as_str().unwrap();
        let known = remedy.split_once("known here: ").map_or("", |(_, known)| known.trim_end_matches('.'));
        let known: BTreeSet<String> = known.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
        assert_eq!(documented, known, "{path}: {remedy}");
        compared += 1;
    }
    assert!(compared > 25, "{compared}");
}

#[tokio::test]
async fn each_kind_has_a_schema_that_its_golden_event_holds() {
    let server = Server::start().await;
    for kind in announcement::Kind::ALL {
        let answer: Answer = server.get(&format!("/v1/schemas/{}.v1.json", kind.as_str())).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/schema+json")));
        let validator = jsonschema::draft202012::new(&answer.json()).unwrap();
        let golden = format!("{}/../announcement/golden/{}.json", env!("CARGO_MANIFEST_DIR"), kind.as_str());
        let golden: Value = serde_json::from_slice(&std::fs::read(&golden).unwrap_or_else(|error| panic!("{golden}: {error}"))).unwrap();
        holds(&validator, &golden, kind.as_str());
        assert!(!validator.is_valid(&json!({"specversion": "1.0"})));
    }
    for wrong in ["none.v1.json", "completed.v2.json", "completed"] {
        server.get(&format!("/v1/schemas/{wrong}")).await.problem(404);
    }
}

#[tokio::test]
async fn the_documents_of_nats_and_of_people_say_the_same() {
    let (server, document) = documented().await;
    let nats = server.get("/v1/asyncapi.json").await.json();
    assert_eq!(nats["asyncapi"], "3.0.0");
    let subjects: Vec<&str> = nats["channels"].as_object().unwrap().values().filter_map(|channel| channel["address"].as_str()).collect();
    for subject in
        ["handover.announce.{publisher}", "handover.receipts.{publisher}", "handover.log.{kind}", "$KV.handover-views.{key}", "handover.query.receipt"]
    {
        assert!(subjects.contains(&subject), "{subject} in {subjects:?}");
    }
    for operation in nats["operations"].as_object().unwrap().values() {
        for channel in [&operation["channel"], &operation["reply"]["channel"]] {
            let reference = channel["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
            assert!(reference.is_none_or(|reference| nats.pointer(reference).is_some()), "{channel}");
        }
    }
    let page = server.get("/v1/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let text = page.text();
    assert!(!text.contains("<script") && !text.contains("http://") && !text.contains("https://"), "nothing from elsewhere");
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(text.contains(&format!("{} {path}", item.as_object().unwrap().keys().next().unwrap().to_uppercase())), "{path}");
    }
}
