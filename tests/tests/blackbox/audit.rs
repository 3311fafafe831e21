//! What is asked of a ledger after something went wrong: every receipt is honoured, no position is missing, and the read models are a fold from zero.

use std::{collections::BTreeMap, path::Path};

use announcement::{Outcome, Position, Receipt, Record};
use async_nats::jetstream::{
    self,
    consumer::{OrderedPullConsumer, pull::OrderedConfig},
};
use blackbox::{Handover, NatsServer, PATIENCE, handover_command, http, wait_for};
use event_store::{Ledger, Options};
use futures::StreamExt;
use projection::{Book, ChannelsQuery, TimelineQuery, TotalsQuery, channels, timeline, totals};
use serde_json::{Value, json};

/// Checks a running server and then, once it has ended, its data folder, and gives its records.
pub(crate) fn audit(server: Handover, data: &Path, receipts: &[Receipt]) -> Vec<Record> {
    // A receipt leaves before readers have its record, and the read models follow: they are asked for the last one of all.
    let head = http::get(&server.url("/v1/records?limit=1")).json()["as_of"]["position"].as_u64().unwrap();
    let last = receipts.iter().map(position).fold(head, u64::max);
    let answers = ["/v1/exchanges?limit=100&", "/v1/totals?", "/v1/channels?"].map(|path| {
        let answer = http::get(&server.url(&format!("{path}at_least={last}")));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    });
    assert_eq!(server.terminate(), Some(0));

    let records = records(data);
    for (place, record) in records.iter().enumerate() {
        assert_eq!(record.position, Position::new(place as u64));
    }
    let mut identities = BTreeMap::new();
    for record in &records {
        let event: Value = serde_json::from_slice(&record.event).unwrap();
        let before = identities.insert((event["source"].to_string(), event["id"].to_string()), record.position);
        assert_eq!(before, None, "recorded twice: {event}");
    }
    for receipt in receipts {
        honoured(receipt, &records);
    }
    let mut book = Book::default();
    for record in &records {
        book.apply(record).unwrap();
    }
    let timeline = timeline(book.now(), &TimelineQuery { limit: 100, ..TimelineQuery::default() });
    let folded = [json!(timeline), json!(totals(book.now(), &TotalsQuery::default())), json!(channels(book.now(), &ChannelsQuery::default()))];
    assert_eq!(answers, folded);
    records
}

/// Waits until the stream LEDGER is as long as the ledger of a server that runs.
pub(crate) fn wait_for_log(data: &Path) {
    wait_for("the stream of records to be complete", PATIENCE, || {
        let status = handover_command(&["ledger", "status", "--data", data.to_str().unwrap()], b"");
        let status: Value = serde_json::from_str(&status.stdout).ok()?;
        (status["log"]["last_sequence"] == status["head"]["size"]).then_some(())
    });
}

/// Holds the whole stream LEDGER against the records, byte by byte.
pub(crate) fn published(nats: &NatsServer, records: &[Record]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let context = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
        let stream = context.get_stream(event_store::nats::LOG_STREAM).await.unwrap();
        let state = &stream.cached_info().state;
        assert_eq!((state.messages, state.last_sequence), (records.len() as u64, records.len() as u64));
        let consumer: OrderedPullConsumer = stream.create_consumer(OrderedConfig::default()).await.unwrap();
        let messages: Vec<_> = consumer.messages().await.unwrap().take(records.len()).collect().await;
        for (record, message) in records.iter().zip(messages) {
            let message = message.unwrap();
            assert_eq!(message.info().unwrap().stream_sequence, record.position.get() + 1);
            assert_eq!(&message.payload[..], record.event);
            let headers = message.headers.as_ref().unwrap();
            let expected = [record.position.to_string(), record.publisher.to_string(), record.leaf().to_string()];
            assert_eq!(["Handover-Position", "Handover-Publisher", "Handover-Leaf"].map(|name| headers.get(name).unwrap().to_string()), expected);
        }
    });
}

fn position(receipt: &Receipt) -> u64 {
    match &receipt.outcome {
        Outcome::Recorded { position, .. } | Outcome::Duplicate { position } => position.get(),
        Outcome::Refused { problem } => panic!("{problem:?}"),
    }
}

pub(crate) fn honoured(receipt: &Receipt, records: &[Record]) {
    let position = position(receipt);
    let record = records.get(usize::try_from(position).unwrap()).unwrap_or_else(|| panic!("receipted at {position} and lost"));
    let event: Value = serde_json::from_slice(&record.event).unwrap();
    assert_eq!(event["id"].as_str(), receipt.id.as_deref(), "another event is at {position}");
    if let Outcome::Recorded { leaf, .. } = &receipt.outcome {
        assert_eq!(*leaf, record.leaf(), "altered at {position}");
    }
}

/// All records of a data folder that no process has open.
pub(crate) fn records(data: &Path) -> Vec<Record> {
    let ledger = Ledger::open(Options::new(data.join("ledger"), jiff::Timestamp::now)).unwrap();
    let reader = ledger.reader();
    let mut records = Vec::new();
    while (records.len() as u64) < ledger.head().size {
        records.extend(reader.range(Position::new(records.len() as u64), 1_000).unwrap());
    }
    records
}
