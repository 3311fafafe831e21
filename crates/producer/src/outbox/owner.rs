use std::{path::PathBuf, thread};

use announcement::Problem;
use durable::{Change, Queue};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Accepted, Waiting,
    entries::{Entries, Entry},
    error::{AcceptError, OutboxError},
    listed::{Listed, State},
    options::Limits,
    stored::Stored,
};
use crate::Outgoing;

/// How many orders wait for the thread that owns the disk.
pub(super) const ORDERS: usize = 1_024;
/// How many orders share one `fdatasync`.
const STEP: usize = 256;
/// How many bytes the events of one step have at most.
const STEP_BYTES: usize = 4 << 20;

/// What the owner of the disk is asked to do. Nobody waits any more for an answer that finds no receiver.
pub(super) enum Order {
    Accept { event: Outgoing, since: Timestamp, reply: oneshot::Sender<Result<Accepted, AcceptError>> },
    Take { count: usize, reply: oneshot::Sender<Result<Vec<(u64, Outgoing)>, String>> },
    Gone { number: u64 },
    Refused { number: u64, problem: Problem },
    GiveBack { number: u64 },
    GiveAllBack,
    List { reply: oneshot::Sender<Vec<Listed>> },
    Drop { which: Which, reply: oneshot::Sender<Result<Vec<Listed>, String>> },
}

/// Which entries are dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those with this `id`, of whatever source.
    Id(String),
    /// All that were refused.
    Refused,
}

/// The one that has the folder: it decides, writes, and only then answers.
pub(super) struct Owner {
    dir: PathBuf,
    queue: Queue,
    entries: Entries,
    limits: Limits,
    /// Why nothing can be written any more.
    failed: Option<String>,
    state: watch::Sender<Waiting>,
    changes: u64,
}

type Tell = Box<dyn FnOnce(Result<(), String>)>;

/// The changes of one step, and who is told once they are on disk.
#[derive(Default)]
struct Step {
    changes: Vec<Change>,
    bytes: usize,
    told: Vec<Tell>,
}

impl Owner {
    /// Reads what the folder holds.
    pub(super) fn open(dir: PathBuf, queue: Queue, limits: Limits, state: watch::Sender<Waiting>) -> Result<Self, OutboxError> {
        let mut owner = Self { dir, queue, entries: Entries::default(), limits, failed: None, state, changes: 0 };
        for number in owner.queue.numbers().collect::<Vec<_>>() {
            let read = owner.read(number).and_then(|stored| Ok((stored.outgoing()?, stored.head)));
            let (event, head) = read.map_err(|reason| OutboxError::Entry { dir: owner.dir.clone(), number, reason })?;
            owner.entries.insert(number, Entry::new(&event, head.since, head.problem));
        }
        owner.tell();
        Ok(owner)
    }

    /// Does what it's asked until nobody can ask any more.
    pub(super) fn start(mut self, mut orders: mpsc::Receiver<Order>) -> std::io::Result<thread::JoinHandle<()>> {
        thread::Builder::new().name("outbox".to_owned()).spawn(move || {
            while let Some(first) = orders.blocking_recv() {
                let mut step = Step::default();
                self.obey(first, &mut step);
                while step.changes.len() < STEP
                    && step.bytes < STEP_BYTES
                    && let Ok(order) = orders.try_recv()
                {
                    self.obey(order, &mut step);
                }
                self.finish(step);
                self.tell();
            }
        })
    }

    fn obey(&mut self, order: Order, step: &mut Step) {
        match order {
            Order::Accept { event, since, reply } => self.accept(&event, since, reply, step),
            Order::Take { count, reply } => {
                // Nothing leaves before it's on disk.
                self.finish(std::mem::take(step));
                let _ = reply.send(self.take(count));
            }
            Order::Gone { number } => self.remove(number, step),
            Order::Refused { number, problem } => self.refuse(number, problem, step),
            Order::GiveBack { number } => self.entries.give_back(number),
            Order::GiveAllBack => self.entries.give_all_back(),
            Order::List { reply } => {
                let _ = reply.send(self.list());
            }
            Order::Drop { which, reply } => self.drop(&which, reply, step),
        }
    }

