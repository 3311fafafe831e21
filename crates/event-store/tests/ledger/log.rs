//! The stream LEDGER: every record for whoever subscribes.

use std::{path::Path, time::Duration};

use announcement::{Digest, Record};
use async_nats::{
    Client, HeaderMap,
    jetstream::{
        self,
        message::{PublishMessage, StreamMessage},
    },
};
use blackbox::{NatsServer, PATIENCE};
use event_store::{Part, Reader, nats};
use futures::{StreamExt, stream};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    harness::{SUBJECT, audited, event, holds, open, stopped},
    node::{Node, client, publish, publish_on},
};

async fn last_sequence(client: &Client) -> Option<u64> {
    let stream = jetstream::new(client.clone()).get_stream(nats::LOG_STREAM).await.ok()?;
    Some(stream.cached_info().state.last_sequence)
}

/// Waits until the stream has this many messages.
async fn log_holds(client: &Client, size: u64) {
    let held = timeout(PATIENCE, async {
        while last_sequence(client).await != Some(size) {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(held.await.is_ok(), "{:?} of {size}", last_sequence(client).await);
}

/// The messages of the stream, each fetched by its sequence.
async fn messages(client: &Client) -> Vec<StreamMessage> {
    let stream = &jetstream::new(client.clone()).get_stream(nats::LOG_STREAM).await.unwrap();
    let fetched = stream::iter(1..=stream.cached_info().state.last_sequence).map(|sequence| async move { stream.get_raw_message(sequence).await.unwrap() });
    fetched.buffered(64).collect().await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).as_str()
}

/// The leaf hash as a subscriber computes it, from a message alone.
fn leaf(message: &StreamMessage) -> Digest {
    let (recorded, publisher) = (header(&message.headers, "Handover-Recorded"), header(&message.headers, "Handover-Publisher"));
    let mut bytes = vec![0];
    bytes.extend((message.sequence - 1).to_be_bytes());
    bytes.extend(recorded.parse::<jiff::Timestamp>().unwrap().as_microsecond().to_be_bytes());
    bytes.push(u8::try_from(publisher.len()).unwrap());
    bytes.extend(publisher.as_bytes());
    bytes.extend(&message.payload[..]);
    Digest::of(&bytes)
}

/// Holds the whole stream against a ledger, and every leaf against the messages.
async fn is_exactly(client: &Client, reader: &Reader) {
    let (records, messages) = (audited(reader), messages(client).await);
    assert_eq!(messages.len(), records.len());
    for (record, message) in records.iter().zip(messages) {
        assert_eq!(message.sequence, record.position.get() + 1);
        assert_eq!(&message.payload[..], record.event);
        assert_eq!(header(&message.headers, "Handover-Position"), record.position.to_string());
        assert_eq!(header(&message.headers, "Handover-Publisher"), record.publisher.as_str());
        assert_eq!(header(&message.headers, "Handover-Recorded"), format!("{:.6}", record.recorded));
        assert_eq!(header(&message.headers, "Handover-Leaf"), record.leaf().to_string());
        assert_eq!(leaf(&message), record.leaf());
        let kind = announcement::decode(std::str::from_utf8(&record.event).unwrap()).unwrap().kind();
        assert_eq!(*message.subject, format!("handover.log.{}", kind.as_str()));
    }
}

/// What a node publishes of a record, made here anew.
pub(crate) fn by_hand(record: &Record) -> PublishMessage {
    let headers = [
        ("Handover-Position", record.position.to_string()),
        ("Handover-Recorded", format!("{:.6}", record.recorded)),
        ("Handover-Publisher", record.publisher.to_string()),
        ("Handover-Leaf", record.leaf().to_string()),
    ];
    let message = PublishMessage::build().payload(record.event.clone().into()).expected_last_sequence(record.position.get());
    headers.into_iter().fold(message, |message, (name, value)| message.header(name, value.as_str()))
}

/// Publishes whatever the stream lacks, without waiting for a turn.
async fn race(client: Client, reader: Reader) {
    let context = jetstream::new(client.clone());
    loop {
        let last = last_sequence(&client).await.unwrap();
        let mut acknowledgements = Vec::new();
        for record in reader.range(announcement::Position::new(last), 20).unwrap() {
            acknowledgements.push(context.send_publish("handover.log.completed", by_hand(&record)).await.unwrap());
        }
        for acknowledgement in acknowledgements {
            // Refused where somebody else was first.
            let _ = acknowledgement.await;
        }
        tokio::task::yield_now().await;
    }
}

async fn node_without_log(server: &NatsServer, dir: &Path) -> Node {
    Node::start_without_log(server, open(dir), nats::Options::default()).await
}

#[tokio::test]
async fn the_stream_has_every_record_with_every_byte_in_order_and_each_message_gives_its_leaf() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..600).await;
    publish_on(&node.client, "handover.announce.gate.other", [b" \r\n", &event(600)[..], b"\n"].concat()).await;
    publish_on(&node.client, SUBJECT, "{").await;
    let retraction = format!(
        r#"{{"specversion":"1.0","id":"{}","source":"urn:example","type":"org.handover.retracted.v1","data":{{"announced":"2026-01-30","announcer":{{"party":"RU"}},"target":{{"source":"urn:example","id":"{}"}},"reason":"a mistake"}}}}"#,
        crate::harness::id(700),
        crate::harness::id(3)
    );
    publish_on(&node.client, SUBJECT, retraction).await;
    publish(&node.client, [5]).await;
    holds(&node.ledger, 602).await;
    log_holds(&node.client, 602).await;
    is_exactly(&node.client, &node.ledger.reader()).await;
    assert_eq!(messages(&node.client).await[601].subject.as_str(), "handover.log.retracted");
    node.stop().await;
}

