//! Volumes: they begin, are sealed, are read, and are damaged.

use std::{
    fs,
    path::{Path, PathBuf},
};

use announcement::{Outcome, Position};
use blackbox::wait_for;
use bytes::Bytes;
use event_store::{Ledger, OpenError, Part};
use serde_json::json;

use crate::harness::{SUBJECT, audited, event, id, local, open, options, submit};

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains('-'));
    names.sort();
    names
}

fn sealed(ledger: &Ledger, dir: &Path, count: usize) {
    wait_for("the full volumes to be sealed", blackbox::PATIENCE, || {
        assert_eq!(ledger.health().borrow().writer, Part::Running);
        let names = names(dir);
        let (sealed, others): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.starts_with("sealed-") && !name.ends_with(".new"));
        (sealed.len() == count && others.len() == 2).then_some(())
    });
}

/// 1,500 records in volumes of 256: five are sealed, the sixth is written.
async fn filled(dir: &Path) -> Ledger {
    let ledger = open(dir);
    submit(&ledger, 0..1_500, 100).await;
    sealed(&ledger, dir, 5);
    ledger
}

#[tokio::test]
async fn full_volumes_are_sealed_and_read_like_the_one_that_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = filled(dir.path()).await;
    assert_eq!(
        names(dir.path()),
        ["active-00000005", "journal-00000005", "sealed-00000000", "sealed-00000001", "sealed-00000002", "sealed-00000003", "sealed-00000004"]
    );
    let head = ledger.head();
    for _ in 0..3 {
        assert_eq!(ledger.head(), head);
        assert_eq!(audited(&ledger.reader()).len(), 1_500);
        for number in [0, 255, 256, 700, 1_279, 1_280, 1_499] {
            let receipt = ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number)).await.unwrap();
            assert_eq!(receipt.outcome, Outcome::Duplicate { position: Position::new(number) });
            assert_eq!(ledger.reader().find(&local(), "urn:example", id(number)).unwrap(), Some(Position::new(number)));
            assert!(
                matches!(ledger.reader().receipt(&local(), receipt.digest, None).unwrap().unwrap().outcome, Outcome::Recorded { position, .. } if position.get() == number)
            );
        }
        let key = "ru-ua/bodies/2026-01-29".parse().unwrap();
        let about = ledger.reader().about(&key, Position::new(250), 20).unwrap();
        assert_eq!(about, (250..270).map(Position::new).collect::<Vec<_>>());
        ledger.close().await;
        drop(ledger);
        ledger = open(dir.path());
    }
}

#[tokio::test]
async fn refusals_and_what_they_keep_go_from_volume_to_volume() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let large = Bytes::from([b"{", &b" ".repeat(50_000)[..]].concat());
    for (number, body) in [large.clone(), Bytes::from_static(b"["), Bytes::from_static(b"no")].into_iter().enumerate() {
        ledger.submit(SUBJECT.to_owned(), Vec::new(), body).await.unwrap();
        submit(&ledger, number as u64 * 300..(number as u64 + 1) * 300, 64).await;
    }
    sealed(&ledger, dir.path(), 3);
    for _ in 0..2 {
        assert_eq!(ledger.reader().refusals(0, 10).unwrap().len(), 3);
        assert_eq!(ledger.reader().refused_bytes(0).unwrap().unwrap(), large);
    }
    ledger.close().await;
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!(ledger.reader().refused_bytes(0).unwrap().unwrap(), large);
    assert_eq!((ledger.head().refused, ledger.head().size), (3, 900));
    ledger.close().await;
}

#[tokio::test]
async fn a_missing_sealed_volume_or_journal_is_named_with_its_positions() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let moved = |name: &str| (dir.path().join(name), dir.path().join(format!("away.{name}")));
    let (there, away) = moved("sealed-00000002");
    fs::rename(&there, &away).unwrap();
    let error = Ledger::open(options(dir.path())).unwrap_err();
    assert!(matches!(error, OpenError::VolumeMissing { volume: 2, first: 512, last: 767 }), "{error}");
    fs::rename(&away, &there).unwrap();
    let (there, away) = moved("journal-00000005");
    fs::rename(&there, &away).unwrap();
    let error = Ledger::open(options(dir.path())).unwrap_err();
    assert!(matches!(error, OpenError::Store(durable::OpenError::JournalMissing { position: 1_280, .. })), "{error}");
    fs::rename(&away, &there).unwrap();
    assert_eq!(audited(&open(dir.path()).reader()).len(), 1_500);
}

