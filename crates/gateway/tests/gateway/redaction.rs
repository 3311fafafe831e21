//! What a reader sees of a redacted record.

use announcement::{Digest, Position};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{PATIENCE, Server};

fn event(number: u64, kind: &str, data: &Value) -> Value {
    let id = Uuid::from_u64_pair(0x7000, 0x8000_0000_0000_0000 | number);
    json!({"specversion": "1.0", "id": id, "source": "urn:example", "type": format!("org.handover.{kind}.v1"), "data": data})
}

fn claim(number: u64) -> Value {
    let transfers = json!([{"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": 10 + number}}]}]);
    event(
        number,
        "completed",
        &json!({"announced": "2026-01-29", "announcer": {"party": "RU"}, "note": "as it was said", "exchange": {"date": "2026-01-29"}, "transfers": transfers}),
    )
}

async fn redacted() -> (Server, Digest) {
    let server = Server::start().await;
    let claims: Vec<String> = (0..256).map(|number| claim(number).to_string()).collect();
    assert_eq!(server.post("application/cloudevents-batch+json", format!("[{}]", claims.join(",")).as_bytes()).await.status, 201);
    let leaf = server.record(7).await.leaf();
    let target = json!({"source": "urn:example", "id": claim(7)["id"]});
    let redaction = event(1_000, "redacted", &json!({"announced": "2026-01-30", "announcer": null, "target": target, "reason": "it named a person"}));
    assert_eq!(server.post_event(&redaction).await.json()["receipts"][0]["position"], 256);
    let ledger = server.ledger.clone();
    let removed = tokio::task::spawn_blocking(move || {
        let deadline = std::time::Instant::now() + PATIENCE;
        while !ledger.pending_redactions().unwrap().is_empty() {
            assert!(std::time::Instant::now() < deadline);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    });
    removed.await.unwrap();
    (server, leaf)
}

#[tokio::test]
async fn a_redacted_record_is_gone_with_by_whom_when_and_why() {
    let (server, leaf) = redacted().await;
    let gone = server.get("/v1/records/7").await;
    let problem = gone.json();
    assert_eq!((gone.status, problem["type"].as_str().unwrap()), (410, "urn:handover:problem:redacted"));
    let said = &problem["redacted"];
    assert_eq!((&said["reason"], &said["by"]["position"], &said["by"]["publisher"]), (&json!("it named a person"), &json!(256), &json!("local")));
    assert_eq!((said["leaf"].as_str().unwrap(), &said["position"]), (leaf.to_string().as_str(), &json!(7)));
    assert!(said["by"]["recorded"].is_string() && !gone.text().contains("as it was said"));

    let page = server.get("/v1/records?from=6&limit=3").await.json();
    let records = page["records"].as_array().unwrap();
    let types: Vec<&str> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["org.handover.completed.v1", "org.handover.removed.v1", "org.handover.completed.v1"]);
    assert_eq!(records[1]["data"], json!({"type": "org.handover.completed.v1", "redacted_by": 256, "leaf": leaf}));
    assert_eq!((&records[1]["id"], &records[1]["sequence"]), (&claim(7)["id"], &json!("00000000000000000007")));
}

#[tokio::test]
async fn its_leaf_is_proved_and_its_bundle_is_gone() {
    let (server, leaf) = redacted().await;
    let proof = server.get("/v1/proof/inclusion?position=7").await.json();
    assert_eq!(proof["leaf"].as_str().unwrap(), leaf.to_string());
    let hashes = server.get("/v1/log/tile/0/000").await;
    assert_eq!((hashes.status, &hashes.body[7 * 32..8 * 32]), (200, &leaf.as_bytes()[..]));
    for bundle in ["/v1/log/tile/entries/000", "/v1/log/tile/entries/000.p/8"] {
        let gone = server.get(bundle).await;
        assert_eq!((gone.status, &gone.json()["redacted"]["position"]), (410, &json!(7)), "{bundle}");
    }
    assert_eq!(server.get("/v1/log/tile/entries/000.p/7").await.status, 200);
    assert_eq!(server.ledger.reader().head().size, 257);
}

#[tokio::test]
async fn no_figure_rests_on_it_and_the_dossier_says_that_it_was_redacted() {
    let (server, _) = redacted().await;
    let dossier = server.get("/v1/exchanges/ru-ua/bodies/2026-01-29?at_least=256").await.json();
    let claim = dossier["claims"].as_array().unwrap().iter().find(|claim| claim["position"] == 7).unwrap();
    assert_eq!((&claim["live"], &claim["out"]), (&json!(false), &json!({"why": "redacted", "by": 256})));
    assert_eq!((&claim["note"], &claim["reason"], &claim["transfers"]), (&Value::Null, &Value::Null, &json!([])));
    let totals = server.get("/v1/totals").await.json();
    assert!(totals["figures"].as_array().unwrap().iter().all(|figure| !figure["claims"].as_array().unwrap().contains(&json!(7))));
    assert!(server.get("/exchanges/ru-ua/bodies/2026-01-29").await.text().contains("redacted by an operator"));
    assert_eq!(server.ledger.reader().record(Position::new(7)).unwrap().unwrap().removed.unwrap().by, Position::new(256));
}