#[tokio::test]
async fn records_are_published_that_were_recorded_before_there_was_a_stream_and_while_a_node_was_away() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = node_without_log(&server, dir.path()).await;
    publish(&node.client, 0..3_000).await;
    holds(&node.ledger, 3_000).await;
    let node = node.with_log();
    log_holds(&node.client, 3_000).await;
    let client = node.client.clone();
    node.stop().await;
    publish(&client, 3_000..3_100).await;
    let node = Node::start(&server, dir.path()).await;
    log_holds(&node.client, 3_100).await;
    is_exactly(&node.client, &node.ledger.reader()).await;
    node.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_lost_is_filled_again_from_the_ledger() {
    let (mut server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..500).await;
    log_holds(&node.client, 500).await;
    jetstream::new(node.client.clone()).delete_stream(nats::LOG_STREAM).await.unwrap();
    log_holds(&node.client, 500).await;
    is_exactly(&node.client, &node.ledger.reader()).await;

    server.lose_store();
    server.restart();
    let client = client(&server).await;
    log_holds(&client, 500).await;
    is_exactly(&client, &node.ledger.reader()).await;
    node.stop().await;
}

#[tokio::test]
async fn whoever_else_publishes_at_the_same_time_the_stream_stays_exact_and_another_goes_on_when_one_is_gone() {
    let server = NatsServer::start();
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let node = node_without_log(&server, one.path()).await;
    let second = node_without_log(&server, other.path()).await;
    publish(&node.client, 0..2_000).await;
    holds(&node.ledger, 2_000).await;
    holds(&second.ledger, 2_000).await;
    let (node, second) = (node.with_log(), second.with_log());
    log_holds(&node.client, 2_000).await;
    for round in 0..3 {
        let (from, racing) = (2_000 + round * 310, tokio::spawn(race(node.client.clone(), node.ledger.reader())));
        for number in from..from + 300 {
            publish(&node.client, [number]).await;
        }
        holds(&node.ledger, from + 300).await;
        racing.abort();
        // One of the nodes has its turn again before the next round.
        publish(&node.client, from + 300..from + 310).await;
        log_holds(&node.client, from + 310).await;
    }
    node.stop().await;
    publish(&second.client, 2_930..3_400).await;
    log_holds(&second.client, 3_400).await;
    is_exactly(&second.client, &second.ledger.reader()).await;
    assert_eq!(*second.ledger.health().borrow(), event_store::Health::running());
    second.stop().await;
}

