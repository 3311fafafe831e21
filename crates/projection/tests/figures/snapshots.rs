//! A book that was saved and read again is the same book.

use std::sync::RwLock;

use announcement::{Digest, Position, Record};
use generator::SplitMix;
use projection::{Book, Slot, Snapshots, Stand};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    log::{Log, to_ukraine},
    properties::{Step, early, everything, log_of, steps},
};

/// A root: which one is none of the book's business.
fn root(number: usize) -> Digest {
    Digest::of(&number.to_be_bytes())
}

fn loaded(dir: &TempDir) -> Option<(Book, Stand)> {
    Snapshots::open(dir.path()).unwrap().load(Slot::Served).unwrap()
}

/// Folds in stretches that end where `saves` say, saving and reading again after each.
fn in_stretches(log: &Log, saves: &[usize]) -> Book {
    let dir = TempDir::new().unwrap();
    let mut views = Snapshots::open(dir.path()).unwrap();
    let mut book = RwLock::new(Book::default());
    for (place, record) in log.records.iter().enumerate() {
        book.get_mut().unwrap().apply(record).unwrap();
        if saves.contains(&place) {
            views.save(Slot::Served, &book, root(place), 7).unwrap();
            drop(views);
            views = Snapshots::open(dir.path()).unwrap();
            let (read, stand) = views.load(Slot::Served).unwrap().unwrap();
            assert_eq!((stand.next, stand.root, stand.version), (record.position.successor(), root(place), 7));
            assert_eq!(&read, book.get_mut().unwrap());
            *book.get_mut().unwrap() = read;
        }
    }
    book.into_inner().unwrap()
}