#[tokio::test]
async fn a_journal_that_lost_its_last_frame_after_a_close_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let journal = dir.path().join("journal-00000005");
    let whole = fs::read(&journal).unwrap();
    for damaged in [whole[..whole.len() - 1].to_vec(), flipped(&whole, whole.len() - 1)] {
        fs::write(&journal, &damaged).unwrap();
        // Without sled only the note knows how long it was.
        fs::remove_dir_all(dir.path().join("active-00000005")).unwrap();
        for _ in 0..2 {
            let error = Ledger::open(options(dir.path())).unwrap_err();
            assert!(matches!(error, OpenError::Store(durable::OpenError::JournalShort { .. })), "{error}");
            assert_eq!(fs::read(&journal).unwrap(), damaged, "it's left as it was, however often it's tried");
        }
    }
    fs::write(&journal, &whole).unwrap();
    assert_eq!(audited(&open(dir.path()).reader()).len(), 1_500);
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 4;
    bytes
}

#[tokio::test]
async fn a_damaged_summary_is_made_anew_from_its_volume() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let summary: PathBuf = dir.path().join("sealed-00000003/summary");
    let whole = fs::read(&summary).unwrap();
    for damaged in [flipped(&whole, 60), flipped(&whole, whole.len() / 2), Vec::new()] {
        fs::write(&summary, damaged).unwrap();
        let ledger = open(dir.path());
        assert_eq!(ledger.reader().find(&local(), "urn:example", id(800)).unwrap(), Some(Position::new(800)));
        ledger.close().await;
        assert_eq!(fs::read(&summary).unwrap().len(), whole.len());
    }
}

/// Everything that's found in a copy of a folder.
fn verified(dir: &Path) -> event_store::Verified {
    let copy = tempfile::tempdir().unwrap();
    event_store::copy(dir, copy.path()).unwrap();
    let (volumes, records) = event_store::volumes(copy.path()).unwrap();
    assert_eq!(records, 256);
    event_store::Verified::of(volumes.into_iter().map(|volume| event_store::verify_volume(copy.path(), volume, records).unwrap()).collect())
}

#[tokio::test]
async fn a_ledger_with_corrections_and_retractions_verifies_whole() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path()).await;
    for number in 0..600_u64 {
        let target = json!({"source": "urn:example", "id": id(number)});
        let retracted = json!({"specversion": "1.0", "id": id(1 << 30 | number), "source": "urn:example", "type": "org.handover.retracted.v1",
            "data": {"announced": "2026-01-30", "announcer": {"party": "RU", "office": "presidential aide"}, "target": target, "reason": "withdrawn"}});
        let receipt = ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from(retracted.to_string())).await.unwrap();
        assert!(matches!(receipt.outcome, Outcome::Recorded { .. }), "{receipt:?}");
    }
    ledger.close().await;
    let head = ledger.head();
    drop(ledger);
    let verified = verified(dir.path());
    assert_eq!((verified.size, verified.root, verified.volumes, verified.damage), (2_100, head.root, 9, Vec::new()));
    assert_eq!(verified.entries, 1_500 * 3 + 600 * 3, "event, digest and exchange of each claim; event, digest and target of each retraction");
}

#[tokio::test]
async fn whatever_is_altered_in_a_sealed_volume_is_named() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let db = dir.path().join("sealed-00000002/db");
    let whole = fs::read(&db).unwrap();
    let used = whole.iter().rposition(|&byte| byte != 0).unwrap();
    let mut noticed = 0;
    for part in 0..24 {
        let at = used * part / 24;
        fs::write(&db, flipped(&whole, at)).unwrap();
        let found = std::panic::catch_unwind(|| verified(dir.path()));
        // A bit in a stale page of sled's log alters nothing, and nothing is what is reported then.
        let Ok(found) = found else {
            noticed += 1;
            continue;
        };
        for damage in &found.damage {
            assert!(damage.positions.is_none_or(|[first, last]| first <= last && last < 1_500), "{damage:?}");
        }
        noticed += u32::from(!found.damage.is_empty());
        if found.damage.is_empty() {
            assert_eq!(found.size, 1_500);
        }
    }
    assert!(noticed > 8, "{noticed} of 24");
    fs::write(&db, &whole).unwrap();
    assert_eq!(verified(dir.path()).damage, []);
}