#[tokio::test]
async fn a_message_that_no_ledger_published_stops_the_node_that_has_another_record_there() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..20).await;
    log_holds(&node.client, 20).await;
    let forged = Record { position: announcement::Position::new(20), event: event(999).to_vec(), ..audited(&node.ledger.reader()).remove(19) };
    let context = jetstream::new(node.client.clone());
    context.send_publish("handover.log.completed", by_hand(&forged)).await.unwrap().await.unwrap();
    assert_eq!(node.ledger.health().borrow().intake, Part::Running, "it has nothing to hold against it yet");
    publish(&node.client, 20..30).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("the stream LEDGER holds another record at position 20") && remedy.contains("handover verify"), "{reason} {remedy}");
    assert!(audited(&node.ledger.reader())[20].event == event(20), "its ledger isn't changed");
    node.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_full_holds_up_neither_the_ledger_nor_its_receipts_and_goes_on_when_there_is_room() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let options = nats::Options { ledger_max_bytes: 100_000, ..nats::Options::default() };
    let node = Node::start_set(&server, open(dir.path()), options).await;
    publish(&node.client, 0..1_000).await;
    holds(&node.ledger, 1_000).await;
    let mut health = node.ledger.health();
    let full = timeout(PATIENCE, health.wait_for(|health| matches!(&health.log, Part::Waiting { reason } if reason.contains("maximum bytes")))).await;
    assert_eq!(full.unwrap().unwrap().intake, Part::Running);
    let context = jetstream::new(node.client.clone());
    let made = context.get_stream(nats::LOG_STREAM).await.unwrap().cached_info().config.clone();
    context.update_stream(jetstream::stream::Config { max_bytes: 1 << 30, ..made }).await.unwrap();
    log_holds(&node.client, 1_000).await;
    // What it gives keeps the health from being set as long as it lives.
    timeout(PATIENCE, health.wait_for(|health| health.log == Part::Running)).await.map(drop).unwrap();
    is_exactly(&node.client, &node.ledger.reader()).await;
    node.stop().await;
}

#[tokio::test]
async fn the_stream_can_neither_be_purged_nor_lose_a_message_and_is_refused_where_it_could() {
    let server = NatsServer::start();
    let client = client(&server).await;
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    let context = jetstream::new(client.clone());
    let stream = context.get_stream(nats::LOG_STREAM).await.unwrap();
    let made = stream.cached_info().config.clone();
    assert_eq!((made.subjects, made.deny_delete, made.deny_purge, made.max_bytes), (vec!["handover.log.*".to_owned()], true, true, 4 << 30));
    assert!(stream.purge().await.is_err() && stream.delete_message(1).await.is_err());
    context.delete_stream(nats::LOG_STREAM).await.unwrap();
    let open = jetstream::stream::Config { deny_purge: false, ..stream.cached_info().config.clone() };
    context.create_stream(open).await.unwrap();
    let differs = nats::prepare(&client, &nats::Options::default()).await.unwrap_err().to_string();
    assert!(differs.contains("the stream LEDGER has deny_purge false"), "{differs}");
}

