//! From the stream into the ledger.

use async_nats::jetstream::{self, stream::Config};
use blackbox::{NatsServer, PATIENCE};
use event_store::{Part, nats};
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{SUBJECT, audited, event, holds, open, stopped, submit},
    node::{Node, client, publish, publish_on, the_stream},
};

#[tokio::test]
async fn every_message_is_decided_on_and_its_publisher_gets_the_receipt() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    let mut receipts = node.client.subscribe("handover.receipts.local").await.unwrap();
    node.client.flush().await.unwrap();
    publish(&node.client, 0..300).await;
    publish(&node.client, [7]).await;
    publish_on(&node.client, SUBJECT, "no announcement").await;
    publish_on(&node.client, "handover.announce.gate.other", event(7)).await;
    holds(&node.ledger, 301).await;
    let records = audited(&node.ledger.reader());
    assert!((0..300).all(|number| records[number].event == event(number as u64)));
    assert_eq!(records[300].publisher.as_str(), "gate.other");

    let mut statuses = Vec::new();
    while statuses.len() < 302 {
        let message = timeout(PATIENCE, receipts.next()).await.unwrap().unwrap();
        let body: Value = serde_json::from_slice(&message.payload).unwrap();
        statuses.extend(body["receipts"].as_array().unwrap().iter().map(|receipt| receipt["status"].as_str().unwrap().to_owned()));
    }
    assert!(statuses[..300].iter().all(|status| status == "recorded"));
    assert_eq!(statuses[300..], ["duplicate", "refused"]);
    let head = node.ledger.head();
    assert_eq!((head.stream_sequence, head.refused), (303, 1));
    node.stop().await;
}

#[tokio::test]
async fn a_node_goes_on_from_its_checkpoint_and_every_node_holds_the_same_ledger() {
    let server = NatsServer::start();
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let node = Node::start(&server, one.path()).await;
    publish(&node.client, 0..100).await;
    holds(&node.ledger, 100).await;
    let client = node.client.clone();
    node.stop().await;
    publish(&client, 50..200).await;
    publish_on(&client, SUBJECT, "{}").await;
    publish_on(&client, "handover.operate.rules", "{\"rules\":1}").await;
    publish(&client, 200..250).await;
    let (node, second) = (Node::start(&server, one.path()).await, Node::start(&server, other.path()).await);
    holds(&node.ledger, 250).await;
    holds(&second.ledger, 250).await;
    assert_eq!(node.ledger.head(), second.ledger.head());
    assert_eq!(audited(&node.ledger.reader()), audited(&second.ledger.reader()));
    let refused = |node: &Node| node.ledger.reader().refusals(0, 10).unwrap();
    assert_eq!(refused(&node), refused(&second));
    node.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_stream_is_made_as_it_must_be_and_one_that_is_set_otherwise_is_refused() {
    let server = NatsServer::start();
    let client = client(&server).await;
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    nats::prepare(&client, &nats::Options { max_bytes: 1 << 20, ..nats::Options::default() }).await.unwrap();
    let made = the_stream(&client).await.cached_info().config.clone();
    assert_eq!(made.subjects, ["handover.announce.>", "handover.curate.>", "handover.operate.>"]);
    assert!(made.deny_delete && !made.deny_purge);
    assert_eq!((made.max_message_size, made.max_bytes), (65_536, 4 << 30));

    let context = jetstream::new(client.clone());
    context.update_stream(Config { duplicate_window: std::time::Duration::from_secs(5), ..made }).await.unwrap();
    let differs = nats::prepare(&client, &nats::Options::default()).await.unwrap_err();
    assert_eq!(differs.to_string(), "the stream ANNOUNCEMENTS has duplicate_window 5s, and must have 120s; change the stream, or use a server of its own");
}

#[tokio::test]
async fn a_server_that_can_not_hold_the_stream_is_named_with_the_options_to_change() {
    let server = NatsServer::start_with("max_file_store: 100MB");
    let client = client(&server).await;
    let refused = nats::prepare(&client, &nats::Options::default()).await.unwrap_err().to_string();
    assert!(refused.contains("refuses the stream ANNOUNCEMENTS") && refused.contains("--stream-max-bytes"), "{refused}");
    let small = nats::Options { max_bytes: 40 << 20, ..nats::Options::default() };
    let refused = nats::prepare(&client, &small).await.unwrap_err().to_string();
    assert!(refused.contains("refuses the stream LEDGER") && refused.contains("--ledger-max-bytes"), "{refused}");
    nats::prepare(&client, &nats::Options { max_bytes: 40 << 20, ledger_max_bytes: 40 << 20, ..nats::Options::default() }).await.unwrap();
    let replicas = nats::prepare(&client, &nats::Options { replicas: 3, max_bytes: 1 << 20, ledger_max_bytes: 1 << 20 }).await;
    assert!(replicas.is_ok(), "the stream is there, and its replicas are the operator's choice");
}

#[tokio::test]
async fn an_embedded_ledger_moves_to_a_stream_by_an_operators_word_only() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let ledger = open(dir.path());
    submit(&ledger, 0..10, 10).await;
    let node = Node::start_with(&server, ledger).await;
    publish(&node.client, 5..20).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("came from no stream") && remedy.contains("adopt-stream"), "{reason} {remedy}");
    let epoch = nats::adopt(&node.ledger, &node.client).await.unwrap();
    assert_eq!((epoch.epoch, epoch.size, epoch.from_sequence), (1, 10, 1));
    holds(&node.ledger, 20).await;
    assert_eq!(audited(&node.ledger.reader()).len(), 20);
    let late = node.ledger.submit(SUBJECT.to_owned(), Vec::new(), event(99)).await;
    assert!(late.is_err(), "it follows a stream now");
    assert!(matches!(nats::adopt(&node.ledger, &node.client).await, Err(nats::AdoptError::Running)));
    node.stop().await;
}

