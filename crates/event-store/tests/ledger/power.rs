//! The power goes, at any moment: while a ledger is made, under load, while it's opened after a cut, after a kill. A test starts itself as the process that is recorded.
#![expect(clippy::print_stdout, reason = "what the recorded process prints has left it, and the seed belongs to the output")]

use std::{
    collections::{BTreeSet, hash_map::RandomState},
    fs,
    hash::BuildHasher,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use announcement::{Outcome, Receipt};
use blackbox::{
    SplitMix,
    power::{Disk, Recorder, Trace},
};
use bytes::Bytes;
use durable::Folder;
use event_store::{Frontier, Head, Ledger, Options, Part};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::harness::{SUBJECT, audited, event, local, options};

/// Set in a process that a test starts of itself: its [`Order`].
const CHILD: &str = "HANDOVER_POWER_CHILD";
/// How long such a process may take: the images of a full disk on a machine with other work.
const TIME: Duration = Duration::from_secs(180);

/// What such a process is to do: open the ledger, go on with a load, look whether all that was promised holds, close it.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Order {
    dir: PathBuf,
    volume_records: u64,
    promised: PathBuf,
    seed: u64,
    /// The first event's number.
    first: u64,
    events: u64,
    /// How many of a hundred events are near the largest size.
    large: u64,
    /// How many of a hundred are refused messages of that size besides: sled has their bytes as they are.
    refused: u64,
}

/// What has left a process: it holds from then on.
#[derive(Serialize, Deserialize)]
enum Promise {
    /// Readers were given the records up to here.
    Head(Head),
    Receipt(Receipt),
}

/// What is in the lines that are printed of it.
const HEAD: &str = "{\"Head\":";
const RECEIPT: &str = "{\"Receipt\":";

/// A sled loses its name, so that another is made of its journal.
const PUT_AWAY: &str = "data/ledger/active- data/ledger/active-.away.new";

fn promise(promise: &Promise) {
    println!("{}", serde_json::to_string(promise).unwrap());
}

/// Carries out the order and ends the process, if a test started it.
fn carry_out_if_child() {
    let Ok(order) = std::env::var(CHILD) else {
        return;
    };
    let order: Order = serde_json::from_str(&order).unwrap();
    println!();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(Options { volume_records: order.volume_records, ..options(&order.dir) }).unwrap_or_else(|error| panic!("{error}"));
        promise(&Promise::Head(ledger.head()));
        load(&ledger, &order).await;
        honoured(&ledger, &fs::read_to_string(&order.promised).unwrap_or_default());
        ledger.close().await;
        assert_eq!(ledger.health().borrow().writer, Part::Running);
        // The ledger is closed, and nothing that its end might bring to disk is waited for.
        std::process::exit(0)
    })
}

fn honoured(ledger: &Ledger, promised: &str) {
    let records = audited(&ledger.reader());
    let mut tree = Frontier::default();
    let mut roots = vec![tree.root()];
    roots.extend(records.iter().map(|record| {
        tree.append(record.leaf());
        tree.root()
    }));
    for line in promised.lines() {
        let receipt = match serde_json::from_str(line).unwrap() {
            Promise::Head(head) => {
                assert_eq!(roots.get(usize::try_from(head.size).unwrap()), Some(&head.root), "{} records were read", head.size);
                continue;
            }
            Promise::Receipt(receipt) => receipt,
        };
        if let Outcome::Recorded { position, .. } | Outcome::Duplicate { position } = receipt.outcome {
            let record = records.get(usize::try_from(position.get()).unwrap()).unwrap_or_else(|| panic!("{receipt:?} is lost"));
            let id = announcement::decode(std::str::from_utf8(&record.event).unwrap()).unwrap().envelope.id;
            assert_eq!(Some(id.to_string()), receipt.id, "another event is at {position}");
            if let Outcome::Recorded { recorded, leaf, .. } = receipt.outcome {
                assert_eq!((record.recorded, record.leaf()), (recorded, leaf));
            }
        }
        let found = ledger.reader().receipt(&local(), receipt.digest, None).unwrap().map(|found| found.outcome);
        let same = match (&found, &receipt.outcome) {
            // The same bytes, sent again.
            (Some(Outcome::Recorded { position, .. }), Outcome::Duplicate { position: of }) => position == of,
            (found, outcome) => found.as_ref() == Some(outcome),
        };
        assert!(same, "{receipt:?}, and then {found:?}");
    }
}

