//! Random commands against a ledger and a model of it: what it must hold, whatever happened to its process and its files.
#![expect(clippy::print_stdout, reason = "a failure says its seed and what was done")]

use std::{
    collections::hash_map::RandomState,
    fs,
    hash::BuildHasher,
    io::{BufRead, BufReader},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicI64, Ordering},
    thread,
    time::{Duration, Instant},
};

use announcement::{Digest, Outcome, Position, Publisher};
use event_store::{Ledger, OpenError, Options, ReadError, SubmitError};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::id;

mod damage;
mod expected;
mod messages;
mod random;

use damage::{copy, named, put_back, spoil, spoil_one_of};
use expected::{Expected, Model, Sent, What};
use messages::{any, claim, redaction};
use random::Random;

const VOLUME: u64 = 256;
/// How many commands one ledger gets before another is begun.
const COMMANDS: usize = 60;

/// The clock of the ledgers here, in microseconds.
static CLOCK: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::from_microsecond(CLOCK.load(Ordering::Relaxed)).unwrap()
}

fn options(dir: &Path) -> Options {
    Options { volume_records: VOLUME, ..Options::new(dir.to_owned(), clock) }
}

/// Set in the process that is killed: its clock, its first number and its folder.
const CHILD: &str = "HANDOVER_MODEL_CHILD";

#[test]
fn whatever_happens_the_ledger_holds_what_it_must() {
    if let Ok(child) = std::env::var(CHILD) {
        return die(&child);
    }
    let given = std::env::var("HANDOVER_SEED").ok().map(|seed| seed.parse().unwrap());
    let mut seed = given.unwrap_or_else(|| RandomState::new().hash_one(0) >> 16);
    let seconds = match (std::env::var("HANDOVER_SECONDS"), std::env::var("HANDOVER_ROUNDS")) {
        (Ok(seconds), _) => seconds.parse().unwrap(),
        (_, Ok(rounds)) if rounds == "full" => 3_600,
        _ => 60,
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut ledgers, mut commands) = (0, 0);
    while Instant::now() < end {
        let mut run = Run::begin(seed);
        let ended = catch_unwind(AssertUnwindSafe(|| run.commands(end)));
        if let Err(panic) = ended {
            println!("HANDOVER_SEED={seed}\n{}", run.done.join("\n"));
            resume_unwind(panic);
        }
        (ledgers, commands, seed) = (ledgers + 1, commands + run.done.len(), seed + 1);
    }
    println!("{ledgers} ledgers, {commands} commands");
}

/// Takes events in until it's killed.
fn die(child: &str) {
    let mut parts = child.splitn(3, ' ');
    let (clock, first, dir) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    CLOCK.store(clock.parse().unwrap(), Ordering::Relaxed);
    let first: u64 = first.parse().unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(options(Path::new(dir))).unwrap();
        println!("open");
        let submit = |number| {
            let sent = of_child(number);
            ledger.submit(sent.subject(), Vec::new(), sent.body)
        };
        let mut receipts = stream::iter(first..).map(submit).buffered(64);
        while let Some(receipt) = receipts.next().await {
            println!("{}", serde_json::to_string(&receipt.unwrap()).unwrap());
        }
    });
}

fn of_child(number: u64) -> Sent {
    claim("local", number, "2026-01-29", None)
}

struct Run {
    runtime: Runtime,
    random: Random,
    model: Model,
    folders: TempDir,
    dir: PathBuf,
    ledger: Option<Ledger>,
    /// The next number that no event has.
    number: u64,
    backed_up: bool,
    done: Vec<String>,
}

