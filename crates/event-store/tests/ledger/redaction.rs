//! A redacted record: its payload goes from every file, its leaf and its place stay, and nothing that was decided changes.
#![expect(clippy::print_stdout, reason = "a process that is killed says what it did")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use announcement::{Digest, Outcome, Position, Receipt};
use blackbox::{NatsServer, PATIENCE, wait_for};
use bytes::Bytes;
use event_store::{Ledger, Part, Verified, nats};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{SUBJECT, audited, event, holds, id, local, open, submit},
    node::{Node, publish, publish_on},
};

pub(crate) const OPERATOR: &str = "handover.operate.desk";

/// What stands in the payload of the event with this number, and nowhere else.
pub(crate) fn mark(number: u64) -> String {
    let letters = Digest::of(&number.to_be_bytes()).as_bytes()[..24].iter().map(|byte| char::from(b'a' + byte % 26)).collect::<String>();
    format!("mark{letters}")
}

/// A claim whose words are marked.
pub(crate) fn marked(number: u64) -> Bytes {
    let mut event: Value = serde_json::from_slice(&event(number)).unwrap();
    event["data"]["note"] = json!(format!("{} as it was said", mark(number)));
    event.to_string().into()
}

pub(crate) fn redaction(number: u64, target: u64) -> Bytes {
    let target = json!({"publisher": "local", "source": "urn:example", "id": id(target)});
    let data = json!({"announced": "2026-01-30", "announcer": null, "target": target, "reason": "it named a person"});
    json!({"specversion": "1.0", "id": id(number), "source": "urn:example:operator", "type": "org.handover.redacted.v1", "data": data}).to_string().into()
}

/// Records a redaction and waits until nothing waits to be removed.
async fn redact(ledger: &Ledger, number: u64, target: u64) -> u64 {
    let by = position(ledger.submit(OPERATOR.to_owned(), Vec::new(), redaction(number, target)).await.unwrap());
    removed(ledger);
    by
}

fn removed(ledger: &Ledger) {
    wait_for("payloads to be removed", PATIENCE, || {
        assert_eq!(ledger.health().borrow().writer, Part::Running);
        ledger.pending_redactions().unwrap().is_empty().then_some(())
    });
}

