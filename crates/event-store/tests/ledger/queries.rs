//! Questions to a ledger over NATS.

use announcement::{Digest, Record};
use async_nats::Client;
use blackbox::NatsServer;
use event_store::{RangeAnswer, RecordAnswer};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{SUBJECT, audited, event, holds, id},
    node::{Node, publish, publish_on, the_stream},
};

async fn ask(client: &Client, question: &str, body: Value) -> async_nats::Message {
    client.request(format!("handover.query.{question}"), body.to_string().into()).await.unwrap()
}

#[tokio::test]
async fn whoever_asks_gets_every_record_with_every_byte_and_nothing_asked_is_stored() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..3_000).await;
    publish_on(&node.client, SUBJECT, [&event(3_000)[..], b"\r\n"].concat()).await;
    publish_on(&node.client, SUBJECT, "{").await;
    holds(&node.ledger, 3_001).await;
    node.ledger.watch().wait_for(|head| head.refused == 1).await.unwrap();
    let records = audited(&node.ledger.reader());
    let stored = the_stream(&node.client).await.cached_info().state.messages;

    let head: Value = serde_json::from_slice(&ask(&node.client, "head", json!({})).await.payload).unwrap();
    assert_eq!(head, serde_json::to_value(node.ledger.head()).unwrap());
    let mut found: Vec<Record> = Vec::new();
    while found.len() < records.len() {
        let answer = ask(&node.client, "range", json!({"from": found.len(), "limit": 10_000})).await;
        assert!(answer.payload.len() < 600_000);
        let page: RangeAnswer = serde_json::from_slice(&answer.payload).unwrap();
        assert!(!page.records.is_empty());
        found.extend(page.records.into_iter().map(|record| record.into_record().unwrap()));
    }
    assert_eq!(found, records);
    let record: RecordAnswer = serde_json::from_slice(&ask(&node.client, "record", json!({"position": 3_000})).await.payload).unwrap();
    assert_eq!(record.into_record().as_ref(), records.last());

    let receipt = async |digest: Digest, number: u64| -> Value {
        let question = json!({"publisher": "local", "digest": digest, "source": "urn:example", "id": id(number)});
        serde_json::from_slice(&ask(&node.client, "receipt", question).await.payload).unwrap()
    };
    let recorded = receipt(Digest::of(&event(7)), 7).await;
    assert_eq!((&recorded["status"], &recorded["position"]), (&"recorded".into(), &7.into()));
    assert_eq!(receipt(Digest::of(b"{"), 7).await["status"], "refused");
    assert_eq!(receipt(Digest::of(b"unknown"), 7).await, json!({"status": "unknown"}));

    for (question, body) in [("record", json!({"position": 9_999})), ("record", json!({"position": -1})), ("range", json!([])), ("receipt", json!({}))] {
        let answer = ask(&node.client, question, body).await;
        let headers = answer.headers.unwrap();
        assert!(headers.get("Nats-Service-Error-Code").is_some_and(|code| ["400", "404"].contains(&code.as_str())), "{question}: {headers:?}");
    }
    assert_eq!(the_stream(&node.client).await.cached_info().state.messages, stored);
    node.stop().await;
}
