//! A bit flipped in each part of each file: what's served is right, or nothing is and the part is named; and nothing is lost by trying.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use announcement::Position;
use bytes::Bytes;
use durable::{Batch, Entry, Folder};
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
            assert!(!dir.path().join("active-00000002.damaged-1").exists(), "it isn't looked at");
            drop(ledger);

            // After a close in good order records aren't held against the journal: what sled noticed and dropped is written anew, the rest is noticed where it's read.
            let dir = with_a_flipped_bit(whole_dir.path(), &name, at, false);
            let ledger = open(dir.path());
            set_aside += usize::from(dir.path().join("active-00000002.damaged-1").exists());
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
        if let Part::Stopped { reason, remedy, .. } = ledger.health().borrow().writer.clone() {
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

/// Everything in a sled, while nobody has its ledger open.
fn sled(dir: &Path, number: u64) -> Vec<Entry> {
    Folder::take(dir).unwrap().open_active(number).unwrap().unwrap().range(b"", b"\xff", usize::MAX).unwrap()
}

/// Every second key is another or gone, but for the marker: sled says that it has followed its journal.
fn alter(dir: &Path, number: u64, gone: bool) {
    let mut batch = Batch::new();
    for (key, value) in sled(dir, number).into_iter().filter(|(key, _)| key != b"m").step_by(2) {
        if gone { batch.remove(&key) } else { batch.put(&key, &value.iter().rev().copied().collect::<Vec<_>>()) }
    }
    Folder::take(dir).unwrap().open_active(number).unwrap().unwrap().apply(batch).unwrap();
}

/// Opens a ledger with refusals and closes it again; gives whether each sled is then as it was before, and nothing lies about.
async fn made_again(dir: &Path, sleds: &[(u64, Vec<Entry>)]) {
    let ledger = open(dir);
    let size = sleds.iter().map(|(number, _)| number * 256).max().unwrap() + 200;
    assert!(audited(&ledger.reader()).iter().map(|record| &record.event).eq(&(0..size).map(event).collect::<Vec<_>>()));
    ledger.close().await;
    drop(ledger);
    for (number, whole) in sleds {
        let sealed = dir.join(format!("sealed-{number:08}")).exists();
        assert!(sealed || sled(dir, *number) == *whole, "volume {number} is another");
    }
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("damaged") || name.contains("away")).collect::<Vec<_>>(), Vec::<String>::new());
}

/// Refusals and 200 records more, closed in good order.
async fn with_refusals(dir: &Path, first: u64) {
    let ledger = open(dir);
    for number in 0..20_u8 {
        ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from(vec![b'a' + number; 2_000])).await.unwrap();
    }
    submit(&ledger, first..first + 200, 1).await;
    ledger.close().await;
}

#[tokio::test]
async fn after_a_kill_nothing_of_the_old_sled_is_used() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    with_refusals(one.path(), 0).await;
    with_refusals(other.path(), 1_000).await;
    let whole = sled(one.path(), 0);
    let (path, of_other) = (one.path().join("active-00000000"), other.path().join("active-00000000"));
    let replaced = || {
        fs::remove_dir_all(&path).unwrap();
        assert!(Command::new("cp").arg("-a").args([&of_other, &path]).status().unwrap().success());
    };
    let half = || {
        let mut batch = Batch::new();
        whole.iter().take(whole.len() / 2).for_each(|(key, value)| batch.put(key, value));
        Folder::take(one.path()).unwrap().create_active(0).unwrap().apply(batch).unwrap();
    };
    let spoils: [&dyn Fn(); 5] =
        [&|| alter(one.path(), 0, true), &|| alter(one.path(), 0, false), &replaced, &half, &|| fs::write(path.join("db"), b"sled").unwrap()];
    for spoil in spoils {
        spoil();
        fs::remove_file(one.path().join("clean")).unwrap();
        made_again(one.path(), &[(0, whole.clone())]).await;
    }
    let ledger = open(one.path());
    assert_eq!(ledger.reader().refusals(0, 30).unwrap().len(), 20);
    ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from(vec![b'c'; 2_000])).await.unwrap();
    assert_eq!(ledger.reader().refusals(0, 30).unwrap().len(), 20, "it's known");
}

/// The note speaks of the last volume's sled alone: the one before it wasn't synced any more.
#[tokio::test]
async fn the_sled_of_a_volume_that_waits_to_be_sealed_is_made_again_after_a_close_as_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    submit(&ledger, 0..256, 1).await;
    ledger.close().await;
    drop(ledger);
    let waiting = tempfile::tempdir().unwrap();
    let first = sled(dir.path(), 0);
    for name in ["journal-00000000", "active-00000000"] {
        assert!(Command::new("cp").arg("-a").args([dir.path().join(name), waiting.path().join(name)]).status().unwrap().success());
    }
    let ledger = open(dir.path());
    submit(&ledger, 256..456, 1).await;
    ledger.close().await;
    drop(ledger);
    let sleds = [(0, first), (1, sled(dir.path(), 1))];
    fs::remove_dir_all(dir.path().join("sealed-00000000")).unwrap();
    for name in ["journal-00000000", "active-00000000"] {
        assert!(Command::new("cp").arg("-a").args([waiting.path().join(name), dir.path().join(name)]).status().unwrap().success());
    }
    for gone in [true, false] {
        alter(dir.path(), 0, gone);
        for killed in [false, true] {
            let copy = tempfile::tempdir().unwrap();
            assert!(Command::new("cp").arg("-a").arg(dir.path().join(".")).arg(copy.path()).status().unwrap().success());
            if killed {
                alter(copy.path(), 1, gone);
                fs::remove_file(copy.path().join("clean")).unwrap();
            }
            made_again(copy.path(), &sleds).await;
        }
    }
}

/// What a sled says of its journal's end is noted before it's put away, and the journal is refused however often it's tried.
#[tokio::test]
async fn a_journal_that_lost_its_end_is_refused_after_a_kill_though_its_sled_is_gone_by_then() {
    let dir = tempfile::tempdir().unwrap();
    with_refusals(dir.path(), 0).await;
    fs::remove_file(dir.path().join("clean")).unwrap();
    let path = dir.path().join("journal-00000000");
    let journal = fs::read(&path).unwrap();
    let frames = frames(&journal);
    fs::write(&path, &journal[..frames[frames.len() - 3]]).unwrap();
    for _ in 0..3 {
        let error = Ledger::open(options(dir.path())).unwrap_err();
        assert!(matches!(error, OpenError::Store(durable::OpenError::JournalShort { .. })), "{error}");
        fs::remove_dir_all(dir.path().join("active-00000000")).unwrap();
    }
    fs::write(&path, &journal).unwrap();
    assert_eq!(audited(&open(dir.path()).reader()).len(), 200);
}