fn position(receipt: Receipt) -> u64 {
    match receipt.outcome {
        Outcome::Recorded { position, .. } | Outcome::Duplicate { position } => position.get(),
        Outcome::Refused { problem } => panic!("{problem}"),
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The dictionaries of the volumes, out of a copy: sled is opened by one process at a time.
fn dictionaries(dir: &Path) -> Vec<Vec<u8>> {
    let copy = TempDir::new().unwrap();
    let copied = Command::new("cp").args(["-a", &format!("{}/.", dir.display())]).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    fs::remove_file(copy.path().join("lock")).ok();
    let folder = durable::Folder::take(copy.path()).unwrap();
    folder.sealed().unwrap().into_iter().filter_map(|number| folder.open_sealed(number).unwrap().get(b"z").unwrap()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The files below a folder that hold a text: as it is, or in any block that zstd wrote, also one that nothing refers to any more.
fn holding(dir: &Path, texts: &[String]) -> BTreeMap<String, Vec<String>> {
    let dictionaries = dictionaries(dir);
    let mut holding = BTreeMap::<String, Vec<String>>::new();
    for file in files(dir) {
        let bytes = fs::read(&file).unwrap();
        let mut looked_at = vec![bytes.clone()];
        for (at, _) in bytes.windows(4).enumerate().filter(|(_, magic)| *magic == [0x28, 0xb5, 0x2f, 0xfd]) {
            for dictionary in dictionaries.iter().map(Vec::as_slice).chain([&[][..]]) {
                let mut block = Vec::new();
                let decoder = zstd::stream::read::Decoder::with_dictionary(&bytes[at..], dictionary).unwrap();
                // It ends in bytes that aren't its own; what came before them is there.
                let _ = decoder.single_frame().take(1 << 20).read_to_end(&mut block);
                looked_at.push(block);
            }
        }
        for text in texts.iter().filter(|text| looked_at.iter().any(|bytes| contains(bytes, text))) {
            holding.entry(text.clone()).or_default().push(file.strip_prefix(dir).unwrap().display().to_string());
        }
    }
    holding
}

fn verified(dir: &Path) -> Verified {
    let copy = TempDir::new().unwrap();
    let copied = copy.path().join("ledger");
    event_store::copy(dir, &copied).unwrap();
    let (volumes, records) = event_store::volumes(&copied).unwrap();
    let verified = Verified::of(volumes.into_iter().map(|volume| event_store::verify_volume(&copied, volume, records).unwrap()).collect());
    assert_eq!(verified.damage, []);
    verified
}

/// 700 records of which each is marked, in volumes of 256: two are sealed.
async fn filled(dir: &Path) -> Ledger {
    let ledger = open(dir);
    let submitted = stream::iter(0..700).map(|number| ledger.submit(SUBJECT.to_owned(), Vec::new(), marked(number)));
    submitted.buffered(64).for_each(|receipt| std::future::ready(_ = position(receipt.unwrap()))).await;
    wait_for("the full volumes to be sealed", PATIENCE, || {
        let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (names.filter(|name| name.starts_with("sealed-") && !name.ends_with(".new")).count() == 2 && !dir.join("journal-00000001").exists()).then_some(())
    });
    ledger
}

#[tokio::test]
async fn the_payload_is_in_no_file_and_no_backup_any_more_and_the_tree_is_the_same() {
    let (dir, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = filled(dir.path()).await;
    let backup = elsewhere.path().join("backup");
    ledger.backup(&backup).unwrap();
    let leaves: Vec<Digest> = audited(&ledger.reader()).iter().map(|record| record.leaf()).collect();
    // One in a block of the volume that's written, one that's in no block yet, one in each sealed volume.
    let targets = [520, 698, 3, 300];
    let marks = targets.map(mark);
    let before = holding(dir.path(), &marks);
    assert!(before.len() == 4 && before[&marks[2]][0].starts_with("sealed-00000000") && before[&marks[0]].len() >= 2, "{before:?}");
    for (number, target) in (1_000..).zip(targets) {
        let by = redact(&ledger, number, target).await;
        let record = ledger.reader().record(Position::new(target)).unwrap().unwrap();
        let left = record.removed.as_ref().unwrap();
        assert_eq!((left.by.get(), record.leaf(), left.bytes), (by, leaves[usize::try_from(target).unwrap()], Digest::of(&marked(target))));
        assert!(!contains(&record.event, &mark(target)));
    }
    assert_eq!(holding(dir.path(), &marks), BTreeMap::new());
    assert_eq!(holding(dir.path(), &[mark(4)]).len(), 1, "the others are there");
    let names: Vec<String> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| !name.contains('.')), "nothing is left beside: {names:?}");

    let records = audited(&ledger.reader());
    assert!(records.iter().zip(&leaves).all(|(record, leaf)| record.leaf() == *leaf));
    for number in [3, 300, 520, 698, 4, 699] {
        let whole = marked(number);
        assert_eq!(ledger.submit(SUBJECT.to_owned(), Vec::new(), whole.clone()).await.unwrap().outcome, Outcome::Duplicate { position: Position::new(number) });
        let spaced = String::from_utf8(whole.to_vec()).unwrap().replacen(':', ": ", 1);
        assert_eq!(ledger.submit(SUBJECT.to_owned(), Vec::new(), spaced.into()).await.unwrap().outcome, Outcome::Duplicate { position: Position::new(number) });
        let other = ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number)).await.unwrap();
        assert!(matches!(other.outcome, Outcome::Refused { .. }), "{other:?}");
        assert_eq!(ledger.reader().find(&local(), "urn:example", id(number)).unwrap(), Some(Position::new(number)));
        let receipt = ledger.reader().receipt(&local(), Digest::of(&whole), None).unwrap().unwrap();
        assert!(matches!(receipt.outcome, Outcome::Recorded { leaf, .. } if leaf == leaves[usize::try_from(number).unwrap()]));
    }
    let again = ledger.submit(OPERATOR.to_owned(), Vec::new(), redaction(1_000, 520)).await.unwrap();
    assert_eq!(again.outcome, Outcome::Duplicate { position: Position::new(700) });

    ledger.backup(&backup).unwrap();
    assert_eq!(holding(&backup, &marks), BTreeMap::new(), "an older backup that's taken again has nothing of it either");
    let fresh = elsewhere.path().join("fresh");
    ledger.backup(&fresh).unwrap();
    let head = ledger.head();
    ledger.close().await;
    drop(ledger);
    assert_eq!((verified(dir.path()).redacted, verified(dir.path()).root), (4, head.root));
    for backup in [backup, fresh] {
        let restored = elsewhere.path().join("restored");
        event_store::restore(&backup, &restored).unwrap();
        let ledger = open(&restored);
        assert_eq!((ledger.head(), audited(&ledger.reader()) == records), (head.clone(), true));
        ledger.close().await;
        drop(ledger);
        assert_eq!(verified(&restored).redacted, 4);
        fs::remove_dir_all(restored).unwrap();
    }
    let ledger = open(dir.path());
    assert_eq!((ledger.head(), audited(&ledger.reader()) == records), (head, true));
    submit(&ledger, 5_000..5_300, 64).await;
}

#[tokio::test]
async fn what_was_refused_of_the_same_event_goes_with_it() {
    let dir = TempDir::new().unwrap();
    let ledger = open(dir.path());
    submit(&ledger, 0..20, 1).await;
    // Of another publisher it's another event, but the same bytes; with other words it's another content of the same event.
    let other = String::from_utf8(marked(20).to_vec()).unwrap().replace("\"announced\":\"2026-01-29\"", "\"announced\":\"2036-01-29\"");
    let early = ledger.submit(SUBJECT.to_owned(), Vec::new(), other.clone().into()).await.unwrap();
    position(ledger.submit(SUBJECT.to_owned(), Vec::new(), marked(20)).await.unwrap());
    let curate = ledger.submit("handover.curate.local".to_owned(), Vec::new(), marked(20)).await.unwrap();
    let unrelated = ledger.submit(SUBJECT.to_owned(), Vec::new(), "{".into()).await.unwrap();
    assert!([early, curate, unrelated].iter().all(|receipt| matches!(receipt.outcome, Outcome::Refused { .. })));
    assert_eq!(holding(dir.path(), &[mark(20)]).len(), 1);
    redact(&ledger, 1_000, 20).await;
    assert_eq!(holding(dir.path(), &[mark(20)]), BTreeMap::new());
    let refusals = ledger.reader().refusals(0, 10).unwrap();
    assert_eq!(refusals.iter().map(|refusal| refusal.kept).collect::<Vec<_>>(), [0, 0, 1]);
    assert!(refusals[0].dropped.as_ref().unwrap().reason.contains("position 20 was redacted by the one at position 21"), "{refusals:?}");
    ledger.close().await;
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!(ledger.reader().refusals(0, 10).unwrap(), refusals);
    assert_eq!(ledger.reader().refused_bytes(2).unwrap().unwrap(), b"{");
}

#[tokio::test]
async fn a_sled_that_was_set_aside_goes_with_a_redaction() {
    let dir = TempDir::new().unwrap();
    let ledger = open(dir.path());
    position(ledger.submit(SUBJECT.to_owned(), Vec::new(), marked(0)).await.unwrap());
    ledger.close().await;
    drop(ledger);
    let aside = dir.path().join("active-00000000.damaged-1");
    fs::create_dir(&aside).unwrap();
    fs::write(aside.join("db"), mark(0)).unwrap();
    let ledger = open(dir.path());
    assert_eq!(holding(dir.path(), &[mark(0)])[&mark(0)].len(), 2);
    redact(&ledger, 1_000, 0).await;
    assert_eq!(holding(dir.path(), &[mark(0)]), BTreeMap::new());
}

#[tokio::test]
async fn readers_notice_nothing_of_a_redaction_but_the_record_itself() {
    let dir = TempDir::new().unwrap();
    let ledger = filled(dir.path()).await;
    let expected: Vec<Digest> = audited(&ledger.reader()).iter().map(|record| record.leaf()).collect();
    let reader = ledger.reader();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let reading = std::thread::spawn(move || {
        let mut rounds = 0;
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            for (number, leaf) in (0..).zip(&expected) {
                let record = reader.record(Position::new(number)).unwrap().unwrap();
                assert_eq!(record.leaf(), *leaf);
                assert!(record.removed.is_some() || record.event == marked(number));
                assert_eq!(reader.range(Position::new(number), 40).unwrap()[0].leaf(), *leaf);
            }
            rounds += 1;
        }
        rounds
    });
    for (number, target) in (1_000..).zip([1, 257, 600, 699, 690, 2, 300, 601]) {
        redact(&ledger, number, target).await;
        position(ledger.submit(SUBJECT.to_owned(), Vec::new(), event(2_000 + number)).await.unwrap());
    }
    drop(stop);
    assert!(reading.join().unwrap() > 0);
    // What was unpacked before isn't served afterwards.
    assert!([1, 257, 600, 699].iter().all(|&target| ledger.reader().record(Position::new(target)).unwrap().unwrap().removed.is_some()));
    assert_eq!(audited(&ledger.reader()).len(), 716);
}