#[tokio::test]
async fn rules_that_the_node_does_not_know_stop_it_before_them() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..5).await;
    publish_on(&node.client, "handover.operate.rules", "{\"rules\":9}").await;
    publish(&node.client, 5..10).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("version 9") && remedy.contains("version of handover"), "{reason} {remedy}");
    let head = node.ledger.head();
    assert_eq!((head.size, head.stream_sequence, head.rules), (5, 5, 1));
    assert!(matches!(nats::adopt(&node.ledger, &node.client).await, Err(nats::AdoptError::NotBroken(why)) if why.contains("version 9")));
    node.stop().await;
    let node = Node::start(&server, dir.path()).await;
    assert!(stopped(&node.ledger).await.0.contains("version 9"), "it stops there again");
    node.stop().await;
}

#[tokio::test]
async fn a_message_from_the_future_stops_the_intake_and_is_not_decided_on() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let slow = || Timestamp::now() - jiff::SignedDuration::from_mins(6);
    let ledger = event_store::Ledger::open(event_store::Options::new(dir.path().to_owned(), slow)).unwrap();
    let node = Node::start_with(&server, ledger).await;
    publish(&node.client, 0..3).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("message 1") && reason.contains("ahead of this machine's clock") && remedy.contains("clocks"), "{reason} {remedy}");
    assert_eq!(node.ledger.head().stream_sequence, 0);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_started_again_under_load_costs_nothing() {
    let (mut server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    let context = jetstream::context::ContextBuilder::new().ack_timeout(std::time::Duration::from_secs(1)).build(node.client.clone());
    let ending = CancellationToken::new();
    let ended = ending.clone();
    let publisher = tokio::spawn(async move {
        let mut number = 0;
        while !ended.is_cancelled() {
            // As a publisher's outbox does: again until it's acknowledged.
            while acknowledged(&context, number).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            number += 1;
        }
        number
    });
    for size in [300, 900] {
        holds(&node.ledger, size).await;
        server.kill();
        let waiting = node.ledger.health().wait_for(|health| matches!(health.intake, Part::Waiting { .. })).await.map(|health| health.clone());
        assert!(matches!(waiting.unwrap().writer, Part::Running));
        server.restart();
    }
    ending.cancel();
    let published = publisher.await.unwrap();
    // What the killed server acknowledged and lost comes again from an outbox.
    publish(&node.client, 0..published).await;
    holds(&node.ledger, published).await;
    let mut health = node.ledger.health();
    let running = timeout(PATIENCE, health.wait_for(|health| health.intake == Part::Running)).await;
    running.expect("the intake runs again in time").unwrap();
    assert_eq!(audited(&node.ledger.reader()).len() as u64, published);
    node.stop().await;
}

async fn acknowledged(context: &jetstream::Context, number: u64) -> Result<(), jetstream::context::PublishError> {
    context.publish(SUBJECT, event(number)).await?.await?;
    Ok(())
}
