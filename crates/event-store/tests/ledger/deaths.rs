//! Processes that are killed, disks that say no, folders that are in use. A test starts itself as the process that dies.
#![expect(clippy::print_stdout, reason = "the process that dies says on its standard output what it was given")]

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use announcement::{Outcome, Position, Receipt};
use event_store::{Ledger, OpenError, Options, Part, Reader, SubmitError};
use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::harness::{SUBJECT, audited, event, local, open, options, submit};

/// Set in the process that a test starts of itself: its folder, and the number of its first event.
const CHILD: &str = "HANDOVER_LEDGER_CHILD";

/// This process's folder and first number, if it's the one that dies.
fn child() -> Option<(std::path::PathBuf, u64)> {
    let given = std::env::var(CHILD).ok()?;
    let (number, dir) = given.split_once(' ').unwrap();
    Some((dir.into(), number.parse().unwrap()))
}

fn start(test: &str, dir: &Path, first: u64, limit: &str) -> Child {
    let script = format!("trap '' XFSZ; {limit}; exec \"$0\" --exact \"$1\" --nocapture");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap()).arg(test);
    command.env(CHILD, format!("{first} {}", dir.display())).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// A volume that no test fills, so that its files grow.
fn one_volume(dir: &Path) -> Options {
    Options::new(dir.to_owned(), Timestamp::now)
}

/// Submits events for ever and prints each receipt; after the first error its text, and then the process ends.
async fn load(ledger: &Ledger, first: u64) {
    let mut receipts = stream::iter(first..).map(|number| ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number))).buffered(64);
    while let Some(receipt) = receipts.next().await {
        match receipt {
            Ok(receipt) => println!("{}", serde_json::to_string(&receipt).unwrap()),
            Err(error) => {
                println!("error {error}");
                return;
            }
        }
    }
}

/// How many records can be read. After sled's own write failed it can't read what it hadn't written; it never reads something else.
fn readable(reader: &Reader) -> usize {
    let read = |position: u64| match reader.record(Position::new(position)) {
        Ok(Some(record)) => record.event == event(position) || panic!("the record at {position} is another"),
        Ok(None) => panic!("the record at {position} is gone"),
        Err(_) => false,
    };
    (0..reader.head().size).filter(|&position| read(position)).count()
}

fn honoured(ledger: &Ledger, receipts: &[Receipt]) {
    let records = audited(&ledger.reader());
    for receipt in receipts {
        let Outcome::Recorded { position, recorded, leaf } = &receipt.outcome else { panic!("{receipt:?}") };
        let record = &records[usize::try_from(position.get()).unwrap()];
        assert_eq!((record.recorded, record.leaf()), (*recorded, *leaf));
        assert_eq!(ledger.reader().receipt(&local(), receipt.digest, None).unwrap().as_ref(), Some(receipt));
    }
}

