//! What is asked of a ledger after something went wrong: every receipt is honoured, no position is missing, and the read models are a fold from zero.

use std::{collections::BTreeMap, path::Path};

use announcement::{Outcome, Position, Receipt, Record};
use blackbox::{Handover, http};
use event_store::{Ledger, Options};
use projection::{Book, ChannelsQuery, TimelineQuery, TotalsQuery, channels, timeline, totals};
use serde_json::{Value, json};

/// Checks a running server and then, once it has ended, its data folder.
pub(crate) fn audit(server: Handover, data: &Path, receipts: &[Receipt]) {
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
    let timeline = timeline(&book, &TimelineQuery { limit: 100, ..TimelineQuery::default() });
    let folded = [json!(timeline), json!(totals(&book, &TotalsQuery::default())), json!(channels(&book, &ChannelsQuery::default()))];
    assert_eq!(answers, folded);
}

fn position(receipt: &Receipt) -> u64 {
    match &receipt.outcome {
        Outcome::Recorded { position, .. } | Outcome::Duplicate { position } => position.get(),
        Outcome::Refused { problem } => panic!("{problem:?}"),
    }
}

fn honoured(receipt: &Receipt, records: &[Record]) {
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
