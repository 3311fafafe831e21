//! The ledger without a queue: what is receipted stays, once, in order.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use announcement::{Fault, Kind, Outcome, Position, Receipt};
use bytes::Bytes;
use event_store::{Ledger, OpenError, Options, SubmitError};
use jiff::Timestamp;

fn clock() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn open(dir: &Path) -> Ledger {
    Ledger::open(Options { dir: dir.to_owned(), clock }).unwrap()
}

fn corpus() -> Vec<String> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samples");
    ["reference-article", "public-record"]
        .iter()
        .flat_map(|name| std::fs::read_to_string(samples.join(format!("{name}.jsonl"))).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

async fn submit(ledger: &Ledger, event: &str) -> Receipt {
    let kind = announcement::decode(event).map_or(Kind::Completed, |announcement| announcement.kind());
    let subject = announcement::Route::of(kind, announcement::Publisher::local()).to_string();
    ledger.submit(subject, Vec::new(), Bytes::from(event.to_owned())).await.unwrap()
}

#[tokio::test]
async fn the_real_announcements_are_recorded_once_and_found_again_after_opening_anew() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let corpus = corpus();
    let mut receipts = Vec::new();
    for (number, event) in corpus.iter().enumerate() {
        let receipt = submit(&ledger, event).await;
        assert!(matches!(receipt.outcome, Outcome::Recorded { position, .. } if position.get() == number as u64), "{receipt:?} for {event}");
        receipts.push(receipt);
    }
    let head = ledger.head();
    ledger.close().await;
    drop(ledger);

    let ledger = open(dir.path());
    assert_eq!(ledger.head(), head);
    let records = ledger.reader().range(Position::new(0), 1_000).unwrap();
    assert_eq!(records.len(), corpus.len());
    for ((record, event), receipt) in records.iter().zip(&corpus).zip(&receipts) {
        assert_eq!(record.event, event.as_bytes());
        assert_eq!(receipt.outcome, Outcome::Recorded { position: record.position, recorded: record.recorded, leaf: record.leaf() });
        assert_eq!(ledger.reader().receipt(&record.publisher, receipt.digest, None).unwrap().as_ref(), Some(receipt));
        assert_eq!(submit(&ledger, event).await.outcome, Outcome::Duplicate { position: record.position });
    }
    assert_eq!(ledger.head(), head);
}

#[tokio::test]
async fn the_same_identity_with_other_content_is_a_conflict_and_is_kept_among_the_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let event = &corpus()[0];
    submit(&ledger, event).await;
    let other = event.replace("\"exact\":1000", "\"exact\":1001");
    for _ in 0..2 {
        assert!(matches!(submit(&ledger, &other).await.outcome, Outcome::Refused { problem } if problem.is(Fault::Conflict)));
    }
    let spaced = event.replace("{\"party\"", "{ \"party\"");
    assert_eq!(submit(&ledger, &spaced).await.outcome, Outcome::Duplicate { position: Position::new(0) });
    ledger.close().await;
    let refusals = ledger.reader().refusals(0, 10).unwrap();
    assert_eq!((refusals.len(), refusals[0].times, ledger.head().size), (1, 2, 1));
    assert_eq!(ledger.reader().refused_bytes(0).unwrap().unwrap(), other.as_bytes());
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_refused_and_a_closed_ledger_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let second = Ledger::open(Options { dir: dir.path().to_owned(), clock });
    assert!(matches!(second, Err(OpenError::Store(durable::OpenError::Locked { pid, .. })) if pid == std::process::id().to_string()));
    ledger.close().await;
    let late = ledger.submit("handover.announce.local".to_owned(), Vec::new(), Bytes::new()).await;
    assert!(matches!(late, Err(SubmitError::Stopped(_))));
}