impl Run {
    fn begin(seed: u64) -> Self {
        CLOCK.store("2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond(), Ordering::Relaxed);
        let folders = tempfile::tempdir().unwrap();
        let dir = folders.path().join("ledger");
        let runtime = Runtime::new().unwrap();
        Self { runtime, random: Random(seed), model: Model::default(), folders, dir, ledger: None, number: 1, backed_up: false, done: Vec::new() }
    }

    fn commands(&mut self, end: Instant) {
        self.open();
        for _ in 0..COMMANDS {
            if Instant::now() >= end {
                break;
            }
            let command = self.random.below(100);
            self.say(&format!("{command}"));
            match command {
                0..35 => self.submit(),
                35..40 => self.redact(),
                40..62 => self.look(),
                62..67 => self.turn_the_clock(),
                67..75 => self.open_again(),
                75..82 => self.kill(),
                82..86 => self.spoil_active(),
                86..89 => self.spoil_summary(),
                89..92 => self.spoil_sealed(),
                92..95 => self.spoil_journal(),
                95..97 => self.spoil_note(),
                _ => self.back_up(),
            }
        }
        self.audit();
        self.close();
    }

    fn say(&mut self, what: &str) {
        self.done.push(format!("{} ({} records, {} refusals)", what, self.model.records.len(), self.model.refusals.len()));
    }

    fn also(&mut self, what: &str) {
        let last = self.done.last_mut().unwrap();
        last.push_str("; ");
        last.push_str(what);
    }

    fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    fn open(&mut self) {
        self.ledger = Some(Ledger::open(options(&self.dir)).unwrap());
        let head = self.ledger().head();
        assert_eq!((head.size, head.root), (self.model.records.len() as u64, self.model.root()));
        assert_eq!(head.refused, self.model.refusals.len() as u64);
    }

    fn close(&mut self) {
        if let Some(ledger) = self.ledger.take() {
            self.runtime.block_on(ledger.close());
        }
    }

    fn open_again(&mut self) {
        self.close();
        self.open();
        self.audit();
    }

    fn turn_the_clock(&mut self) {
        let hour = 3_600_000_000;
        let by = if self.random.one_in(3) { -hour } else { i64::try_from(self.random.below(10_000_000)).unwrap() };
        CLOCK.fetch_add(by, Ordering::Relaxed);
    }

    fn submit(&mut self) {
        let count = [1, 3, 20, 200, 400][self.random.index(5)];
        self.also(&format!("{count} messages"));
        let mut waiting = Vec::new();
        for _ in 0..count {
            let sent = any(&mut self.random, &self.model, self.number);
            self.number += 1;
            let expected = self.model.take(&sent, clock());
            waiting.push((sent, expected));
        }
        let window = 1 + self.random.index(128);
        let ledger = self.ledger().clone();
        let submit = |(sent, _): &(Sent, Expected)| ledger.submit(sent.subject(), Vec::new(), sent.body.clone());
        let receipts: Vec<_> = self.runtime.block_on(stream::iter(&waiting).map(submit).buffered(window).collect());
        for ((sent, expected), receipt) in waiting.iter().zip(receipts) {
            let receipt = receipt.unwrap();
            assert!(self.model.holds(expected, &receipt.outcome), "{sent:?}: expected {expected:?}, found {:?}", receipt.outcome);
        }
    }

    /// Redacts a record; sometimes the ledger is closed before the payload may be gone.
    fn redact(&mut self) {
        if self.model.records.is_empty() {
            return;
        }
        let target = self.random.index(self.model.records.len());
        self.also(&format!("of {target}"));
        let sent = redaction(&self.model, self.number, target);
        self.number += 1;
        let expected = self.model.take(&sent, clock());
        let receipt = self.runtime.block_on(self.ledger().submit(sent.subject(), Vec::new(), sent.body.clone())).unwrap();
        assert!(self.model.holds(&expected, &receipt.outcome), "{sent:?}: expected {expected:?}, found {:?}", receipt.outcome);
        if self.random.one_in(3) {
            self.close();
            self.open();
            assert_eq!(self.ledger().pending_redactions().unwrap(), []);
        } else {
            assert!(self.runtime.block_on(self.ledger().redactions_removed(Duration::from_secs(20))));
        }
        self.records(target, 1).unwrap();
        if self.random.one_in(4) {
            self.audit();
        }
    }

    /// Reads at random.
    fn look(&mut self) {
        for _ in 0..20 {
            let size = self.model.records.len();
            if size == 0 {
                return;
            }
            let (from, limit) = (self.random.index(size), 1 + self.random.index(300));
            self.records(from, limit).unwrap();
            self.by_id(from).unwrap();
        }
        self.by_digest(30).unwrap();
        let keys: Vec<String> = self.model.about.keys().cloned().collect();
        if !keys.is_empty() {
            let key = &keys[self.random.index(keys.len())];
            let found = self.ledger().reader().about(&key.parse().unwrap(), Position::new(0), 1_000).unwrap();
            let expected = &self.model.about[key];
            assert_eq!(found.iter().map(|position| position.get()).collect::<Vec<_>>(), expected[..expected.len().min(1_000)]);
        }
    }

    fn records(&self, from: usize, limit: usize) -> Result<usize, ReadError> {
        let reader = self.ledger().reader();
        let page = reader.range(Position::new(from as u64), limit)?;
        assert!(!page.is_empty());
        for (record, (position, expected)) in page.iter().zip((from..).zip(&self.model.records[from..])) {
            assert_eq!(record.position.get(), position as u64);
            assert_eq!(record.publisher.as_str(), expected.sent.publisher);
            match &record.removed {
                None => assert_eq!((&record.event[..], expected.redacted_by), (&expected.sent.body[..], None)),
                Some(removed) => {
                    assert_eq!((Some(removed.by.get()), removed.bytes), (expected.redacted_by, Digest::of(&expected.sent.body)));
                    assert!(record.announcement().is_ok_and(|left| left.skeleton() == left));
                }
            }
            assert_eq!((record.recorded, record.leaf()), (expected.recorded, expected.leaf));
        }
        assert_eq!(reader.record(Position::new(from as u64))?.as_ref(), page.first());
        Ok(page.len())
    }

    fn by_id(&self, position: usize) -> Result<(), ReadError> {
        let record = &self.model.records[position];
        let publisher: Publisher = record.sent.publisher.parse().unwrap();
        let found = self.ledger().reader().find(&publisher, "urn:example", id(record.number))?;
        assert_eq!(found, Some(Position::new(position as u64)));
        Ok(())
    }

    fn by_digest(&mut self, count: usize) -> Result<(), ReadError> {
        let reader = self.ledger().reader();
        let all = self.model.decided.len();
        for _ in 0..count.min(all) {
            let (&(publisher, digest), expected) = self.model.decided.iter().nth(self.random.index(all)).unwrap();
            let expected = expected.clone();
            let receipt = reader.receipt(&publisher.parse().unwrap(), digest, None)?;
            let receipt = receipt.unwrap_or_else(|| panic!("nothing is known of {digest} by {publisher}: expected {expected:?}"));
            let problem = |model: &Model| match expected {
                Expected::Refused(number) => model.refusals[&number].problem.clone(),
                _ => None,
            };
            let before = problem(&self.model);
            assert!(self.model.holds(&expected, &receipt.outcome), "expected {expected:?}, found {:?}", receipt.outcome);
            assert_eq!(problem(&self.model), before);
        }
        assert_eq!(reader.receipt(&Publisher::local(), Digest::of(&self.number.to_be_bytes()), None)?, None);
        Ok(())
    }

    fn refusals(&self) -> Result<(), ReadError> {
        let reader = self.ledger().reader();
        let found = reader.refusals(0, 1_000)?;
        let expected = self.model.refusals.iter().take(1_000);
        assert_eq!(found.len(), expected.len());
        for (found, (&number, refused)) in found.iter().zip(expected) {
            let problem = refused.problem.as_ref().unwrap();
            assert_eq!((found.number, found.times, &found.problem), (number, refused.times, problem));
            assert_eq!((&found.subject, found.digest), (&refused.sent.subject(), Digest::of(&refused.sent.body)));
            let bytes: &[u8] = if refused.dropped || matches!(refused.sent.what, What::Bad { kept: false }) { &[] } else { &refused.sent.body };
            assert_eq!(reader.refused_bytes(number)?.as_deref(), Some(bytes));
        }
        Ok(())
    }

    /// Everything, and the root of exactly that.
    fn audit(&mut self) {
        let (size, head) = (self.model.records.len(), self.ledger().head());
        assert_eq!((head.size, head.root), (size as u64, self.model.root()));
        let mut next = 0;
        while next < size {
            next += self.records(next, 500).unwrap();
        }
        for position in (self.random.index(7)..size).step_by(7) {
            self.by_id(position).unwrap();
        }
        self.by_digest(50).unwrap();
        self.refusals().unwrap();
    }

    /// Reads everything, where something is damaged: what's read is right, and what can't be is named. Gives what was said.
    fn read_damaged(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        for first in (0..self.model.records.len()).step_by(64) {
            said.extend(self.records(first, 64).err().map(|error| error.to_string()));
            said.extend(self.by_id(first).err().map(|error| error.to_string()));
        }
        said.extend(self.by_digest(50).err().map(|error| error.to_string()));
        said.extend(self.refusals().err().map(|error| error.to_string()));
        said
    }

    /// A process takes events in and is killed: while it opens, or after some receipts.
    fn kill(&mut self) {
        self.close();
        let first = self.number;
        self.number += 1 << 20;
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "model::whatever_happens_the_ledger_holds_what_it_must", "--nocapture"]);
        command.env(CHILD, format!("{} {first} {}", CLOCK.load(Ordering::Relaxed), self.dir.display()));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut receipts = Vec::new();
        if self.random.one_in(2) {
            let wait = Duration::from_micros(self.random.below(120_000));
            self.also(&format!("after {wait:?}"));
            thread::sleep(wait);
            process.kill().unwrap();
            receipts.extend(lines.filter(|line| line.starts_with('{')));
        } else {
            let enough = 1 + self.random.index(700);
            self.also(&format!("after {enough} receipts"));
            for line in lines.filter(|line| line.starts_with('{')) {
                receipts.push(line);
                if receipts.len() == enough {
                    process.kill().unwrap();
                }
            }
            assert!(receipts.len() >= enough, "the process ended by itself");
        }
        process.wait().unwrap();
        self.also(&format!("{} receipts", receipts.len()));
        let ledger = Ledger::open(options(&self.dir)).unwrap();
        let more = ledger.head().size.checked_sub(self.model.records.len() as u64).expect("no record is gone");
        assert!(more >= receipts.len() as u64, "{more} records of {} receipts", receipts.len());
        let expected: Vec<Expected> = (first..first + more).map(|number| self.model.take(&of_child(number), clock())).collect();
        for (expected, receipt) in expected.iter().zip(&receipts) {
            let receipt: announcement::Receipt = serde_json::from_str(receipt).unwrap();
            assert!(self.model.holds(expected, &receipt.outcome), "{receipt:?}");
        }
        self.ledger = Some(ledger);
        self.audit();
    }

    /// sled's files are damaged: nothing is lost. After a close in good order that's noticed by reading or writing, else by opening.
    fn spoil_active(&mut self) {
        self.close();
        let unclean = self.random.one_in(2);
        if unclean {
            fs::remove_file(self.dir.join("clean")).unwrap();
        }
        let active = named(&self.dir, "active-").pop().unwrap();
        let what = if self.random.one_in(8) {
            fs::remove_dir_all(&active).map(|()| "removed sled".to_owned()).unwrap()
        } else {
            spoil_one_of(&mut self.random, &active, "")
        };
        self.also(&format!("{what}, {}", if unclean { "killed" } else { "closed" }));
        self.open();
        if unclean {
            return self.audit();
        }
        let said = self.read_damaged();
        self.also(&said.join(", "));
        for _ in 0..3 {
            self.submit_or_stop();
        }
        self.open_again();
    }

    /// Submits a message where the writer may meet damage and stop: then it's answered after opening anew.
    fn submit_or_stop(&mut self) {
        let sent = any(&mut self.random, &self.model, self.number);
        self.number += 1;
        let expected = self.model.take(&sent, clock());
        let again = |run: &Self| run.runtime.block_on(run.ledger().submit(sent.subject(), Vec::new(), sent.body.clone()));
        let receipt = match again(self) {
            Err(SubmitError::Stopped(reason)) => {
                self.also(&format!("stopped: {reason}"));
                self.close();
                self.ledger = Some(Ledger::open(options(&self.dir)).unwrap());
                again(self).unwrap()
            }
            receipt => receipt.unwrap(),
        };
        let expected = match (expected, &receipt.outcome) {
            (Expected::Recorded(position), Outcome::Duplicate { .. }) => Expected::Duplicate(position),
            (expected, _) => expected,
        };
        assert!(self.model.holds(&expected, &receipt.outcome), "{sent:?}: expected {expected:?}, found {:?}", receipt.outcome);
    }

    fn spoil_summary(&mut self) {
        self.close();
        let sealed = named(&self.dir, "sealed-");
        if !sealed.is_empty() {
            let chosen = self.random.index(sealed.len());
            let what = spoil(&mut self.random, &sealed[chosen].join("summary"));
            self.also(&what);
        }
        self.open();
        self.audit();
    }

    /// What only a sealed volume has is lost with it: that's said by its name or by its positions, and nothing else is read instead.
    fn spoil_sealed(&mut self) {
        self.close();
        let sealed = named(&self.dir, "sealed-");
        if sealed.is_empty() {
            return self.open();
        }
        let number = self.random.index(sealed.len());
        let (volume, whole) = (&sealed[number], self.folders.path().join("whole"));
        copy(volume, &whole);
        let what = spoil_one_of(&mut self.random, volume, "summary");
        self.also(&what);
        let names = |said: &str| {
            let volume = said.contains(&format!("sealed volume {number}")) || said.contains(&format!("sealed-{number:08}"));
            let position = said.split("position ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
            volume || position.is_some_and(|position| position / VOLUME == number as u64)
        };
        match Ledger::open(options(&self.dir)) {
            Err(error) => assert!(names(&error.to_string()), "{error}"),
            Ok(ledger) => {
                self.ledger = Some(ledger);
                let said = self.read_damaged();
                self.also(&said.join(", "));
                assert!(said.iter().all(|said| names(said)), "{said:?}");
                self.close();
            }
        }
        put_back(&whole, volume);
        self.open();
        self.audit();
    }

    /// The journal is the only one that has some of the records: where it's damaged nothing is served and nothing is written, however often that's tried.
    fn spoil_journal(&mut self) {
        self.close();
        let journal = named(&self.dir, "journal-").pop().unwrap();
        let whole = self.folders.path().join("whole");
        copy(&journal, &whole);
        let what = spoil(&mut self.random, &journal);
        self.also(&what);
        for _ in 0..2 {
            let error = Ledger::open(options(&self.dir)).unwrap_err();
            let store = matches!(error, OpenError::Store(_));
            assert!(store && error.to_string().contains(journal.file_name().unwrap().to_str().unwrap()), "{error}");
        }
        put_back(&whole, &journal);
        self.open();
        self.audit();
    }

    fn spoil_note(&mut self) {
        self.close();
        let name = ["clean", "lock"][self.random.index(2)];
        let what = spoil(&mut self.random, &self.dir.join(name));
        self.also(&what);
        self.open();
        self.audit();
    }

    /// Backs up while it's open, or restores what was backed up just now and goes on there.
    fn back_up(&mut self) {
        let backup = self.folders.path().join("backup");
        self.ledger().backup(&backup).unwrap();
        if self.backed_up || self.random.one_in(2) {
            self.close();
            self.dir = self.folders.path().join(format!("restored-{}", self.number));
            self.number += 1;
            event_store::restore(&backup, &self.dir).unwrap();
            self.also("restored");
            self.open();
            self.audit();
        }
        self.backed_up = true;
    }
}