#[tokio::test]
async fn every_receipt_is_honoured_after_a_kill_9_under_load() {
    if let Some((dir, first)) = child() {
        return load(&open(&dir), first).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let seed = std::env::var("HANDOVER_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap());
    println!("HANDOVER_SEED={seed}");
    let mut receipts: Vec<Receipt> = Vec::new();
    for round in 0..12_u64 {
        let mut process = start("deaths::every_receipt_is_honoured_after_a_kill_9_under_load", dir.path(), round << 32, "true");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let enough = 1 + usize::try_from((seed ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 1_500).unwrap();
        let before = receipts.len();
        for line in lines.map_while(Result::ok).filter(|line| line.starts_with('{')) {
            receipts.push(serde_json::from_str(&line).unwrap());
            if receipts.len() - before == enough {
                process.kill().unwrap();
            }
        }
        process.wait().unwrap();
        assert!(receipts.len() - before >= enough, "round {round}: the process ended by itself");
        let ledger = open(dir.path());
        honoured(&ledger, &receipts);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_disk_that_says_no_ends_the_writer_and_costs_no_receipt() {
    if let Some((dir, first)) = child() {
        let ledger = Ledger::open(one_volume(&dir)).unwrap();
        load(&ledger, first).await;
        let Part::Stopped { reason, .. } = ledger.health().borrow().writer.clone() else { panic!("{:?}", ledger.health().borrow()) };
        let again = ledger.submit(SUBJECT.to_owned(), Vec::new(), event(first)).await;
        let second = Ledger::open(one_volume(&dir));
        assert!(matches!(second, Err(OpenError::Store(durable::OpenError::Locked { .. }))), "the folder stays locked");
        println!("ended {reason} / {} / {}", again.unwrap_err(), readable(&ledger.reader()));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // In blocks of 512 bytes: sled's file and the journal reach 2 MiB after some thousand events.
    let mut process = start("deaths::a_disk_that_says_no_ends_the_writer_and_costs_no_receipt", dir.path(), 0, "ulimit -f 4096");
    let lines: Vec<String> = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    assert!(process.wait().unwrap().success(), "{:?}", lines.iter().filter(|line| !line.starts_with('{')).collect::<Vec<_>>());
    let receipts: Vec<Receipt> = lines.iter().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    let (error, ended) = (lines.iter().find(|line| line.starts_with("error")).unwrap(), lines.iter().find(|line| line.starts_with("ended")).unwrap());
    assert!(receipts.len() > 100, "{}", receipts.len());
    assert!(error.contains("could not be written") && ended.matches("could not be written").count() == 2, "{error} {ended}");
    assert!(ended.rsplit(' ').next().unwrap().parse::<usize>().unwrap() > 100, "reading goes on: {ended}");
    let ledger = Ledger::open(one_volume(dir.path())).unwrap();
    honoured(&ledger, &receipts);
    submit(&ledger, [1 << 40], 1).await;
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_refused_with_the_id_of_the_first() {
    if let Some((dir, _)) = child() {
        let _ledger = open(&dir);
        println!("open");
        // Ends with the test that started it.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut process = start("deaths::a_second_process_on_the_folder_is_refused_with_the_id_of_the_first", dir.path(), 0, "true");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("open")));
    let second = Ledger::open(options(dir.path()));
    match second {
        Err(OpenError::Store(error @ durable::OpenError::Locked { .. })) => {
            assert!(error.to_string().contains(&format!("process {}", process.id())), "{error}")
        }
        other => panic!("{other:?}"),
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let ledger = open(dir.path());
    submit(&ledger, [1], 1).await;
    tokio::time::timeout(Duration::from_secs(10), ledger.close()).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_says_no_while_as_many_wait_as_may_wait_ends_the_writer() {
    if let Some((dir, _)) = child() {
        let ledger = Ledger::open(one_volume(&dir)).unwrap();
        let submitted = |number| ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number));
        // Several at once, so that the queue is full when the disk is.
        let numbers = |first: u64| stream::iter((first << 32)..).map(submitted).buffer_unordered(2_000);
        let all = (0..8).map(numbers);
        let stopped = |result: &Result<Receipt, SubmitError>| std::future::ready(!matches!(result, Err(SubmitError::Stopped(_))));
        futures::future::join_all(all.map(|receipts| receipts.take_while(stopped).for_each(|_| std::future::ready(())))).await;
        println!("ended {:?}", ledger.health().borrow().writer);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut process = start("deaths::a_disk_that_says_no_while_as_many_wait_as_may_wait_ends_the_writer", dir.path(), 0, "ulimit -f 8192");
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let ended = tokio::task::spawn_blocking(move || lines.filter(|line| line.starts_with("ended")).last());
    let ended = tokio::time::timeout(blackbox::PATIENCE, ended).await;
    process.kill().unwrap();
    process.wait().unwrap();
    let ended = ended.expect("the writer ends, and everyone who waits hears of it").unwrap().unwrap();
    assert!(ended.contains("could not be written"), "{ended}");
    audited(&Ledger::open(one_volume(dir.path())).unwrap().reader());
}