#[tokio::test]
async fn a_journal_without_a_whole_first_frame_is_damaged_and_no_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from_static(b"{")).await.unwrap();
    submit(&ledger, 0..512, 512).await;
    ledger.close().await;
    drop(ledger);
    // The next volume begins with the first message after the last one is full: here with one that's recorded already.
    let ledger = open(dir.path());
    submit(&ledger, [0], 1).await;
    ledger.close().await;
    drop(ledger);
    let journal = dir.path().join("journal-00000002");
    let whole = fs::read(&journal).unwrap();
    fs::remove_file(dir.path().join("clean")).unwrap();
    fs::remove_dir_all(dir.path().join("active-00000002")).unwrap();
    for damaged in [whole[..16].to_vec(), whole[..200].to_vec(), flipped(&whole[..first_frame(&whole)], 100)] {
        fs::write(&journal, &damaged).unwrap();
        let error = Ledger::open(options(dir.path())).unwrap_err();
        assert!(matches!(error, OpenError::Store(durable::OpenError::JournalDamaged { position: 512, .. })), "{error}");
        assert_eq!(fs::read(&journal).unwrap(), damaged);
    }
    fs::write(&journal, &whole).unwrap();
    assert_eq!(open(dir.path()).reader().refusals(0, 10).unwrap().len(), 1);
}

/// Where a journal's first frame ends: header, head, payload.
fn first_frame(journal: &[u8]) -> usize {
    16 + 76 + usize::try_from(u32::from_be_bytes(journal[20..24].try_into().unwrap())).unwrap()
}

#[tokio::test]
async fn a_journal_that_is_missing_is_found_out_by_the_note_or_by_its_sled() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    submit(&ledger, 0..256, 256).await;
    ledger.close().await;
    drop(ledger);
    let full = fs::read(dir.path().join("journal-00000000")).unwrap();
    let ledger = open(dir.path());
    submit(&ledger, 256..300, 64).await;
    ledger.close().await;
    drop(ledger);
    let (journal, clean) = (dir.path().join("journal-00000001"), dir.path().join("clean"));
    let written = fs::read(&journal).unwrap();
    // As if the first volume had not been sealed yet.
    fs::remove_dir_all(dir.path().join("sealed-00000000")).unwrap();
    fs::write(dir.path().join("journal-00000000"), &full).unwrap();
    fs::remove_file(&journal).unwrap();
    let missing = || {
        let error = Ledger::open(options(dir.path())).unwrap_err();
        assert!(matches!(error, OpenError::Store(durable::OpenError::JournalMissing { position: 256, .. })), "{error}");
    };
    missing();
    let note = fs::read(&clean).unwrap();
    fs::remove_file(&clean).unwrap();
    missing();
    fs::write(&clean, note).unwrap();
    fs::remove_dir_all(dir.path().join("active-00000001")).unwrap();
    missing();
    fs::write(&journal, written).unwrap();
    assert_eq!(audited(&open(dir.path()).reader()).len(), 300);
}

#[tokio::test]
async fn a_folder_with_volumes_of_another_size_is_refused_by_name_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let journal = fs::read(dir.path().join("journal-00000005")).unwrap();
    let error = Ledger::open(event_store::Options { volume_records: 512, ..options(dir.path()) }).unwrap_err();
    assert!(matches!(error, OpenError::Volumes { found: 256, expected: 512 }), "{error}");
    assert_eq!(fs::read(dir.path().join("journal-00000005")).unwrap(), journal);
    assert_eq!(audited(&open(dir.path()).reader()).len(), 1_500);
}

#[tokio::test]
async fn reading_a_sealed_volume_leaves_its_files_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let sealed = |name: &str| fs::read(dir.path().join("sealed-00000001").join(name)).unwrap();
    let before = ["conf", "db", "summary"].map(sealed);
    for _ in 0..2 {
        let ledger = open(dir.path());
        assert_eq!(audited(&ledger.reader()).len(), 1_500);
        ledger.close().await;
    }
    let after = ["conf", "db", "summary"].map(sealed);
    assert!(before == after, "sled writes what it only reads");
}
