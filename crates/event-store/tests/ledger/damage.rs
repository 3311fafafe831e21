//! A bit flipped in each part of each file: what's served is right, or nothing is and the part is named; and nothing is lost by trying.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use announcement::Position;
use bytes::Bytes;
use event_store::{Ledger, OpenError, Part};

use crate::harness::{SUBJECT, audited, event, id, local, open, options, submit};

const SIZE: u64 = 700;

/// Two sealed volumes and one that's written, in some frames, with a refusal; closed in good order.
async fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from(vec![b'{'; 9_000])).await.unwrap();
    submit(&ledger, 0..640, 640).await;
    ledger.close().await;
    drop(ledger);
    // Full volumes that waited are sealed once it's open again.
    let ledger = open(dir.path());
    for number in 640..SIZE {
        submit(&ledger, [number], 1).await;
    }
    ledger.close().await;
    dir
}

/// The folder as it was, with one bit of a file flipped; as after a kill where the note is taken away.
fn with_a_flipped_bit(whole: &Path, file: &str, at: usize, killed: bool) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    assert!(Command::new("cp").arg("-a").arg(whole.join(".")).arg(dir.path()).status().unwrap().success());
    if killed {
        fs::remove_file(dir.path().join("clean")).unwrap();
    }
    flip(&dir.path().join(file), at);
    dir
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn whole(ledger: &Ledger) {
    assert_eq!(audited(&ledger.reader()).len() as u64, SIZE);
    assert_eq!(ledger.reader().refused_bytes(0).unwrap().unwrap(), [b'{'; 9_000]);
}

/// Where each frame of a journal begins, and its end.
fn frames(journal: &[u8]) -> Vec<usize> {
    let mut starts = vec![16];
    while let Some(len) = starts.last().and_then(|&start| journal.get(start + 4..start + 8)) {
        starts.push(starts.last().unwrap() + 76 + usize::try_from(u32::from_be_bytes(len.try_into().unwrap())).unwrap());
    }
    starts
}

