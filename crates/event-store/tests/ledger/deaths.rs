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
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::extremes::noise;
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
    let seed = std::env::var("HANDOVER_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap());
    println!("HANDOVER_SEED={seed}");
    let folders = if std::env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full") { 20 } else { 1 };
    for folder in 0..folders {
        let dir = tempfile::tempdir().unwrap();
        let mut receipts: Vec<Receipt> = Vec::new();
        for round in 0..10 {
            let random = noise(seed).nth(10 * folder + round).unwrap();
            let before = receipts.len();
            let enough = 1 + usize::try_from(random % 1_500).unwrap();
            killed(dir.path(), u64::try_from(round).unwrap() << 32, &mut receipts, Death::AfterReceipts(enough));
            assert!(receipts.len() - before >= enough, "round {round}: the process ended by itself");
            // It's killed again while it opens what it left, where every other time sled has to be made anew and full volumes wait to be sealed.
            if random.is_multiple_of(2) {
                newest_sled(dir.path()).into_iter().for_each(|sled| std::fs::remove_dir_all(sled).unwrap());
            }
            for again in 0..2 {
                let within = Duration::from_micros(noise(random).nth(again).unwrap() % 150_000);
                killed(dir.path(), u64::try_from(round).unwrap() << 32 | 1 << 24 | (again as u64) << 20, &mut receipts, Death::Within(within));
            }
            let ledger = open(dir.path());
            honoured(&ledger, &receipts);
            ledger.close().await;
        }
    }
}

/// When a process is killed.
enum Death {
    AfterReceipts(usize),
    Within(Duration),
}

/// Starts a process that takes events in, from this number on, kills it, and adds the receipts that it gave.
fn killed(dir: &Path, first: u64, receipts: &mut Vec<Receipt>, death: Death) {
    let mut process = start("deaths::every_receipt_is_honoured_after_a_kill_9_under_load", dir, first, "true");
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let enough = match death {
        Death::AfterReceipts(enough) => receipts.len() + enough,
        Death::Within(within) => {
            std::thread::sleep(within);
            process.kill().unwrap();
            0
        }
    };
    // The last line may be half a one.
    for line in lines.map_while(Result::ok).filter(|line| line.starts_with('{') && line.ends_with('}')) {
        receipts.extend(serde_json::from_str::<Receipt>(&line));
        if receipts.len() == enough {
            process.kill().unwrap();
        }
    }
    process.wait().unwrap();
}

fn newest_sled(dir: &Path) -> Option<std::path::PathBuf> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("active-") && path.extension().is_none()).max()
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
async fn no_receipt_leaves_for_what_the_journal_could_not_take() {
    if let Some((dir, first)) = child() {
        let ledger = open(&dir);
        submit(&ledger, first..100, 10).await;
        // From here on no file grows, and the journal is the first that has to.
        setrlimit(Resource::Fsize, Rlimit { current: Some(0), maximum: Some(0) }).unwrap();
        // The test's own name stands on the first line.
        println!();
        return load(&ledger, 100).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut process = start("deaths::no_receipt_leaves_for_what_the_journal_could_not_take", dir.path(), 0, "true");
    let lines: Vec<String> = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    assert!(process.wait().unwrap().success(), "{lines:?}");
    let receipts: Vec<Receipt> = lines.iter().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line.starts_with("error") && line.contains("could not be written")), "{lines:?}");
    let ledger = open(dir.path());
    assert_eq!(ledger.head().size, 100, "what was receipted before is there");
    honoured(&ledger, &receipts);
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

/// Runs a test of this program in a mount namespace of its own, where a folder is a file system of 6 MiB. `None` where that isn't permitted.
fn on_a_small_disk(test: &str, dir: &Path) -> Option<std::process::Output> {
    let script = "mount -t tmpfs -o size=6m none \"$1\" && exec \"$0\" --exact \"$2\" --nocapture";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(std::env::current_exe().unwrap()).arg(dir).arg(test);
    let output = command.env(CHILD, format!("0 {}", dir.display())).output().ok()?;
    let permitted = !String::from_utf8_lossy(&output.stderr).contains("ermission denied") && !String::from_utf8_lossy(&output.stderr).contains("not permitted");
    permitted.then_some(output)
}

#[tokio::test]
async fn a_full_disk_ends_the_writer_refuses_the_next_start_and_costs_nothing_once_it_has_room() {
    const TEST: &str = "deaths::a_full_disk_ends_the_writer_refuses_the_next_start_and_costs_nothing_once_it_has_room";
    let Some((dir, _)) = child() else {
        let dir = tempfile::tempdir().unwrap();
        match on_a_small_disk(TEST, dir.path()) {
            Some(output) => assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("whole again"), "{output:?}"),
            None => println!("skipped: no file system may be mounted here"),
        }
        return;
    };
    let ledger = Ledger::open(one_volume(&dir)).unwrap();
    let mut submitted = stream::iter(0..).map(|number| ledger.submit(SUBJECT.to_owned(), Vec::new(), event(number))).buffered(64);
    let mut receipts = Vec::new();
    while let Some(Ok(receipt)) = submitted.next().await {
        receipts.push(receipt);
    }
    drop(submitted);
    assert!(receipts.len() > 100 && matches!(ledger.health().borrow().writer, Part::Stopped { .. }), "{}", receipts.len());
    ledger.close().await;
    drop(ledger);
    // Nothing is left at all.
    let mut filler = std::fs::File::create(dir.join("filler")).unwrap();
    while std::io::Write::write_all(&mut filler, &[1; 512]).is_ok() {}
    drop(filler);
    for _ in 0..3 {
        if let Err(error) = Ledger::open(one_volume(&dir)) {
            assert!(error.to_string().contains("No space left on device"), "{error}");
        }
    }
    let names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_str().unwrap().contains("damaged")), "{names:?}");
    std::fs::remove_file(dir.join("filler")).unwrap();
    assert!(Command::new("mount").args(["-o", "remount,size=64m"]).arg(&dir).status().unwrap().success());
    let ledger = Ledger::open(one_volume(&dir)).unwrap();
    honoured(&ledger, &receipts);
    submit(&ledger, [1 << 40], 1).await;
    println!("whole again");
}