#[tokio::test]
async fn a_record_in_a_full_volume_that_waits_to_be_sealed_and_a_redaction_itself_are_redacted() {
    let dir = TempDir::new().unwrap();
    let ledger = open(dir.path());
    position(ledger.submit(SUBJECT.to_owned(), Vec::new(), marked(0)).await.unwrap());
    let by = redact(&ledger, 1_000, 0).await;
    let data = json!({"announced": "2026-01-30", "announcer": null, "target": {"publisher": "desk", "source": "urn:example:operator", "id": id(1_000)}, "reason": "it repeated the name"});
    let of_itself =
        json!({"specversion": "1.0", "id": id(1_001), "source": "urn:example:operator", "type": "org.handover.redacted.v1", "data": data}).to_string();
    position(ledger.submit(OPERATOR.to_owned(), Vec::new(), of_itself.into()).await.unwrap());
    removed(&ledger);
    let redacted = ledger.reader().record(Position::new(by)).unwrap().unwrap();
    assert!(redacted.removed.is_some() && !contains(&redacted.event, "named a person"));
    // Full volumes follow one another faster than they are sealed.
    for round in 0..4 {
        submit(&ledger, 10_000 + round * 600..10_000 + (round + 1) * 600, 512).await;
        let target = 10_000 + round * 600 + 599;
        redact(&ledger, 20_000 + round, target).await;
        let found = ledger.reader().find(&local(), "urn:example", id(target)).unwrap().unwrap();
        assert!(ledger.reader().record(found).unwrap().unwrap().removed.is_some());
    }
    let records = audited(&ledger.reader());
    ledger.close().await;
    drop(ledger);
    assert_eq!(verified(dir.path()).redacted, 6);
    assert!(audited(&open(dir.path()).reader()) == records);
}