/// Submits in batches of one to 64, and prints each receipt.
async fn load(ledger: &Ledger, order: &Order) {
    let random = &mut SplitMix::new(order.seed);
    let (mut next, end) = (order.first, order.first + order.events);
    while next < end {
        let window = [1, 1 + random.below(8), 1 + random.below(64)][random.index(3)].min(end - next);
        let bodies: Vec<Bytes> = (next..next + window).map(|number| body(number, order, random)).collect();
        next += window;
        let mut receipts = stream::iter(bodies).map(|body| ledger.submit(SUBJECT.to_owned(), Vec::new(), body)).buffer_unordered(64);
        while let Some(receipt) = receipts.next().await {
            promise(&Promise::Receipt(receipt.unwrap()));
        }
    }
}

/// An event of its own, now and then one near the largest size, or a message that's refused, or one with the content of an event before it.
fn body(number: u64, order: &Order, random: &mut SplitMix) -> Bytes {
    let text = |number| String::from_utf8(event(number).to_vec()).unwrap();
    let earlier = order.first + random.below(number - order.first + 1);
    match random.below(100) {
        0 => format!("[{number}").into(),
        1 if earlier < number => text(earlier).replace("\"exact\":", "\"exact\":1").into(),
        2 if earlier < number => text(earlier).replacen(':', ": ", 1).into(),
        3 if earlier < number => event(earlier),
        other if other >= 100 - order.large - order.refused => {
            let spaces: String = (0..60_000).map(|_| [' ', '\n', '\t', '\r'][random.index(4)]).collect();
            let begin = if other >= 100 - order.large { "{" } else { "[" };
            format!("{begin}{spaces}{}", &text(number)[1..]).into()
        }
        _ => event(number),
    }
}

/// A folder for disks, traces and what was promised, and what is needed to go through them again.
struct Work {
    recorder: Recorder,
    dir: TempDir,
    seed: u64,
    full: bool,
    failures: Mutex<Vec<String>>,
    /// How many disks were opened, and in how many of them a sled had to be made anew.
    opened: AtomicU64,
    rebuilt: AtomicU64,
}

/// A process that was recorded, and the disk that it began with.
struct Recorded {
    before: Disk,
    trace: Trace,
    /// What had left before it began.
    promised: String,
}

impl Work {
    fn new() -> Self {
        let seed = std::env::var("HANDOVER_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap());
        println!("HANDOVER_SEED={seed}");
        let full = std::env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full");
        Self {
            recorder: Recorder::compile(),
            dir: TempDir::new().unwrap(),
            seed,
            full,
            failures: Mutex::default(),
            opened: AtomicU64::new(0),
            rebuilt: AtomicU64::new(0),
        }
    }

    /// A tenth of them, but where all are asked for.
    const fn of_all(&self, count: u64) -> u64 {
        if self.full { count } else { count / 10 }
    }

    fn random(&self, number: u64) -> SplitMix {
        SplitMix::new(self.seed ^ SplitMix::new(number).next())
    }

    /// Runs this test in a process of its own, on the disk in a folder, and adds to the folder's trace; it may be killed, as the recorder understands it.
    /// Gives what it said where it failed.
    fn run(&self, test: &str, dir: &Path, order: &Order, kill: Option<&str>) -> Result<(), String> {
        let mut variables = vec![(CHILD, serde_json::to_string(order).unwrap()), ("RUST_BACKTRACE", "0".to_owned())];
        variables.extend(kill.map(|kill| ("HANDOVER_POWER_KILL", kill.to_owned())));
        let test = format!("power::{test}");
        let arguments = ["--exact", &test, "--nocapture", "--test-threads=1"];
        let mut process = self.recorder.start(&std::env::current_exe().unwrap(), &arguments, &dir.join("disk"), &dir.join("trace"), &variables);
        let ended = process.wait(TIME);
        let killed = kill.is_some() && ended.code().is_none();
        if ended.success() || killed { Ok(()) } else { Err(format!("{ended}\n{}", process.stderr())) }
    }

    /// Opens a disk, looks whether what was promised holds, and records that.
    fn opened(&self, test: &str, name: &str, disk: Disk, promised: String, order: &Order) -> Result<Recorded, String> {
        let dir = self.dir.path().join(name);
        disk.write(&dir.join("disk"));
        fs::write(dir.join("promised"), &promised).unwrap();
        let order = Order { dir: dir.join("disk/data/ledger"), promised: dir.join("promised"), ..order.clone() };
        let ran = self.run(test, &dir, &order, None);
        ran.inspect_err(|_| disk.write(&dir.join("before")))?;
        let trace = Trace::read(&dir.join("trace"));
        let after = Disk::read(&dir.join("disk"));
        if trace.outcome(&disk) != after {
            return Err("something that was done to the files isn't recorded".to_owned());
        }
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.rebuilt.fetch_add(u64::from(trace.steps().contains_key(PUT_AWAY)), Ordering::Relaxed);
        fs::remove_dir_all(&dir).unwrap();
        Ok(Recorded { before: disk, trace, promised })
    }

    /// Does something with each number below that one, two at a time.
    fn each(&self, count: usize, one: impl Fn(usize) -> Result<(), String> + Sync) {
        let numbers = Mutex::new(0..count);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(number) = { numbers.lock().unwrap().next() } {
                        one(number).unwrap_or_else(|failure| self.failures.lock().unwrap().push(format!("{number}: {failure}")));
                    }
                });
            }
        });
    }

    /// Gives in how many disks a sled had to be made anew.
    ///
    /// # Panics
    /// Something failed. The folder stays.
    fn end(self) -> u64 {
        let rebuilt = self.rebuilt.into_inner();
        println!("{} disks were opened, and in {rebuilt} of them sled was made anew", self.opened.into_inner());
        let failures = self.failures.into_inner().unwrap();
        if !failures.is_empty() {
            let dir = self.dir.keep();
            panic!("{} failures, HANDOVER_SEED={}, disks in {}\n{}", failures.len(), self.seed, dir.display(), failures.join("\n"));
        }
        rebuilt
    }
}