/// A stream LEDGER of these records that an operator may still delete from.
async fn open_to_deletion(client: &Client, records: &[Record]) -> jetstream::stream::Stream {
    let context = jetstream::new(client.clone());
    let made = context.get_stream(nats::LOG_STREAM).await.unwrap().cached_info().config.clone();
    context.delete_stream(nats::LOG_STREAM).await.unwrap();
    context.create_stream(jetstream::stream::Config { deny_delete: false, deny_purge: false, ..made }).await.unwrap();
    for record in records {
        let kind = announcement::decode(std::str::from_utf8(&record.event).unwrap()).unwrap().kind();
        context.send_publish(format!("handover.log.{}", kind.as_str()), by_hand(record)).await.unwrap().await.unwrap();
    }
    context.get_stream(nats::LOG_STREAM).await.unwrap()
}

/// As it must be from now on.
async fn close_to_deletion(client: &Client, stream: &jetstream::stream::Stream) {
    let config = stream.cached_info().config.clone();
    jetstream::new(client.clone()).update_stream(jetstream::stream::Config { deny_delete: true, deny_purge: true, ..config }).await.unwrap();
}

/// A node of 300 records that neither publishes nor compares.
async fn with_records(server: &NatsServer, dir: &Path) -> (Node, Vec<Record>) {
    let node = node_without_log(server, dir).await;
    publish(&node.client, 0..300).await;
    holds(&node.ledger, 300).await;
    let records = audited(&node.ledger.reader());
    (node, records)
}

/// Waits until the stream of records goes on no more, and gives the reason and the remedy.
async fn log_stopped(node: &Node) -> (String, String) {
    let mut health = node.ledger.health();
    let found = timeout(PATIENCE, health.wait_for(|health| matches!(health.log, Part::Stopped { .. }))).await.map(|health| health.unwrap().log.clone());
    match found {
        Ok(Part::Stopped { reason, remedy, .. }) => (reason, remedy),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_is_missing_is_named_and_stops_the_stream_of_records_alone() {
    for (lost, named) in [(vec![101, 102, 150], "positions 100 to 101"), ((1..=40).collect(), "positions 0 to 39")] {
        let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
        let (node, records) = with_records(&server, dir.path()).await;
        let stream = open_to_deletion(&node.client, &records).await;
        for sequence in lost {
            assert!(stream.delete_message(sequence).await.unwrap());
        }
        close_to_deletion(&node.client, &stream).await;
        let node = node.with_log();
        let (reason, remedy) = log_stopped(&node).await;
        assert!(reason.contains("the stream LEDGER lacks the records") && reason.contains(named), "{reason}");
        assert!(remedy.contains("nats stream rm LEDGER"), "{remedy}");
        publish(&node.client, 300..310).await;
        holds(&node.ledger, 310).await;
        assert_eq!(node.ledger.health().borrow().intake, Part::Running);
        // The remedy, as it says.
        jetstream::new(node.client.clone()).delete_stream(nats::LOG_STREAM).await.unwrap();
        node.stop().await;
        let node = Node::start(&server, dir.path()).await;
        log_holds(&node.client, 310).await;
        is_exactly(&node.client, &node.ledger.reader()).await;
        node.stop().await;
    }
}

#[tokio::test]
async fn a_message_that_was_altered_long_before_a_node_starts_is_named() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let (node, mut records) = with_records(&server, dir.path()).await;
    // Its headers are the record's own: the body alone tells it.
    let altered = Record { event: event(9_999).to_vec(), ..records[77].clone() };
    let whole = std::mem::replace(&mut records[77], altered);
    let context = jetstream::new(node.client.clone());
    context.delete_stream(nats::LOG_STREAM).await.unwrap();
    nats::prepare(&node.client, &nats::Options::default()).await.unwrap();
    for record in &records {
        let message = if record.position == whole.position { by_hand(&whole).payload(event(9_999)) } else { by_hand(record) };
        context.send_publish("handover.log.completed", message).await.unwrap().await.unwrap();
    }
    let node = node.with_log();
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(
        reason.contains("the stream LEDGER holds another record at position 77 than this ledger") && remedy.contains("handover verify"),
        "{reason} {remedy}"
    );
    assert_eq!(audited(&node.ledger.reader()).len(), 300);
    node.stop().await;
}
