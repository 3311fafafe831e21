//! The ledger without a queue: what is receipted stays, once, in order.

use std::{path::Path, time::Duration};

use announcement::{Fault, Kind, Outcome, Position, Receipt};
use bytes::Bytes;
use event_store::{Ledger, OpenError, Options, ReadError, SubmitError, Verification, VerificationError, note_verification};
use futures::StreamExt;
use jiff::Timestamp;

use crate::harness::{self, SUBJECT, audited};

fn clock() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn open(dir: &Path) -> Ledger {
    Ledger::open(Options::new(dir.to_owned(), clock)).unwrap()
}

fn corpus() -> Vec<String> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samples");
    ["reference-article", "public-record"]
        .iter()
        .flat_map(|name| std::fs::read_to_string(samples.join(format!("{name}.jsonl"))).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn frames(dir: &Path) -> Vec<durable::Frame> {
    let mut reader = durable::Folder::take(dir).unwrap().open_journal(0, 0).unwrap();
    std::iter::from_fn(|| reader.next_frame().unwrap()).collect()
}

/// Appends a frame with another head or state than the last one's.
fn append(dir: &Path, change: impl FnOnce(durable::FrameHead, String) -> (durable::FrameHead, String)) {
    let last = frames(dir).pop().unwrap();
    let at = last.payload.windows(9).position(|bytes| bytes == b"{\"format\"").unwrap();
    let head = durable::FrameHead { first_position: last.head.size, ..last.head };
    let (head, state) = change(head, String::from_utf8(last.payload[at..].to_vec()).unwrap());
    let length = u32::try_from(state.len()).unwrap().to_be_bytes();
    let folder = durable::Folder::take(dir).unwrap();
    let mut reader = folder.open_journal(0, 0).unwrap();
    while reader.next_frame().unwrap().is_some() {}
    reader.finish().unwrap().append(&head, &[b"S", &length[..], state.as_bytes()].concat()).unwrap();
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
    ledger.close().await;
    let head = ledger.head();
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
    let second = Ledger::open(Options::new(dir.path().to_owned(), clock));
    assert!(matches!(second, Err(OpenError::Store(durable::OpenError::Locked { pid, .. })) if pid == std::process::id().to_string()));
    ledger.close().await;
    let late = ledger.submit("handover.announce.local".to_owned(), Vec::new(), Bytes::new()).await;
    assert!(matches!(late, Err(SubmitError::Stopped(_))));
}

#[tokio::test]
async fn what_waits_shares_a_commit_and_keeps_its_order() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let positions = harness::submit(&ledger, 0..4_000, 4_000).await;
    assert_eq!(positions, (0..4_000).collect::<Vec<_>>());
    ledger.close().await;
    assert_eq!(audited(&ledger.reader()).len(), 4_000);
    drop(ledger);
    let frames = frames(dir.path()).len();
    assert!((4..400).contains(&frames), "{frames} commits: at most 1,024 messages each, and never one a message");
}

#[tokio::test]
async fn what_waits_is_bounded_and_a_message_too() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let large = |size: usize| ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from(vec![b' '; size]));
    assert!(matches!(large(64 << 10).await, Err(SubmitError::TooLarge { .. })));
    assert!(matches!(large(61_441).await.unwrap().outcome, Outcome::Refused { problem } if problem.is(Fault::TooLarge)));
    let all = futures::future::join_all((0..1_000).map(|_| large(60_000))).await;
    let (busy, decided): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| matches!(one, Err(SubmitError::Busy)));
    assert!(decided.len() > 500 && !busy.is_empty(), "{} decided, {} not taken", decided.len(), busy.len());
    assert!(decided.iter().all(Result::is_ok));
    assert!(large(60_000).await.is_ok(), "there is room again");
}

#[tokio::test]
async fn readers_follow_what_is_recorded_from_any_position() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    harness::submit(&ledger, 0..700, 100).await;
    let mut following = Box::pin(ledger.reader().follow(Position::new(10)));
    let mut next = 10;
    while next < 1_400 {
        if next == 700 {
            harness::submit(&ledger, 700..1_400, 100).await;
        }
        let page = following.next().await.unwrap().unwrap();
        assert!((1..=256).contains(&page.len()));
        for record in page {
            assert_eq!(record.position.get(), next);
            next += 1;
        }
    }
    assert_eq!(ledger.reader().wait_for(1_400, Duration::ZERO).await.unwrap().size, 1_400);
    let late = ledger.reader().wait_for(1_401, Duration::from_millis(20)).await;
    assert!(matches!(late, Err(ReadError::TimedOut { size: 1_401 })));
    ledger.close().await;
    assert!(following.next().await.is_none(), "it ends with the ledger");
}