impl Recorded {
    /// What was promised before an entry.
    fn promised(&self, entries: usize) -> String {
        let printed = self.trace.printed(entries);
        let whole = printed.rfind('\n').map_or("", |end| &printed[..=end]);
        self.promised.lines().chain(whole.lines().filter(|line| line.starts_with('{'))).flat_map(|line| [line, "\n"]).collect()
    }
}

/// How the power is cut: after how many entries, and what was left out of the disk.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// All that wasn't synced.
    Unsynced(usize),
    /// All that wasn't synced but the last change of a name.
    Overtaken(usize),
    /// The content of what wasn't synced, but no name and no length.
    Hollow(usize),
    /// Some of what wasn't synced.
    Partly(usize),
}

impl Cut {
    const fn entries(self) -> usize {
        match self {
            Self::Unsynced(entries) | Self::Overtaken(entries) | Self::Hollow(entries) | Self::Partly(entries) => entries,
        }
    }

    fn of(self, recorded: &Recorded, random: &mut SplitMix) -> (Disk, String) {
        let Recorded { trace, before, .. } = recorded;
        let disk = match self {
            Self::Unsynced(entries) => trace.synced(before, entries),
            Self::Overtaken(entries) => trace.overtaken(before, entries),
            Self::Hollow(entries) => trace.hollow(before, entries),
            Self::Partly(entries) => trace.cut(before, entries, random),
        };
        (disk, recorded.promised(self.entries()))
    }
}

/// The changes of names by which records are somewhere else from then on.
const MOVES: [&str; 3] = ["data/ledger/journal-.new data/ledger/journal-", "data/ledger/sealed-.new data/ledger/sealed-", "remove data/ledger/journal-"];

/// Cuts right after all moves and some of each other kind of change of a name, where it's on disk before everything else, and right after the first
/// receipt that follows, where it isn't.
fn cuts_at_names(trace: &Trace, of_each: usize, random: &mut SplitMix) -> Vec<Cut> {
    let (receipts, mut steps) = (trace.prints(RECEIPT), trace.steps());
    let mut moments: Vec<usize> = MOVES.iter().flat_map(|step| steps.remove(*step).unwrap_or_else(|| panic!("nothing is moved by {step}"))).collect();
    let mut cuts: Vec<Cut> = moments.iter().map(|&moment| Cut::Hollow(moment)).collect();
    for mut of_kind in steps.into_values() {
        moments.extend((0..of_each.min(of_kind.len())).map(|_| of_kind.swap_remove(random.index(of_kind.len()))));
    }
    let next: BTreeSet<usize> = moments.iter().filter_map(|moment| receipts.iter().copied().find(|receipt| receipt > moment)).collect();
    cuts.extend(next.into_iter().map(Cut::Unsynced));
    cuts.extend(moments.into_iter().map(Cut::Overtaken));
    cuts
}