fn check(steps: &[Step], saves: &[usize]) {
    let log = log_of(steps);
    let (whole, split) = (log.book(), in_stretches(&log, saves));
    assert_eq!(everything(split.now(), early(None)), everything(whole.now(), early(None)));
    assert_eq!(split.difference(&whole), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_fold_in_stretches_with_snapshots_between_gives_what_one_pass_gives(steps in steps(), saves in proptest::collection::vec(0_usize..40, 0..4)) {
        check(&steps, &saves);
    }
}

#[test]
fn an_empty_book_is_saved_and_read_again() {
    let dir = TempDir::new().unwrap();
    assert!(loaded(&dir).is_none());
    Snapshots::open(dir.path()).unwrap().save(Slot::Served, &RwLock::default(), root(0), 1).unwrap();
    let (book, stand) = loaded(&dir).unwrap();
    assert_eq!((book, stand.next.get()), (Book::default(), 0));
}

fn files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn is_on_disk(dir: &TempDir, text: &str) -> bool {
    files(dir.path()).iter().any(|file| std::fs::read(file).unwrap().windows(text.len()).any(|found| found == text.as_bytes()))
}

/// The words of a claim in all the places where one may stand.
fn with_words(log: &mut Log, mark: &str) -> Value {
    let items = json!([{"category": "prisoners", "count": {"exact": 3}, "group": mark, "origin": mark, "stated": mark}]);
    log.add(
        "completed",
        Some("ru-ua/prisoners/2026-01-10"),
        json!({
            "announced": "2026-01-10", "announcer": {"party": "UA", "office": mark},
            "exchange": {"date": "2026-01-10", "framework": mark}, "transfers": to_ukraine(items),
            "third_parties": [{"name": mark, "party": null, "role": "host"}],
            "report": {"url": format!("https://example.org/{}", mark.replace(' ', "-")), "relays": [{"source": "urn:example:other", "id": Uuid::nil()}]},
        }),
    )
}

#[test]
fn what_is_redacted_is_in_no_file_of_a_snapshot_any_more() {
    const MARK: &str = "words that must go";
    const KEPT: &str = "words that stay";
    let dir = TempDir::new().unwrap();
    let (mut log, mut views) = (Log::default(), Snapshots::open(dir.path()).unwrap());
    for _ in 0..300 {
        with_words(&mut log, KEPT);
    }
    let target = with_words(&mut log, MARK);
    let book = RwLock::new(log.book());
    views.save(Slot::Served, &book, root(0), 1).unwrap();
    assert!(is_on_disk(&dir, MARK) && is_on_disk(&dir, KEPT), "it wasn't there to begin with");

    log.add("redacted", None, json!({"announced": "2026-01-20", "announcer": null, "target": target, "reason": "r"}));
    book.write().unwrap().apply(log.records.last().unwrap()).unwrap();
    views.save(Slot::Served, &book, root(1), 1).unwrap();
    drop(views);
    assert!(is_on_disk(&dir, KEPT) && !is_on_disk(&dir, MARK));
    let (read, stand) = loaded(&dir).unwrap();
    assert_eq!((stand.next.get(), &read), (302, &*book.read().unwrap()));
    assert_eq!((read.difference(&log.book()), everything(read.now(), early(None))), (None, everything(log.book().now(), early(None))));
}

/// It was put aside before the redaction was folded, and what is folded anew never saw the payload.
#[test]
fn a_snapshot_that_was_put_aside_goes_with_the_first_redaction() {
    const MARK: &str = "words that must go";
    let (dir, mut log) = (TempDir::new().unwrap(), Log::default());
    let target = with_words(&mut log, MARK);
    let mut snapshots = Snapshots::open(dir.path()).unwrap();
    snapshots.save(Slot::Served, &RwLock::new(log.book()), root(0), 1).unwrap();
    snapshots.set_aside(Slot::Served).unwrap();
    assert!(is_on_disk(&dir, MARK));
    log.add("redacted", None, json!({"announced": "2026-01-20", "announcer": null, "target": target, "reason": "r"}));
    let left = log.records[0].redact(Position::new(1)).unwrap();
    let anew = Log { records: vec![left, log.records[1].clone()] };
    snapshots.save(Slot::Served, &RwLock::new(anew.book()), root(1), 1).unwrap();
    assert!(!is_on_disk(&dir, MARK));
}

#[test]
fn a_steady_ledger_writes_what_changed_and_no_more() {
    let (dir, mut log) = (TempDir::new().unwrap(), Log::default());
    let mut views = Snapshots::open(dir.path()).unwrap();
    let target = with_words(&mut log, "first");
    for number in 0..4_000 {
        with_words(&mut log, &format!("words {}", number % 700));
    }
    let book = RwLock::new(log.book());
    views.save(Slot::Served, &book, root(0), 1).unwrap();
    let whole = views.disk_bytes(Slot::Served);
    // Far back, so that its chunk is written again and read again.
    log.add("retracted", None, json!({"announced": "2026-01-20", "announcer": null, "target": target, "reason": "r"}));
    book.write().unwrap().apply(log.records.last().unwrap()).unwrap();
    views.save(Slot::Served, &book, root(1), 1).unwrap();
    let more = views.disk_bytes(Slot::Served).saturating_sub(whole);
    assert!(more < whole / 2, "{more} bytes more than {whole}");
    drop(views);
    assert_eq!(loaded(&dir).unwrap().0, *book.read().unwrap());
}

#[test]
fn a_snapshot_with_a_flipped_bit_or_a_cut_end_is_refused_or_gives_a_book_that_was_saved() {
    let rounds = if std::env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full") { 400 } else { 40 };
    let dir = TempDir::new().unwrap();
    let mut log = Log::default();
    let mut views = Snapshots::open(dir.path()).unwrap();
    let book = RwLock::new(Book::default());
    for number in 0..3 {
        for _ in 0..300 {
            with_words(&mut log, &format!("words {number}"));
            book.write().unwrap().apply(log.records.last().unwrap()).unwrap();
        }
        views.save(Slot::Served, &book, root(number), 1).unwrap();
    }
    drop(views);
    let written: Vec<_> = files(dir.path()).into_iter().map(|file| (std::fs::read(&file).unwrap(), file)).collect();
    let mut random = SplitMix::new(1);
    let (mut refused, mut read) = (0, 0);
    for _ in 0..rounds {
        let damaged = TempDir::new().unwrap();
        let chosen = random.index(written.iter().map(|(bytes, _)| bytes.len()).sum());
        let mut before = 0;
        for (bytes, file) in &written {
            let mut bytes = bytes.clone();
            if let Some(at) = chosen.checked_sub(before).filter(|&at| at < bytes.len()) {
                if random.index(4) == 0 { bytes.truncate(at) } else { bytes[at] ^= 1 << random.index(8) }
            }
            before += bytes.len();
            let target = damaged.path().join(file.strip_prefix(dir.path()).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, bytes).unwrap();
        }
        match Snapshots::open(damaged.path()).unwrap().load(Slot::Served) {
            Err(_) | Ok(None) => refused += 1,
            Ok(Some((found, stand))) => {
                read += 1;
                assert!(stand.next.get() % 300 == 0 && stand.root == root(stand.next.get() as usize / 300 - 1));
                let mut expected = Book::default();
                log.records.iter().take(stand.next.get() as usize).for_each(|record| drop(expected.apply(record)));
                assert_eq!(found, expected);
            }
        }
    }
    assert!(refused > 0 && read > 0, "{refused} refused and {read} read: that shows little");
}

/// A book that folded a record before its payload was removed says the same as one that never saw the payload, whatever the record's kind.
#[test]
fn what_is_left_of_each_kind_is_what_a_fold_without_its_payload_gives() {
    for kind in announcement::Kind::ALL {
        let event = std::fs::read(format!("{}/../announcement/golden/{}.json", env!("CARGO_MANIFEST_DIR"), kind.as_str())).unwrap();
        let whole =
            Record { position: Position::new(0), recorded: "2026-06-01T00:00:00Z".parse().unwrap(), publisher: "local".parse().unwrap(), event, removed: None };
        let name = whole.announcement().unwrap().envelope;
        let mut log = Log { records: vec![whole.clone()] };
        let target = json!({"source": name.source, "id": name.id});
        log.add("redacted", None, json!({"announced": "2026-06-02", "announcer": null, "target": target, "reason": "r"}));
        let bare = Log { records: vec![whole.redact(Position::new(1)).unwrap(), log.records[1].clone()] };
        assert_eq!(log.book().difference(&bare.book()), None, "{}", kind.as_str());
    }
}
