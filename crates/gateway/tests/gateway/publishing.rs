use std::time::Duration;

use announcement::Digest;
use futures::future::join_all;
use gateway::Limits;
use serde_json::{Value, json};

use crate::harness::{Server, event, padded};

#[tokio::test]
async fn a_new_event_is_answered_201_with_its_receipt_and_its_place() {
    let server = Server::start().await;
    let sent = event(1);
    let answer = server.post_event(&sent).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("location"), Some("/v1/records/0"));
    let receipts = answer.json()["receipts"].clone();
    assert_eq!(receipts.as_array().unwrap().len(), 1);
    let receipt = &receipts[0];
    assert_eq!((&receipt["status"], &receipt["position"]), (&json!("recorded"), &json!(0)));
    assert_eq!((&receipt["source"], &receipt["id"]), (&sent["source"], &sent["id"]));
    assert_eq!(receipt["digest"], Digest::of(sent.to_string().as_bytes()).to_string());
    let record = server.record(0).await;
    assert_eq!(record.publisher.as_str(), "local");
    assert_eq!(record.event, sent.to_string().as_bytes());
    assert_eq!(receipt["leaf"], record.leaf().to_string());
}

#[tokio::test]
async fn the_same_event_again_is_a_duplicate_and_another_content_a_conflict() {
    let server = Server::start().await;
    let mut sent = event(1);
    server.post_event(&sent).await;
    let again = server.post("application/json", format!("{sent:#}").as_bytes()).await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["receipts"][0]["status"], "duplicate");
    assert_eq!(again.json()["receipts"][0]["position"], 0);
    sent["data"]["transfers"][0]["counts"][0]["count"]["exact"] = json!(1001);
    let conflict = server.post_event(&sent).await.problem(409);
    assert_eq!(conflict["pointer"], "/id");
    assert_eq!(conflict["receipts"][0]["status"], "refused");
    assert_eq!(server.ledger.head().size, 1);
}

#[tokio::test]
async fn a_refused_event_is_answered_with_the_field_at_fault_and_its_receipt() {
    let server = Server::start().await;
    let mut sent = event(1);
    sent["data"]["transfer"] = json!([]);
    let problem = server.post_event(&sent).await.problem(422);
    assert_eq!(problem["pointer"], "/data/transfer");
    assert_eq!(problem["receipts"][0]["status"], "refused");
    assert_eq!(problem["receipts"][0]["digest"], Digest::of(sent.to_string().as_bytes()).to_string());
    assert_eq!(problem["receipts"][0]["problem"]["pointer"], "/data/transfer");
    assert_eq!(server.ledger.head().size, 0);
}

