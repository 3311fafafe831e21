//! The whole road: real announcements through NATS into the ledger, and out of the read models.

use std::collections::BTreeMap;

use blackbox::{NatsServer, Serve, corpus, handover_command};
use serde_json::Value;
use tempfile::TempDir;

/// The position of the last receipt.
fn publish_everything(to: &str) -> u64 {
    let files = [corpus::reference_article(), corpus::public_record()].map(|file| file.into_os_string().into_string().unwrap());
    let published = handover_command(&["publish", "--to", to, "-o", "jsonl", &files[0], &files[1]], b"");
    assert_eq!(published.code, Some(0), "{published:?}");
    let position = |line| serde_json::from_str::<Value>(line).unwrap()["position"].as_u64().unwrap();
    published.stdout.lines().map(position).max().unwrap()
}

fn figures(totals: &Value) -> BTreeMap<(String, String, String), (Value, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let figures = totals["figures"].as_array().unwrap();
    figures
        .iter()
        .map(|figure| ((text(&figure["from"]), text(&figure["to"]), text(&figure["category"])), (figure["low"].clone(), figure["high"].clone())))
        .collect()
}

#[test]
fn what_is_published_through_nats_is_in_the_totals_with_the_claims_it_rests_on() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let last = publish_everything(&nats.url()).to_string();

    let day = "2026-01-29";
    let totals = handover_command(&["totals", "--server", &server.url(""), "--from", day, "--to", day, "--at-least", &last, "-o", "json"], b"").json();
    let bodies = |from: &str, to: &str| figures(&totals)[&(from.into(), to.into(), "bodies".into())].clone();
    assert_eq!(bodies("RU", "UA"), (1000.into(), 1000.into()));
    assert_eq!(bodies("UA", "RU"), (38.into(), 38.into()));

    for figure in totals["figures"].as_array().unwrap() {
        let claims = figure["claims"].as_array().unwrap();
        assert!(!claims.is_empty(), "{figure}");
        for position in claims {
            let record = blackbox::http::get(&server.url(&format!("/v1/records/{position}")));
            assert_eq!(record.status, 200, "{record:?}");
        }
    }
    assert_eq!(server.terminate(), Some(0));
}