#[tokio::test]
async fn a_flipped_bit_in_the_journal_is_refused_by_name_however_often_it_is_tried() {
    let whole_dir = filled().await;
    let name = "journal-00000002";
    let journal = fs::read(whole_dir.path().join(name)).unwrap();
    let frames = frames(&journal);
    let (first, middle, last) = (frames[0], frames[frames.len() / 2], frames[frames.len() - 2]);
    let header = [0, 11, 12, 15];
    // Magic, length, checksum, number, first position, stream sequence, size, root, payload.
    let parts = [0, 5, 8, 19, 27, 35, 43, 60, 90];
    for at in header.into_iter().chain([first, middle, last].into_iter().flat_map(|frame| parts.map(|part| frame + part))) {
        // What ended a journal early is told by the note, or by sled; a frame that others follow by these.
        for (killed, alone) in [(false, false), (true, false), (true, true)] {
            if alone && at >= last {
                continue;
            }
            let dir = with_a_flipped_bit(whole_dir.path(), name, at, killed);
            if alone {
                fs::remove_dir_all(dir.path().join("active-00000002")).unwrap();
            }
            for _ in 0..2 {
                let error = Ledger::open(options(dir.path())).unwrap_err();
                assert!(matches!(error, OpenError::Store(_)) && error.to_string().contains(name), "{at}: {error}");
            }
            flip(&dir.path().join(name), at);
            whole(&open(dir.path()));
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

#[tokio::test]
async fn a_flipped_bit_in_the_sled_that_is_written_is_healed_from_the_journal() {
    let whole_dir = filled().await;
    let mut set_aside = 0;
    for file in files(&whole_dir.path().join("active-00000002")) {
        let name = format!("active-00000002/{}", file.file_name().unwrap().to_str().unwrap());
        let bytes = fs::read(&file).unwrap();
        let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
        for at in (0..used).step_by(used.div_ceil(12)) {
            let dir = with_a_flipped_bit(whole_dir.path(), &name, at, true);
            let ledger = open(dir.path());
            whole(&ledger);
            set_aside += usize::from(dir.path().join("active-00000002.damaged-1").exists());
            drop(ledger);

            // After a close in good order records aren't held against the journal: what sled noticed and dropped is written anew, the rest is noticed where it's read.
            let dir = with_a_flipped_bit(whole_dir.path(), &name, at, false);
            let ledger = open(dir.path());
            for position in 512..SIZE {
                if let Ok(record) = ledger.reader().record(Position::new(position)) {
                    assert_eq!(record.unwrap().event, event(position));
                }
            }
            ledger.close().await;
            drop(ledger);
            whole(&open(dir.path()));
        }
    }
    assert!(set_aside > 3, "{set_aside}");
}

#[tokio::test]
async fn a_flipped_bit_in_a_sealed_volume_is_said_with_its_name_or_positions() {
    let whole_dir = filled().await;
    let mut said = 0;
    for file in files(&whole_dir.path().join("sealed-00000001")) {
        let name = format!("sealed-00000001/{}", file.file_name().unwrap().to_str().unwrap());
        let bytes = fs::read(&file).unwrap();
        let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
        for at in (0..used).step_by(used.div_ceil(12)) {
            let dir = with_a_flipped_bit(whole_dir.path(), &name, at, false);
            let ledger = open(dir.path());
            for position in 0..SIZE {
                let names = |error: String| {
                    let position = error.split("position ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
                    assert!(error.contains("sealed volume 1") || position.is_some_and(|position| position / 256 == 1), "{error}");
                };
                match ledger.reader().record(Position::new(position)) {
                    Ok(record) => assert_eq!(record.unwrap().event, event(position)),
                    Err(error) => {
                        said += 1;
                        names(error.to_string());
                    }
                }
                match ledger.reader().find(&local(), "urn:example", id(position)) {
                    Ok(found) => assert_eq!(found, Some(Position::new(position))),
                    Err(error) => names(error.to_string()),
                }
            }
            if name.ends_with("summary") {
                whole(&ledger);
            }
        }
    }
    assert!(said > 3, "{said}");
}

#[tokio::test]
async fn a_damaged_index_of_a_sealed_volume_stops_the_writer_with_the_remedy_that_it_has() {
    let whole_dir = filled().await;
    let name = "sealed-00000000/db";
    let bytes = fs::read(whole_dir.path().join(name)).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    let mut stopped = 0;
    for at in (0..used).step_by(used.div_ceil(12)) {
        let dir = with_a_flipped_bit(whole_dir.path(), name, at, false);
        let ledger = open(dir.path());
        for number in 0..256 {
            if ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number)).await.is_err() {
                break;
            }
        }
        if let Part::Stopped { reason, remedy } = ledger.health().borrow().writer.clone() {
            stopped += 1;
            assert!(reason.contains("sealed volume 0") || reason.contains("at position"), "{reason}");
            assert!(remedy.contains("restore the folder from a backup") && !remedy.contains("is in the journal"), "{reason}: {remedy}");
        }
    }
    assert!(stopped > 2, "{stopped}");
}

#[tokio::test]
async fn a_flipped_bit_in_the_note_or_the_lock_costs_nothing() {
    let whole_dir = filled().await;
    for name in ["clean", "lock"] {
        for at in 0..fs::read(whole_dir.path().join(name)).unwrap().len() {
            let dir = with_a_flipped_bit(whole_dir.path(), name, at, false);
            let ledger = open(dir.path());
            whole(&ledger);
            ledger.close().await;
            drop(ledger);
            whole(&open(dir.path()));
        }
    }
}

#[tokio::test]
async fn a_sled_that_holds_other_records_than_its_journal_is_set_aside() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, first) in [(&one, 0), (&other, 1_000)] {
        let ledger = open(dir.path());
        submit(&ledger, first..first + 200, 1).await;
        ledger.close().await;
    }
    let sled = one.path().join("active-00000000");
    fs::remove_dir_all(&sled).unwrap();
    fs::rename(other.path().join("active-00000000"), &sled).unwrap();
    fs::remove_file(one.path().join("clean")).unwrap();
    let ledger = open(one.path());
    let records = audited(&ledger.reader());
    assert!(records.len() == 200 && records.iter().zip(0..).all(|(record, number)| record.event == event(number)));
    assert!(one.path().join("active-00000000.damaged-1").exists());
    ledger.close().await;
}