#[tokio::test]
async fn a_binary_mode_event_is_kept_in_its_structured_form() {
    let server = Server::start().await;
    let sent = event(1);
    let text = |name: &str| sent[name].as_str().unwrap().to_owned();
    let data = sent["data"].to_string();
    let (id, source, subject) = (text("id"), text("source"), text("subject"));
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("ce-specversion", "1.0"),
        ("ce-type", "org.handover.completed.v1"),
        ("ce-source", &source),
        ("ce-subject", &subject),
        ("ce-id", &id),
    ];
    let answer = server.ask("POST", "/v1/announcements", &headers, data.as_bytes()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let structured = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"org.handover.completed.v1","subject":"{subject}","datacontenttype":"application/json","data":{data}}}"#
    );
    let record = server.record(0).await;
    assert_eq!(String::from_utf8(record.event).unwrap(), structured);
    assert_eq!(answer.json()["receipts"][0]["digest"], Digest::of(structured.as_bytes()).to_string());
    let twice = [&headers[..], &[("ce-id", "00000000-0000-5000-8000-000000000009")]].concat();
    assert_eq!(server.ask("POST", "/v1/announcements", &twice, data.as_bytes()).await.problem(422)["pointer"], "/id");
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_and_each_event_keeps_its_own_bytes() {
    let server = Server::start().await;
    let mut refused = event(2);
    refused["data"]["announced"] = json!("yesterday");
    let odd = format!("{:#}", event(3)).replace('\n', "\n\t ");
    let batch = format!(" [\n{} ,{refused},{odd}, {} ]\n", event(1), event(1));
    let answer = server.post("application/cloudevents-batch+json", batch.as_bytes()).await;
    assert_eq!(answer.status, 207, "{}", answer.text());
    let receipts = answer.json()["receipts"].clone();
    let statuses: Vec<&str> = receipts.as_array().unwrap().iter().map(|receipt| receipt["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["recorded", "refused", "recorded", "duplicate"]);
    assert_eq!(receipts[1]["problem"]["pointer"], "/data/announced");
    assert_eq!(receipts[2]["digest"], Digest::of(odd.as_bytes()).to_string());
    let record = server.record(1).await;
    assert_eq!(record.event, odd.as_bytes());
}

#[tokio::test]
async fn a_batch_has_one_status_where_its_events_agree() {
    let server = Server::start().await;
    let post = async |events: Vec<Value>| server.post("application/cloudevents-batch+json", Value::from(events).to_string().as_bytes()).await;
    assert_eq!(post(vec![event(1), event(2)]).await.status, 201);
    assert_eq!(post(vec![event(2), event(3)]).await.status, 201);
    assert_eq!(post(vec![event(1), event(3)]).await.status, 200);
    let refused = post(vec![json!({}), json!({ "id": 1 })]).await.problem(422);
    assert_eq!(refused["receipts"].as_array().unwrap().len(), 2);
    assert_eq!(post(vec![]).await.json(), json!({ "receipts": [] }));
    let many: Vec<Value> = (0..=gateway::MAX_BATCH_EVENTS).map(|_| json!({})).collect();
    post(many).await.problem(400);
    server.post("application/cloudevents-batch+json", b"{}").await.problem(400);
}

#[tokio::test]
async fn later_events_of_a_batch_may_name_earlier_ones() {
    let server = Server::start().await;
    let target = event(1);
    let mut quarantine = event(2);
    quarantine.as_object_mut().unwrap().remove("subject");
    quarantine["type"] = json!("org.handover.quarantined.v1");
    quarantine["data"] = json!({
        "announced": "2026-01-02", "announcer": null, "reason": "doubtful",
        "target": { "publisher": "local", "source": "urn:test", "id": target["id"] }
    });
    let answer = server.post("application/cloudevents-batch+json", json!([target, quarantine]).to_string().as_bytes()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let dossier = server.get("/v1/exchanges/ru-ua/bodies/2026-01-01?at_least=1").await.json();
    assert_eq!(dossier["claims"][0]["out"], json!({ "why": "quarantined", "by": 1 }));
}

#[tokio::test]
async fn without_a_receipt_in_time_the_answer_says_where_to_ask() {
    let server = Server::with(Limits { receipt: Duration::from_millis(1), ..Limits::default() }, None).await;
    // What waits before it keeps the writer busy for many commits.
    let waiting: Vec<_> = (100..400).map(|number| padded(&event(number), 60_000)).collect();
    let subject = || "handover.announce.local".to_owned();
    let mut before = Box::pin(join_all(waiting.into_iter().map(|event| server.ledger.submit(subject(), Vec::new(), event.into()))));
    assert!(futures::poll!(&mut before).is_pending());
    let answer = server.post_event(&event(1)).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.json()["receipts"][0]["status"], "queued");
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(location, format!("/v1/receipts/{}", Digest::of(event(1).to_string().as_bytes())));
    before.await;
    let receipt = server.get(&format!("{location}?at_least=300")).await;
    assert_eq!(receipt.json()["status"], "recorded", "{}", receipt.text());
}

#[tokio::test]
async fn what_is_not_queued_is_answered_503_with_retry_after() {
    let server = Server::start().await;
    server.ledger.close().await;
    let answer = server.post_event(&event(1)).await;
    assert_eq!(answer.problem(503)["receipts"][0]["status"], "not-queued");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn other_media_types_are_refused_and_the_right_ones_named() {
    let server = Server::start().await;
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let answer = server.post(media_type, event(1).to_string().as_bytes()).await;
        answer.problem(415);
        assert!(answer.header("accept").unwrap().contains("application/cloudevents+json"));
    }
    server.ask("POST", "/v1/announcements", &[], event(1).to_string().as_bytes()).await.problem(415);
}
