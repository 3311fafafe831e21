use std::path::Path;

use announcement::{Position, Publisher, Record};
use blackbox::PATIENCE;
use bytes::Bytes;
use event_store::{Frontier, Ledger, Options, Part, Reader};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use uuid::Uuid;

pub(crate) const SUBJECT: &str = "handover.announce.local";

pub(crate) fn open(dir: &Path) -> Ledger {
    Ledger::open(options(dir)).unwrap()
}

/// Small volumes, so that many of them begin and are sealed.
pub(crate) fn options(dir: &Path) -> Options {
    Options { volume_records: 256, ..Options::new(dir.to_owned(), Timestamp::now) }
}

pub(crate) fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0000_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// A claim that no other number gives.
pub(crate) fn event(number: u64) -> Bytes {
    let (id, count) = (id(number), number % 1_000);
    let data = r#"{"announced":"2026-01-29","announcer":{"party":"RU","office":"presidential aide"},"exchange":{"date":"2026-01-29"},"#;
    let transfers = format!(r#""transfers":[{{"from":"RU","to":"UA","counts":[{{"category":"bodies","count":{{"exact":{count}}}}}]}}]}}}}"#);
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"urn:example","type":"org.handover.completed.v1","data":{data}{transfers}"#).into()
}

/// Submits these events, at most `window` of them waiting at a time, and gives their positions.
pub(crate) async fn submit(ledger: &Ledger, numbers: impl IntoIterator<Item = u64>, window: usize) -> Vec<u64> {
    let one = |number| async move {
        let receipt = ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number)).await.unwrap();
        match receipt.outcome {
            announcement::Outcome::Recorded { position, .. } | announcement::Outcome::Duplicate { position } => position.get(),
            announcement::Outcome::Refused { problem } => panic!("{problem}"),
        }
    };
    stream::iter(numbers).map(one).buffered(window).collect().await
}

/// Every record, after a look at what holds for every ledger: no gap, no way back in time, and the root of exactly these records.
pub(crate) fn audited(reader: &Reader) -> Vec<Record> {
    let head = reader.head();
    let mut records: Vec<Record> = Vec::new();
    let mut tree = Frontier::default();
    loop {
        let page = reader.range(Position::new(records.len() as u64), 1_000).unwrap();
        if page.is_empty() {
            break;
        }
        for record in page {
            assert_eq!(record.position.get(), records.len() as u64);
            assert!(records.last().is_none_or(|last| last.recorded <= record.recorded));
            tree.append(record.leaf());
            let envelope = announcement::decode(std::str::from_utf8(&record.event).unwrap()).unwrap().envelope;
            assert_eq!(reader.find(&record.publisher, &envelope.source, envelope.id).unwrap(), Some(record.position));
            records.push(record);
        }
    }
    assert_eq!((head.size, head.root), (tree.size(), tree.root()));
    records
}

pub(crate) fn local() -> Publisher {
    Publisher::local()
}

/// Waits until the intake stops, and gives the reason and the remedy.
pub(crate) async fn stopped(ledger: &Ledger) -> (String, String) {
    let mut health = ledger.health();
    let found = tokio::time::timeout(PATIENCE, health.wait_for(|health| matches!(health.intake, Part::Stopped { .. }))).await;
    match found.expect("the intake stops in time").unwrap().intake.clone() {
        Part::Stopped { reason, remedy, .. } => (reason, remedy),
        other => panic!("{other:?}"),
    }
}

/// Waits until the ledger holds this many records.
pub(crate) async fn holds(ledger: &Ledger, size: u64) {
    if let Err(error) = ledger.reader().wait_for(size, PATIENCE).await {
        panic!("{error}: {:?} {:?}", ledger.head(), *ledger.health().borrow());
    }
}
