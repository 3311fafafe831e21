//! What a hostile or unlucky publisher, disk or reader may bring: the largest events and refusals, floods, full queues, more readers than volumes may be open.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicI64, Ordering},
};

use announcement::{Outcome, Position};
use bytes::Bytes;
use event_store::{Ledger, Options};
use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::harness::{SUBJECT, audited, event, id, open, submit};

/// Numbers that look random: they don't compress well.
pub(crate) fn noise(seed: u64) -> impl Iterator<Item = u64> {
    (0_u64..).map(move |number| {
        let mixed = (seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb)
    })
}

/// A claim of almost the largest size, most of it noise.
fn large_event(number: u64) -> Bytes {
    let mut digits = String::new();
    for noise in noise(number) {
        if digits.len() > 58_000 {
            break;
        }
        write!(digits, "{noise},").unwrap();
    }
    let plain = String::from_utf8(event(number).to_vec()).unwrap();
    let ext = format!(r#""data":{{"ext":{{"org.example.noise":[{digits}0]}},"#);
    plain.replacen(r#""data":{"#, &ext, 1).into()
}

#[tokio::test]
async fn volumes_of_the_largest_events_are_followed_sealed_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    for number in 0..300 {
        let receipt = ledger.submit(SUBJECT.to_owned(), Vec::new(), large_event(number)).await.unwrap();
        assert!(matches!(receipt.outcome, Outcome::Recorded { .. }), "{receipt:?}");
    }
    ledger.close().await;
    drop(ledger);
    let ledger = open(dir.path());
    let records = audited(&ledger.reader());
    assert_eq!(records.len(), 300);
    assert!(records.iter().zip(0..).all(|(record, number)| record.event == large_event(number)));
    ledger.close().await;
}

#[tokio::test]
async fn a_refusal_of_the_most_that_a_message_may_hold_is_kept_and_the_ledger_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let header = |name: &str, value: String| (name.to_owned(), value);
    let binary = vec![header("ce-specversion", "1.0".to_owned()), header("ce-x", "\u{1}".repeat(60_000))];
    for (subject, headers) in [(SUBJECT.to_owned(), binary), ("\u{1}".repeat(60_000), Vec::new())] {
        let receipt = ledger.submit(subject, headers, Bytes::from_static(b"{}")).await.unwrap();
        assert!(matches!(receipt.outcome, Outcome::Refused { .. }), "{receipt:?}");
    }
    submit(&ledger, 0..300, 64).await;
    ledger.close().await;
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!((ledger.head().refused, audited(&ledger.reader()).len()), (2, 300));
    assert_eq!(ledger.reader().refusals(0, 10).unwrap().len(), 2);
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_volumes_than_may_be_open_are_read_by_many_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let count = 24 * 256;
    submit(&ledger, 0..count, 1_000).await;
    ledger.close().await;
    drop(ledger);
    let ledger = open(dir.path());
    let readers = (0..4_u64).map(|seed| {
        let reader = ledger.reader();
        tokio::task::spawn_blocking(move || {
            for number in noise(seed).take(400).map(|noise| noise % count) {
                assert_eq!(reader.record(Position::new(number)).unwrap().unwrap().event, event(number));
                assert_eq!(reader.find(&crate::harness::local(), "urn:example", id(number)).unwrap(), Some(Position::new(number)));
            }
        })
    });
    let ended: Vec<_> = stream::iter(readers).buffer_unordered(4).collect().await;
    ended.into_iter().for_each(|ended| ended.unwrap());
    ledger.close().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_an_hour_does_not_take_what_is_recorded_with_it() {
    static HOUR: AtomicI64 = AtomicI64::new(500_000);
    let dir = tempfile::tempdir().unwrap();
    let clock = || Timestamp::from_second(HOUR.load(Ordering::Relaxed) * 3_600).unwrap();
    let options = || Options { volume_records: 256, ..Options::new(dir.path().to_owned(), clock) };
    let mut recorded = Vec::new();
    for number in 0..6 {
        let ledger = Ledger::open(options()).unwrap();
        submit(&ledger, [2 * number, 2 * number + 1], 2).await;
        recorded = audited(&ledger.reader()).iter().map(|record| record.recorded.as_second() / 3_600).collect();
        ledger.close().await;
        HOUR.fetch_add(if number == 2 { 5 } else { -1 }, Ordering::Relaxed);
    }
    assert_eq!(recorded, [0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3].map(|hours| 500_000 + hours));
}
