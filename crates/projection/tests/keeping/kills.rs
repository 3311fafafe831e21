//! A process that is killed while it saves and rebuilds. The test starts itself as the process that dies.
#![expect(clippy::print_stdout, reason = "the process that dies says on its standard output that it has begun")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use event_store::{Ledger, Options};
use futures::{StreamExt, stream};
use generator::{Chronicle, SplitMix};
use jiff::Timestamp;
use projection::{Book, Projection, Settings, Slot, Snapshots, Source};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::harness::{records, settings, subject};

/// Set in the process that dies: its folder, and the seed of its events.
const CHILD: &str = "HANDOVER_KEEPING_CHILD";
const TEST: &str = "kills::what_a_killed_process_saved_is_what_a_fold_from_the_first_record_gives";

/// Takes records in, saves after every few, and where the seed is even rebuilds again and again; for ever. While it rebuilds most is written whole, else what changed.
async fn live(dir: PathBuf, seed: u64) {
    let ledger = Ledger::open(Options::new(dir.join("ledger"), Timestamp::now)).unwrap();
    let projection = Projection::with(Settings { every_records: 16 + seed % 50, ..settings(&dir.join("views")) });
    let running = {
        let (projection, source) = (projection.clone(), Source::Ledger(ledger.reader()));
        tokio::spawn(async move { projection.run(source, CancellationToken::new()).await })
    };
    tokio::spawn(async move {
        while seed.is_multiple_of(2) {
            // It says no while one is under way.
            let _ = projection.rebuild().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    println!("begun");
    let events = stream::iter(Chronicle::new(seed, 1 << 20, 1 << 10));
    let mut receipts = events.map(|event| ledger.submit(subject(&event).to_owned(), Vec::new(), event.event.into())).buffered(16);
    while let Some(receipt) = receipts.next().await {
        receipt.unwrap();
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    running.await.unwrap();
}

fn killed(dir: &Path, seed: u64, after: Duration) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", TEST, "--nocapture"]).env(CHILD, format!("{seed} {}", dir.display()));
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("begun")), "it ended by itself");
    thread::sleep(after);
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Of each slot, how many records it was saved at; and that it's the fold of these.
async fn saved(dir: &Path) -> [Option<u64>; 2] {
    let ledger = Ledger::open(Options::new(dir.join("ledger"), Timestamp::now)).unwrap();
    let (records, mut snapshots) = (records(&ledger), Snapshots::open(&dir.join("views")).unwrap());
    let saved = [Slot::Served, Slot::Rebuilt].map(|slot| {
        let (book, stand) = snapshots.load(slot).unwrap()?;
        let next = usize::try_from(stand.next.get()).unwrap();
        let mut expected = Book::default();
        for record in &records[..next] {
            expected.apply(record).unwrap();
        }
        assert_eq!((&book, book.difference(&expected)), (&expected, None), "{slot:?} at {next}");
        assert!(next == 0 || ledger.reader().root_at(stand.next.get()).unwrap() == Some(stand.root));
        Some(stand.next.get())
    });
    ledger.close().await;
    saved
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_saved_is_what_a_fold_from_the_first_record_gives() {
    if let Ok(given) = std::env::var(CHILD) {
        let (seed, dir) = given.split_once(' ').unwrap();
        return live(dir.into(), seed.parse().unwrap()).await;
    }
    let rounds = if std::env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full") { 100 } else { 10 };
    let mut random = SplitMix::new(1);
    let (mut gone_on, mut rebuilding) = (0, 0);
    let mut dir = TempDir::new().unwrap();
    for round in 0..rounds {
        if round % 10 == 0 {
            dir = TempDir::new().unwrap();
        }
        killed(dir.path(), round, Duration::from_millis(random.below(250)));
        let [served, rebuilt] = saved(dir.path()).await;
        gone_on += u32::from(served.is_some_and(|next| next > 0));
        rebuilding += u32::from(rebuilt.is_some());
    }
    assert!(gone_on > rounds as u32 / 2 && rebuilding > 0, "{gone_on} snapshots and {rebuilding} rebuilds in {rounds} rounds: that shows little");
}