#[tokio::test]
async fn a_volume_that_can_not_be_written_anew_keeps_its_redactions_pending_and_the_ledger_goes_on() {
    let (dir, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = filled(dir.path()).await;
    // Where the volume would be written stands something else.
    let in_the_way = dir.path().join("sealed-00000000.new");
    fs::write(&in_the_way, "").unwrap();
    for (number, target) in [(1_000, 3), (1_001, 300), (1_002, 690)] {
        position(ledger.submit(OPERATOR.to_owned(), Vec::new(), redaction(number, target)).await.unwrap());
    }
    assert!(!ledger.redactions_removed(Duration::from_millis(500)).await);
    let pending = ledger.pending_redactions().unwrap();
    assert_eq!(pending.iter().map(|pending| (pending.position.get(), pending.by.get())).collect::<Vec<_>>(), [(3, 700)]);
    assert_eq!(ledger.health().borrow().writer, Part::Running);
    submit(&ledger, 5_000..5_100, 16).await;
    fs::remove_file(in_the_way).unwrap();
    ledger.backup(&elsewhere.path().join("backup")).unwrap();
    removed(&ledger);
    assert_eq!(holding(dir.path(), &[3, 300, 690].map(mark)), BTreeMap::new());
    assert_eq!(audited(&ledger.reader()).len(), 803);
}

#[tokio::test]
async fn a_redaction_waits_for_a_backup_that_goes_on() {
    let (dir, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = filled(dir.path()).await;
    let runtime = tokio::runtime::Handle::current();
    std::thread::scope(|scope| {
        let backing = scope.spawn(|| (0..12).for_each(|number| _ = ledger.backup(&elsewhere.path().join(number.to_string())).unwrap()));
        let redacting = scope.spawn(|| {
            (0..6).for_each(|number| {
                _ = position(runtime.block_on(ledger.submit(OPERATOR.to_owned(), Vec::new(), redaction(1_000 + number, number * 110))).unwrap())
            })
        });
        backing.join().unwrap();
        redacting.join().unwrap();
    });
    ledger.backup(&elsewhere.path().join("last")).unwrap();
    removed(&ledger);
    let marks: Vec<String> = (0..6).map(|number| mark(number * 110)).collect();
    assert_eq!(holding(dir.path(), &marks), BTreeMap::new());
    ledger.backup(&elsewhere.path().join("last")).unwrap();
    assert_eq!(holding(&elsewhere.path().join("last"), &marks), BTreeMap::new());
}

#[tokio::test]
async fn the_stream_of_records_is_made_anew_once_every_node_has_let_go() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..40).await;
    publish_on(&node.client, OPERATOR, redaction(1_000, 7)).await;
    holds(&node.ledger, 41).await;
    removed(&node.ledger);
    let head = node.ledger.head();
    let other = |size: u64, pending: Option<u64>| {
        let mut word = json!({"node": "other", "size": size, "root": head.root, "epoch": 0, "stream_sequence": 41});
        pending.iter().for_each(|pending| word["pending_redactions"] = json!(pending));
        node.client.publish("handover.nodes.other", word.to_string().into())
    };
    for (size, pending, said) in [(40, Some(0), "40 records"), (41, Some(1), "1 payloads to remove"), (41, None, "an older program")] {
        other(size, pending).await.unwrap();
        node.client.flush().await.unwrap();
        let heard = || node.ledger.heard().iter().any(|heard| (heard.head.size, heard.head.pending_redactions) == (size, pending));
        let hearing = tokio::time::timeout(PATIENCE, async {
            while !heard() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        hearing.await.expect("the word is heard");
        let refused = nats::renew_log(&node.ledger, &node.client).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
    other(41, Some(0)).await.unwrap();
    assert_eq!(nats::renew_log(&node.ledger, &node.client).await.unwrap(), nats::Renewed { messages_before: 41, size: 41 });
    let stream = async_nats::jetstream::new(node.client.clone()).get_stream(nats::LOG_STREAM).await.unwrap();
    let filled = tokio::time::timeout(PATIENCE, async {
        while stream.get_raw_message(41).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    filled.await.unwrap();
    let message = stream.get_raw_message(8).await.unwrap();
    assert_eq!((message.subject.as_str(), message.headers.get(nats::REDACTED_HEADER).unwrap().as_str()), ("handover.log.completed", "40"));
    assert_eq!(message.headers.get(nats::LEAF_HEADER).unwrap().as_str(), node.ledger.reader().record(Position::new(7)).unwrap().unwrap().leaf().to_string());
    node.stop().await;
}

/// Set in the process that is killed: its first number and its folder.
const CHILD: &str = "HANDOVER_REDACTION_CHILD";

/// Redacts one record after the other until it's killed.
async fn redact_until_killed(child: &str) {
    let (first, dir) = child.split_once(' ').unwrap();
    let ledger = open(Path::new(dir));
    println!("\nopen");
    for number in first.parse::<u64>().unwrap().. {
        let target = number * 37 % 700;
        let receipt = ledger.submit(OPERATOR.to_owned(), Vec::new(), redaction(100_000 + number, target)).await.unwrap();
        println!("{}", serde_json::to_string(&receipt).unwrap());
        if number % 3 == 0 {
            removed(&ledger);
        }
        position(ledger.submit(SUBJECT.to_owned(), Vec::new(), event(200_000 + number)).await.unwrap());
    }
}

#[tokio::test]
async fn a_redaction_that_was_receipted_is_complete_after_a_kill_9_at_any_moment_and_the_next_opening() {
    if let Ok(child) = std::env::var(CHILD) {
        return redact_until_killed(&child).await;
    }
    let dir = TempDir::new().unwrap();
    let ledger = filled(dir.path()).await;
    let leaves: Vec<Digest> = audited(&ledger.reader()).iter().map(|record| record.leaf()).collect();
    ledger.close().await;
    drop(ledger);
    let rounds = if std::env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full") { 200 } else { 20 };
    let (mut number, mut receipts) = (0_u64, 0);
    for round in 0..rounds {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "redaction::a_redaction_that_was_receipted_is_complete_after_a_kill_9_at_any_moment_and_the_next_opening", "--nocapture"]);
        let mut process = command.env(CHILD, format!("{number} {}", dir.path().display())).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        // Sometimes it's killed while it opens what the one before it left.
        if round % 4 != 3 {
            lines.by_ref().find(|line| line == "open").expect("it opens");
        }
        let moment = u64::from(u16::from_be_bytes([Digest::of(&[round]).as_bytes()[0], Digest::of(&[round]).as_bytes()[1]])) * 3;
        std::thread::sleep(Duration::from_micros(moment));
        process.kill().unwrap();
        process.wait().unwrap();
        receipts += lines.filter(|line| line.starts_with('{') && line.ends_with('}')).count();
        let ledger = open(dir.path());
        assert_eq!(ledger.pending_redactions().unwrap(), []);
        let records = audited(&ledger.reader());
        assert!(records.iter().zip(&leaves).all(|(record, leaf)| record.leaf() == *leaf));
        let redactions: Vec<u64> = (0..)
            .take_while(|number| ledger.reader().find(&"desk".parse().unwrap(), "urn:example:operator", id(100_000 + number)).unwrap().is_some())
            .collect();
        number = redactions.len() as u64;
        assert!(receipts <= redactions.len(), "{receipts} receipts of {number}");
        let targets: Vec<u64> = redactions.iter().map(|number| number * 37 % 700).collect();
        for record in &records[..700] {
            assert_eq!(record.removed.is_some(), targets.contains(&record.position.get()));
        }
        ledger.close().await;
        drop(ledger);
        if round % 5 == 4 {
            assert_eq!(holding(dir.path(), &targets.iter().map(|target| mark(*target)).collect::<Vec<_>>()), BTreeMap::new());
        }
    }
    assert!(number > 20, "only {number} redactions");
    assert_eq!(verified(dir.path()).redacted, number.min(700));
}