#[tokio::test]
async fn every_decision_can_be_asked_for_by_its_digest() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let event = &corpus()[0];
    let spaced = event.replace("{\"party\"", "{ \"party\"");
    let other = event.replace("\"exact\":1000", "\"exact\":1001");
    let receipts = [submit(&ledger, event).await, submit(&ledger, &spaced).await, submit(&ledger, &other).await];
    ledger.close().await;
    let names = announcement::decode(event).unwrap().envelope;
    for names in [None, Some((names.source.as_str(), names.id))] {
        for receipt in &receipts {
            let found = ledger.reader().receipt(&harness::local(), receipt.digest, names).unwrap().unwrap();
            assert_eq!(found.outcome, receipt.outcome);
        }
    }
    let unknown = announcement::Digest::of(b"unknown");
    assert_eq!(ledger.reader().receipt(&harness::local(), unknown, None).unwrap(), None);
    assert_eq!(ledger.reader().receipt(&"other".parse().unwrap(), receipts[0].digest, None).unwrap(), None);
}

#[tokio::test]
async fn a_folder_of_another_format_or_of_unknown_rules_is_refused_and_left_as_it_is() {
    for (from, to, expect) in [("\"format\":2", "\"format\":9", "is of format 9"), ("\"rules\":1", "\"rules\":9", "version 9 of the rules")] {
        let dir = tempfile::tempdir().unwrap();
        let ledger = open(dir.path());
        submit(&ledger, &corpus()[0]).await;
        ledger.close().await;
        drop(ledger);
        append(dir.path(), |head, state| {
            assert!(state.contains(from), "{state}");
            (head, state.replace(from, to))
        });
        let error = Ledger::open(Options::new(dir.path().to_owned(), clock)).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}

#[tokio::test]
async fn a_state_that_the_records_do_not_give_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    submit(&ledger, &corpus()[0]).await;
    ledger.close().await;
    drop(ledger);
    append(dir.path(), |head, state| (durable::FrameHead { root: [7; 32], ..head }, state));
    let error = Ledger::open(Options::new(dir.path().to_owned(), clock)).unwrap_err();
    assert!(matches!(error, OpenError::Altered { size: 1, journal_size: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_verification_is_noted_of_this_ledger_alone_and_a_note_that_was_altered_is_none() {
    let dir = tempfile::TempDir::new().unwrap();
    let ledger = open(dir.path());
    for event in corpus().into_iter().take(5) {
        ledger.submit(SUBJECT.to_owned(), Vec::new(), event.into()).await.unwrap();
    }
    assert_eq!(ledger.verification().unwrap(), None, "nobody verified it yet");
    let head = ledger.head();
    let whole = Verification { size: head.size, root: head.root, damage: 0, verified: clock() };
    let others = [Verification { size: 4, ..whole.clone() }, Verification { size: 6, ..whole.clone() }];
    for other in others {
        assert!(matches!(ledger.note_verification(&other), Err(VerificationError::Other { .. })), "{other:?}");
    }
    assert!(matches!(note_verification(dir.path(), &whole), Err(VerificationError::Write(_))), "somebody has the folder");
    assert_eq!(ledger.verification().unwrap(), None);
    ledger.note_verification(&whole).unwrap();
    assert_eq!(ledger.reader().verification().unwrap(), Some(whole.clone()));
    let note = dir.path().join("last-verification");
    let bytes = std::fs::read(&note).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&note, damaged).unwrap();
        assert_eq!(ledger.verification().unwrap(), None, "{at}");
    }
    std::fs::write(&note, bytes).unwrap();
    ledger.close().await;
    drop(ledger);

    // Killed while the next one was being written: the one before stands.
    std::fs::write(dir.path().join("last-verification.new"), b"half of").unwrap();
    let ledger = open(dir.path());
    assert_eq!(ledger.verification().unwrap(), Some(whole.clone()));
    ledger.close().await;
    drop(ledger);
    // What a damaged ledger gives is no root of its tree, and is told all the same.
    let damaged = Verification { size: 3, damage: 2, ..whole };
    note_verification(dir.path(), &damaged).unwrap();
    assert_eq!(open(dir.path()).verification().unwrap(), Some(damaged));
}