    fn accept(&mut self, event: &Outgoing, since: Timestamp, reply: oneshot::Sender<Result<Accepted, AcceptError>>, step: &mut Step) {
        let stored = Stored::new(event, since);
        let bytes = stored.encode();
        let decided = match &self.failed {
            Some(reason) => Err(AcceptError::Disk(reason.clone())),
            None => self.decide(event, step, bytes.len()),
        };
        let accepted = match decided {
            Ok((number, accepted)) => {
                if accepted == Accepted::New {
                    self.changes += 1;
                    self.entries.insert(number, Entry::new(event, since, None));
                    step.bytes += bytes.len();
                    step.changes.push(Change::Put(number, bytes));
                }
                accepted
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        step.told.push(Box::new(move |written| {
            let _ = reply.send(written.map(|()| accepted).map_err(AcceptError::Disk));
        }));
    }

    /// Whether an event is accepted, and under which number. A refused entry doesn't occupy its identity.
    fn decide(&mut self, event: &Outgoing, step: &Step, len: usize) -> Result<(u64, Accepted), AcceptError> {
        let before = self.entries.find(&event.names()[0]);
        if let Some(number) = before
            && let Some(entry) = self.entries.get(number).filter(|entry| entry.problem.is_none())
        {
            if entry.digest == event.digest() || self.same_content(number, event, step).map_err(AcceptError::Disk)? {
                return Ok((number, Accepted::Already));
            }
            return Err(AcceptError::Conflict { source_uri: event.source().to_owned(), id: event.id().to_owned() });
        }
        let replaced = before.and_then(|number| self.entries.get(number)).map_or(0, |entry| entry.bytes as u64);
        let (entries, bytes) = (self.entries.len(), self.entries.bytes());
        if entries - usize::from(before.is_some()) >= self.limits.entries || bytes - replaced + event.event().len() as u64 > self.limits.bytes {
            return Err(AcceptError::Full { entries, bytes, remedy: AcceptError::FULL });
        }
        self.queue.reserve(step.changes.len() + 1, step.bytes + len).map_err(|error| AcceptError::DiskFull(error.to_string()))?;
        Ok((before.unwrap_or_else(|| self.entries.next_number()), Accepted::New))
    }

    fn same_content(&self, number: u64, event: &Outgoing, step: &Step) -> Result<bool, String> {
        let in_step = step.changes.iter().rev().find_map(|change| match change {
            Change::Put(put, value) if *put == number => Some(value.clone()),
            _ => None,
        });
        let stored = match in_step {
            Some(value) => Stored::decode(value)?,
            None => self.read(number)?,
        };
        Ok(announcement::same_content(&stored.event, event.event()))
    }

    fn take(&mut self, count: usize) -> Result<Vec<(u64, Outgoing)>, String> {
        if let Some(reason) = &self.failed {
            return Err(reason.clone());
        }
        let numbers = self.entries.take(count);
        let read = |number: u64| {
            let event = self.read(number)?.outgoing()?;
            let entry = self.entries.get(number).filter(|entry| entry.digest == event.digest());
            entry.map(|_| (number, event)).ok_or_else(|| format!("entry {number} of {} isn't what was accepted", self.dir.display()))
        };
        let taken: Result<Vec<_>, String> = numbers.into_iter().map(read).collect();
        if let Err(reason) = &taken {
            self.failed = Some(reason.clone());
        }
        taken
    }

    fn remove(&mut self, number: u64, step: &mut Step) {
        if self.entries.remove(number).is_some() {
            step.changes.push(Change::Remove(number));
        }
    }

    /// Where the problem can't be kept the event is sent once more after the next opening, and refused once more.
    fn refuse(&mut self, number: u64, problem: Problem, step: &mut Step) {
        if self.entries.get(number).is_none() {
            return;
        }
        if let Ok(mut stored) = self.read(number) {
            stored.head.problem = Some(problem.clone());
            let bytes = stored.encode();
            if self.queue.reserve(step.changes.len() + 1, step.bytes + bytes.len()).is_ok() {
                step.bytes += bytes.len();
                step.changes.push(Change::Put(number, bytes));
            }
        }
        self.entries.refuse(number, problem);
    }

    fn drop(&mut self, which: &Which, reply: oneshot::Sender<Result<Vec<Listed>, String>>, step: &mut Step) {
        let chosen = |listed: &Listed| match which {
            Which::Id(id) => listed.id == *id,
            Which::Refused => matches!(listed.state, State::Refused { .. }),
        };
        let numbers: Vec<u64> = self.entries.iter().map(|(number, _)| number).collect();
        let dropped: Vec<(u64, Listed)> =
            numbers.into_iter().filter_map(|number| Some((number, self.listed(number)?))).filter(|(_, one)| chosen(one)).collect();
        self.changes += 1;
        for (number, _) in &dropped {
            self.remove(*number, step);
        }
        step.told.push(Box::new(move |written| {
            let _ = reply.send(written.map(|()| dropped.into_iter().map(|(_, listed)| listed).collect()));
        }));
    }

    /// Writes a step, and tells those who wait for it.
    fn finish(&mut self, step: Step) {
        if let Some(reason) = &self.failed {
            let reason = reason.clone();
            step.told.into_iter().for_each(|tell| tell(Err(reason.clone())));
            return;
        }
        if !step.changes.is_empty()
            && let Err(error) = self.queue.write(&step.changes)
        {
            tracing::error!(%error, dir = %self.dir.display(), "the outbox could not be written; it accepts and sends nothing until it's opened anew");
            self.failed = Some(error.to_string());
        }
        let written = self.failed.clone().map_or(Ok(()), Err);
        // First what everyone may look at: who is told that its event was accepted finds it among the waiting.
        self.tell();
        step.told.into_iter().for_each(|tell| tell(written.clone()));
    }

    fn read(&self, number: u64) -> Result<Stored, String> {
        let bytes = self.queue.get(number).map_err(|error| format!("{}: {error}", self.dir.display()))?;
        Stored::decode(bytes.ok_or_else(|| format!("entry {number} of {} is missing", self.dir.display()))?)
    }

    fn list(&self) -> Vec<Listed> {
        self.entries.iter().filter_map(|(number, _)| self.listed(number)).collect()
    }

    fn listed(&self, number: u64) -> Option<Listed> {
        let entry = self.entries.get(number)?;
        let (source, id) = entry.names[0].clone();
        let other = self.entries.waits_for(number).map(|(_, other)| other.names[0].1.clone());
        let state = match (&entry.problem, other) {
            (Some(problem), _) => State::Refused { problem: problem.clone() },
            (None, Some(target)) if self.entries.is_held(number) => State::Held { target },
            (None, after) => State::Waiting { after },
        };
        Some(Listed { source, id, kind: entry.kind, since: entry.since, bytes: entry.bytes, state })
    }

    fn tell(&self) {
        let (waiting, held) = self.entries.waiting();
        let refused = self.entries.len() - waiting - held;
        let now = Waiting { waiting, held, refused, bytes: self.entries.bytes(), failed: self.failed.clone(), changes: self.changes };
        self.state.send_if_modified(|state| {
            let changed = *state != now;
            *state = now;
            changed
        });
    }
}
