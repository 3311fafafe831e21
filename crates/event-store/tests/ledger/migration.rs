//! A ledger that the first version of the layout wrote is refused with the command that brings it to this one, and is the same ledger then.

use std::{fs, path::Path};

use announcement::{Digest, Outcome, Position};
use event_store::{Ledger, OpenError, Options, migrate};
use jiff::Timestamp;

use crate::harness::{SUBJECT, audited};

const WRITTEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/format-1/journal");
/// What the program that wrote it said.
const ROOT: &str = "f187532b6c3e9fad5eb8f0e9c05ea640121fda0bf51fe4c8eb96e5173ed8b32e";

fn folder(parent: &Path, journal: &[u8]) -> std::path::PathBuf {
    let dir = parent.join("ledger");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("journal"), journal).unwrap();
    dir
}

#[tokio::test]
async fn a_ledger_of_the_first_format_is_migrated_with_every_record_and_refusal() {
    let parent = tempfile::tempdir().unwrap();
    let dir = folder(parent.path(), &fs::read(WRITTEN).unwrap());
    let refused = Ledger::open(Options::new(dir.clone(), Timestamp::now)).unwrap_err().to_string();
    assert!(refused.contains("handover ledger migrate"), "{refused}");
    let aside = migrate(&dir).unwrap();
    assert_eq!(fs::read(aside.join("journal")).unwrap(), fs::read(WRITTEN).unwrap());
    let ledger = Ledger::open(Options::new(dir, Timestamp::now)).unwrap();
    let head = ledger.head();
    assert_eq!((head.size, head.root, head.refused), (70, Digest::from_hex(ROOT).unwrap(), 1));
    let refusal = ledger.reader().refusal(0).unwrap().unwrap();
    assert_eq!(ledger.reader().refused_bytes(0).unwrap().unwrap().len() as u64, refusal.kept);
    for record in audited(&ledger.reader()) {
        let receipt = ledger.reader().receipt(&record.publisher, Digest::of(&record.event), None).unwrap().unwrap();
        assert!(matches!(receipt.outcome, Outcome::Recorded { position, .. } if position == record.position));
    }
    let first = ledger.reader().record(Position::new(0)).unwrap().unwrap();
    let again = ledger.submit(SUBJECT.to_owned(), Vec::new(), first.event.into()).await.unwrap();
    assert_eq!(again.outcome, Outcome::Duplicate { position: Position::new(0) });
    ledger.close().await;
}

#[test]
fn a_damaged_ledger_of_the_first_format_is_left_as_it_is() {
    let written = fs::read(WRITTEN).unwrap();
    for at in [200, written.len() / 2] {
        let parent = tempfile::tempdir().unwrap();
        let mut journal = written.clone();
        journal[at] ^= 1;
        let dir = folder(parent.path(), &journal);
        let error = migrate(&dir).unwrap_err();
        assert!(matches!(error, OpenError::Store(durable::OpenError::JournalDamaged { .. })), "{error}");
        assert_eq!(fs::read(dir.join("journal")).unwrap(), journal);
    }
}
