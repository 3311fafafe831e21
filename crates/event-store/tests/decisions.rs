//! Messages with their decisions, by Rules(1), for ever: the same messages give the same decisions, positions and root in every later version.
#![allow(clippy::unwrap_used, reason = "a test may")]

use announcement::{Outcome, Receipt};
use bytes::Bytes;
use event_store::{Ledger, Options};
use jiff::Timestamp;
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/rules-1.jsonl");

fn clock() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn decision(receipt: &Receipt) -> Value {
    match &receipt.outcome {
        Outcome::Recorded { position, leaf, .. } => json!({"recorded": position, "leaf": leaf}),
        Outcome::Duplicate { position } => json!({"duplicate": position}),
        Outcome::Refused { problem } => json!({"refused": problem.kind, "pointer": problem.pointer}),
    }
}

/// Each line has a message (subject, headers, body) and what becomes of it. With `HANDOVER_BLESS` set the decisions are written anew, for a look at the difference.
#[tokio::test]
async fn the_decisions_of_the_first_rules_stay_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(Options::new(dir.path().to_owned(), clock)).unwrap();
    let mut lines = String::new();
    for line in std::fs::read_to_string(FILE).unwrap().lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let headers = line["headers"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let body = Bytes::from(line["body"].as_str().unwrap().to_owned());
        let receipt = ledger.submit(line["subject"].as_str().unwrap().to_owned(), headers, body).await.unwrap();
        let decision = decision(&receipt);
        if std::env::var_os("HANDOVER_BLESS").is_none() {
            assert_eq!(line["decision"], decision, "{}: {receipt:?}", line["about"]);
        }
        line["decision"] = decision;
        lines.push_str(&format!("{line}\n"));
    }
    if std::env::var_os("HANDOVER_BLESS").is_some() {
        std::fs::write(FILE, lines).unwrap();
    }
}