/// A load, and disks that the power cut at a moment of it left; and of opening such a disk, and of opening that.
#[test]
fn what_has_left_a_ledger_is_there_after_a_power_cut_at_any_moment() {
    const TEST: &str = "what_has_left_a_ledger_is_there_after_a_power_cut_at_any_moment";
    carry_out_if_child();
    let work = Work::new();
    for round in 0..work.of_all(20) {
        // Volumes that begin and are sealed all the time; or one whose sled fills segments between two syncs, which a cut may tear so that it can't be opened.
        let (volume_records, events, large, of_each) = if round % 2 == 0 { (256, 1_500, 4, if work.full { 5 } else { 1 }) } else { (65_536, 800, 25, 0) };
        let order = Order { volume_records, events, large, seed: work.seed ^ round, ..Order::default() };
        let load = work.opened(TEST, &format!("load-{round}"), Disk::default(), String::new(), &order).unwrap();
        let random = &mut work.random(round << 32);
        let mut cuts = if of_each == 0 { Vec::new() } else { cuts_at_names(&load.trace, of_each, random) };
        let many = if work.full { 30 } else { 8 };
        cuts.extend((0..if of_each == 0 { 2 * many } else { many }).map(|_| Cut::Partly(load.trace.moment(random))));
        work.each(cuts.len(), |number| {
            let random = &mut work.random((round << 32) | (number as u64 + 1));
            let mut cut = cuts[number];
            // What is opened by way of a disk that some of it is missing from is cut off too, and what is opened of that.
            let generations = if of_each > 0 && matches!(cut, Cut::Partly(_)) { 3 } else { 1 };
            let mut opening = None;
            for generation in 0..generations {
                let from: &Recorded = opening.as_ref().unwrap_or(&load);
                if generation > 0 {
                    cut = Cut::Partly(from.trace.moment(random));
                }
                let (disk, promised) = cut.of(from, random);
                let events = [1, 1, 1, 600][random.index(4)];
                let order = Order { first: ((round << 16) + number as u64 + 1) << 32 | (generation << 24), events, ..order.clone() };
                let opened = work.opened(TEST, &format!("{round}.{number}.{generation}"), disk, promised, &order);
                opening = Some(opened.map_err(|failure| format!("{round}, generation {generation}, {cut:?} of {} entries: {failure}", from.trace.len()))?);
            }
            Ok(())
        });
    }
    work.end();
}

/// What a killed process wrote the system still has, and the next process builds on it, though the disk hasn't got it yet.
#[test]
fn what_a_ledger_builds_on_after_a_kill_is_there_after_a_power_cut() {
    const TEST: &str = "what_a_ledger_builds_on_after_a_kill_is_there_after_a_power_cut";
    carry_out_if_child();
    let work = Work::new();
    let order = Order { volume_records: 256, events: 600, large: 4, seed: work.seed, ..Order::default() };
    let turns = work.opened(TEST, "whole", Disk::default(), String::new(), &order).unwrap().trace.turns().len();
    let kills = if work.full { turns } else { turns.min(14) };
    // What is built on, and has its name since just now.
    let named = ["data/ledger/journal-00000001", "data/ledger/sealed-00000000"];
    work.each(named.len() + kills, |number| {
        let random = &mut work.random(number as u64);
        let killed = match number.checked_sub(named.len()) {
            None => named[number].to_owned(),
            Some(number) => (1 + (number * turns / kills + random.index(turns.div_ceil(kills))) % turns).to_string(),
        };
        let dir = work.dir.path().join(number.to_string());
        fs::create_dir_all(dir.join("disk")).unwrap();
        let order = Order { dir: dir.join("disk/data/ledger"), promised: dir.join("promised"), ..order.clone() };
        work.run(TEST, &dir, &order, Some(&killed))?;
        let before = Trace::read(&dir.join("trace")).len();
        work.run(TEST, &dir, &Order { first: 1 << 32, events: 20, ..order.clone() }, None)?;
        let both = Recorded { before: Disk::default(), trace: Trace::read(&dir.join("trace")), promised: String::new() };
        let after = |words: &str| both.trace.prints(words).into_iter().find(|&entries| entries > before).unwrap();
        let any = before + random.index(both.trace.len() - before + 1);
        // What readers were given before anything was written rests on the opening alone.
        for cut in [Cut::Unsynced(after(HEAD)), Cut::Unsynced(after(RECEIPT)), Cut::Partly(any)] {
            let (disk, promised) = cut.of(&both, random);
            let opened = work.opened(TEST, &format!("{number}.{}", cut.entries()), disk, promised, &Order { first: 2 << 32, events: 1, ..order.clone() });
            opened.map_err(|failure| format!("killed at {killed}, of {turns} turns, {cut:?} of {}: {failure}", both.trace.len()))?;
        }
        fs::remove_dir_all(&dir).unwrap();
        Ok(())
    });
    work.end();
}

/// What a sled holds of what was written into it: the marker, and everything where all of it can be read.
#[derive(PartialEq)]
struct Held {
    marker: Option<Vec<u8>>,
    all: Option<Vec<durable::Entry>>,
}

/// Opens the sled of the first volume by itself.
fn held(disk: &Disk) -> Result<Held, String> {
    let dir = TempDir::new().unwrap();
    disk.write(dir.path());
    let folder = Folder::take(&dir.path().join("data/ledger")).unwrap();
    let volume = folder.open_active(0)?.expect("it has a sled");
    Ok(Held { marker: volume.get(b"m").ok().flatten(), all: volume.range(b"", b"\xff", usize::MAX).ok() })
}

/// A page of a sled is missing: it can't be opened; or it opens, says that it has followed as far as it had, and hasn't got some of it. The ledger had
/// been closed in good order before: what was noted of its sled then doesn't hold any more. Nothing of either is used.
#[test]
fn a_sled_that_a_power_cut_tore_is_made_anew_from_its_journal() {
    const TEST: &str = "a_sled_that_a_power_cut_tore_is_made_anew_from_its_journal";
    const DB: &str = "data/ledger/active-00000000/db";
    const NOTE: &str = "data/ledger/clean";
    /// How many pages are left out, one at a time, until both are found.
    const TRIES: usize = 100;
    carry_out_if_child();
    let work = Work::new();
    // Sled writes many segments between two syncs.
    let order = Order { volume_records: 65_536, events: 300, large: 10, refused: 30, seed: work.seed, ..Order::default() };
    let load = work.opened(TEST, "load", Disk::default(), String::new(), &order).unwrap();
    let noted = load.trace.steps()["data/ledger/clean.new data/ledger/clean"][0];
    assert_eq!(load.trace.unsynced(&load.before, noted, DB), 0, "it's noted that all is on disk, and these pages of sled aren't");
    let (closed, promised) = (load.trace.outcome(&load.before), load.promised(load.trace.len()));

    let order = Order { first: 1 << 32, ..order };
    let load = work.opened(TEST, "again", closed, promised, &order).unwrap();
    let opened = load.trace.openings(DB)[0];
    let note = load.trace.synced(&load.before, opened).file(NOTE).map(|note| String::from_utf8_lossy(note).into_owned());
    assert!(note.is_some_and(|note| note.contains("\"sound\":false")), "sled is open, and the note still vouches for it");

    let unsynced = |moment| load.trace.unsynced(&load.before, moment, DB);
    let most = load.trace.turns().into_iter().max_by_key(|&moment| unsynced(moment)).unwrap();
    let (pages, promised) = (unsynced(most), load.promised(most));
    let without = |page| load.trace.holed(&load.before, most, DB, page);
    let whole = held(&without(pages)).unwrap();
    let (mut unopenable, mut lacking) = (None, None);
    // In no order, since pages that are next to each other are often alike.
    for disk in (0..TRIES).map(|number| without(number * 37 % TRIES * pages / TRIES)) {
        match held(&disk) {
            Err(_) => drop(unopenable.get_or_insert(disk)),
            Ok(held) if held.marker == whole.marker && held.all != whole.all => drop(lacking.get_or_insert(disk)),
            Ok(_) => {}
        }
        if unopenable.is_some() && lacking.is_some() {
            break;
        }
    }
    let torn = [unopenable.expect("a page without which sled can't be opened"), lacking.expect("a page that sled doesn't miss")];
    assert!(torn.iter().all(|disk| !disk.has(NOTE)), "the ledger is written again, and the note of how it was closed is still there");
    work.each(torn.len(), |number| {
        work.opened(TEST, &number.to_string(), torn[number].clone(), promised.clone(), &Order { first: 2 << 32, events: 1, ..order.clone() }).map(drop)
    });
    assert_eq!(work.end(), torn.len() as u64, "a torn sled was gone on with");
}
