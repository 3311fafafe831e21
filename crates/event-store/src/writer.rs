use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, atomic::Ordering, mpsc as std_mpsc},
    time::{Duration, Instant},
};

use announcement::{Outcome, Problem, Publisher, Receipt, Record};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::{
    Cause, Head, Health, Message, Part, SubmitError,
    closed::Closed,
    commit::{Commit, Finished, Ready, Taken},
    committer::{self, Prepared, Step},
    layout,
    ledger::{Behind, Running},
    open::{Fault, Opened, Place, open_again},
    payload::Payload,
    recent::Kept,
    refusal::{Dropped, Refusal},
    removal,
    shelf::{OpenShelf, Shelf},
    state::{Checkpoint, Goal, State},
    store::{Store, Who},
    take_over::take_over,
};

/// The most messages of one commit.
pub(crate) const MAX_COMMIT: usize = 1_024;
/// A commit ends once its messages hold this many bytes.
const MAX_COMMIT_BYTES: usize = 1 << 20;
/// How long a payload may wait to be removed together with others while messages wait too.
const MAX_DELAY: Duration = Duration::from_secs(5);

/// What the writer is asked to do.
pub(crate) enum Request {
    /// Take a message in.
    Take(Take),
    /// Begin a round of reading the stream: what was read in the one before and still waits is thrown away.
    Begin(oneshot::Sender<Begun>),
    /// Change what the ledger carries, in a commit of its own, or say why not; answered once that's on disk.
    Amend { amend: Amend, done: oneshot::Sender<Result<(), String>> },
    /// Take records over that another ledger decided on, in one commit as far as a volume has room; answered once they're on disk.
    TakeOver { records: Vec<Record>, done: oneshot::Sender<()> },
    /// Add events without deciding on them, in one commit as far as a volume has room; answered once they're on disk.
    Append { ready: Vec<Ready>, time: Timestamp, done: oneshot::Sender<()> },
    /// Take a record in whose payload was removed, as another ledger had it in this place; answered once it's on disk.
    Restore { record: Box<Record>, done: oneshot::Sender<Result<Outcome, Problem>> },
    /// Remove the payloads that wait for it.
    Remove,
    /// Drop the bytes of a refused message, for a reason; answered once that's on disk.
    DropRefused { number: u64, dropped: Dropped, done: oneshot::Sender<Option<Refusal>> },
    /// Write what waits, sync, end.
    Close,
    /// Another thread that writes has ended.
    Failed,
}

/// A change of the state, or why it can't be made.
pub(crate) type Amend = Box<dyn FnOnce(&mut State) -> Result<(), String> + Send>;

/// A message on its way to the writer.
pub(crate) struct Take {
    pub(crate) message: Message,
    /// The round of reading that it came in; none for what was submitted.
    pub(crate) round: Option<Round>,
    pub(crate) reply: Reply,
    /// Its share of what may wait; given back once it's dropped.
    pub(crate) _room: OwnedSemaphorePermit,
}

/// One round of reading the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Round(u64);

/// Where a round of reading begins.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) round: Round,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) head: Head,
    /// What it has to become by taking records over before it reads on.
    pub(crate) goal: Option<Goal>,
}

/// Where a message's receipt goes.
pub(crate) enum Reply {
    /// To the one who waits for it.
    To(oneshot::Sender<Result<Receipt, SubmitError>>),
    /// To the publisher, over NATS.
    Publish,
    /// Nowhere: the node is catching up from behind.
    Nowhere,
}

/// The one that decides, on a thread of its own. While the committer brings one commit to disk, it prepares the next.
pub(crate) struct Writer {
    pub(crate) store: Arc<Store>,
    pub(crate) state: State,
    pub(crate) place: Place,
    /// The number of the last commit.
    pub(crate) commit: u64,
    pub(crate) requests: mpsc::Receiver<Request>,
    /// The threads behind it; taken when they end.
    pub(crate) running: Option<Running>,
    /// Starts these threads; taken with them.
    pub(crate) behind: Option<Behind>,
    /// Since when payloads wait to be removed.
    pub(crate) redacts: Option<Instant>,
    /// Told once those that waited at the opening were.
    pub(crate) opened: Option<std_mpsc::SyncSender<()>>,
    /// Why one of these threads failed.
    pub(crate) fault: Arc<OnceLock<Fault>>,
    pub(crate) health: watch::Sender<Health>,
    /// How many rounds of reading the stream were begun.
    pub(crate) begun: u64,
    /// The round whose messages are taken; none once the intake must not go on.
    pub(crate) round: watch::Sender<Option<Round>>,
    /// Ends with the last handle of the ledger.
    pub(crate) released: oneshot::Receiver<()>,
}

impl Writer {
    /// Runs until it's closed or a write fails. Then the folder stays locked and readable until the ledger's last handle is gone.
    pub(crate) fn run(mut self) {
        let served = catch_unwind(AssertUnwindSafe(|| self.serve()));
        self.end_threads();
        drop((self.behind.take(), self.opened.take()));
        let fault = match served {
            Err(_) => Some(Fault::new("the writer panicked")),
            Ok(Err(fault)) => Some(self.fault.get().cloned().unwrap_or(fault)),
            Ok(Ok(())) => self.fault.get().cloned().or_else(|| self.note_clean().err()),
        };
        let Some(fault) = fault else { return };
        tracing::error!(reason = %fault, "the writer stopped");
        let remedy = fault.remedy.to_owned();
        self.health.send_modify(|health| health.writer = Part::Stopped { cause: Cause::Disk, reason: fault.to_string(), remedy });
        self.requests.close();
        while self.requests.try_recv().is_ok() {}
        let _ = self.released.blocking_recv();
    }

    fn note_clean(&self) -> Result<(), Fault> {
        if !self.store.is_sound() {
            return Ok(());
        }
        Ok(Closed::note(&self.store.folder, self.place)?)
    }

    /// Everything that they were given is on disk then.
    fn end_threads(&mut self) {
        let Some(Running { prepared, committer, threads, .. }) = self.running.take() else { return };
        // The journal's file may be written by another from then on.
        drop((prepared, committer));
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }

    fn serve(&mut self) -> Result<(), Fault> {
        let mut waiting = Vec::with_capacity(MAX_COMMIT);
        self.remove_redacted()?;
        drop(self.opened.take());
        loop {
            waiting.extend(self.requests.blocking_recv());
            while waiting.len() < MAX_COMMIT
                && let Ok(request) = self.requests.try_recv()
            {
                waiting.push(request);
            }
            if self.fault.get().is_some() {
                return Err(Fault::new(ENDED));
            }
            let closing = waiting.is_empty() || self.handle(waiting.drain(..))?;
            self.remove_redacted()?;
            if closing {
                return Ok(());
            }
        }
    }

    /// Whether the writer is to end.
    fn handle(&mut self, requests: impl Iterator<Item = Request>) -> Result<bool, Fault> {
        let mut waiting = Vec::new();
        let mut bytes = 0;
        let mut closing = false;
        for request in requests {
            match request {
                Request::Take(take) => {
                    bytes += take.message.size();
                    waiting.push(take);
                    if bytes >= MAX_COMMIT_BYTES {
                        self.commit(std::mem::take(&mut waiting))?;
                        bytes = 0;
                    }
                }
                Request::Begin(reply) => {
                    self.commit(std::mem::take(&mut waiting))?;
                    self.settle()?;
                    self.begun += 1;
                    let round = Round(self.begun);
                    self.round.send_replace(Some(round));
                    // Who no longer waits begins another round.
                    let State { checkpoint, goal, .. } = self.state.clone();
                    let _ = reply.send(Begun { round, checkpoint, head: self.state.head(), goal });
                }
                Request::Amend { amend, done } => {
                    self.commit(std::mem::take(&mut waiting))?;
                    let _ = done.send(self.amend(amend)?);
                }
                Request::TakeOver { records, done } => {
                    self.commit(std::mem::take(&mut waiting))?;
                    self.take_over(records, done)?;
                }
                Request::Append { ready, time, done } => {
                    self.commit(std::mem::take(&mut waiting))?;
                    self.append(&ready, time, done)?;
                }
                Request::Restore { record, done } => {
                    self.commit(std::mem::take(&mut waiting))?;
                    // Who no longer waits imports again.
                    let _ = done.send(self.restore(&record)?);
                }
                Request::Remove => self.redacts = self.redacts.or_else(|| Some(Instant::now())),
                Request::DropRefused { number, dropped, done } => {
                    self.commit(std::mem::take(&mut waiting))?;
                    // Who no longer waits looks at the refusals.
                    let _ = done.send(self.drop_refused(number, dropped)?);
                }
                Request::Close => closing = true,
                Request::Failed => return Err(Fault::new(ENDED)),
            }
        }
        self.commit(waiting)?;
        Ok(closing)
    }

    fn amend(&mut self, amend: Amend) -> Result<Result<(), String>, Fault> {
        let mut state = self.state.clone();
        if let Err(reason) = amend(&mut state) {
            return Ok(Err(reason));
        }
        self.round.send_replace(None);
        self.state = state;
        let store = Arc::clone(&self.store);
        self.begin_volume_if_full()?;
        self.write(Commit::begin(&store, self.state.clone()).finish(), Vec::new(), None)?;
        self.settle()?;
        Ok(Ok(()))
    }

    /// A record that isn't decided on as it was before ends the writer, with nothing of its commit written.
    fn take_over(&mut self, records: Vec<Record>, done: oneshot::Sender<()>) -> Result<(), Fault> {
        let store = Arc::clone(&self.store);
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            self.begin_volume_if_full()?;
            let mut commit = Commit::begin(&store, self.state.clone());
            while store.geometry.volume_of(commit.size()) == self.place.volume
                && let Some(record) = records.next()
            {
                take_over(&mut commit, &record)?;
            }
            self.write(commit.finish(), Vec::new(), None)?;
        }
        self.step(Step::Settle(done))
    }

    fn append(&mut self, ready: &[Ready], time: Timestamp, done: oneshot::Sender<()>) -> Result<(), Fault> {
        let store = Arc::clone(&self.store);
        let mut ready = ready.iter().peekable();
        let mut done = Some(done);
        while ready.peek().is_some() {
            self.begin_volume_if_full()?;
            let mut commit = Commit::begin(&store, self.state.clone());
            while store.geometry.volume_of(commit.size()) == self.place.volume
                && let Some(ready) = ready.next()
            {
                commit.add(ready, time)?;
            }
            self.write(commit.finish(), Vec::new(), done.take_if(|_| ready.peek().is_none()))?;
        }
        // Nothing was to be written.
        done.map_or(Ok(()), |done| self.step(Step::Settle(done)))
    }

    fn restore(&mut self, record: &Record) -> Result<Result<Outcome, Problem>, Fault> {
        let store = Arc::clone(&self.store);
        self.begin_volume_if_full()?;
        let mut commit = Commit::begin(&store, self.state.clone());
        let restored = commit.restore(record).map_err(Fault::new)?;
        if matches!(restored, Ok(Outcome::Recorded { .. })) {
            self.write(commit.finish(), Vec::new(), None)?;
            self.settle()?;
        }
        Ok(restored)
    }

    /// Removes the payloads of redacted records from everything that the ledger has on disk and in memory. Where one can't be, it stays pending until the next redaction or opening.
    ///
    /// The threads behind end, volumes and journals are written anew, and the volumes that are written are opened again out of their journals. Readers go on meanwhile.
    fn remove_redacted(&mut self) -> Result<(), Fault> {
        let Some(since) = self.redacts else { return Ok(()) };
        // A node that catches up meets many; after a backup it's asked for again.
        let more = !self.requests.is_empty() && since.elapsed() < MAX_DELAY;
        if more || self.store.is_backed_up() {
            return Ok(());
        }
        self.redacts = None;
        let pending = removal::pending(&self.store, Who::Writer).map_err(Fault::new)?;
        if pending.is_empty() {
            return Ok(());
        }
        self.end_threads();
        if self.fault.get().is_some() {
            return Err(Fault::new(ENDED));
        }
        for name in self.store.folder.remove_set_aside()? {
            tracing::warn!(name, "a damaged sled that had been set aside may hold redacted records; it was removed");
        }
        removal::from_sealed(&self.store, &pending);
        removal::from_journals(&self.store, &pending)?;
        self.begin_threads()?;
        let done = removal::done(&self.store, &pending);
        self.begin_volume_if_full()?;
        let store = Arc::clone(&self.store);
        let mut commit = Commit::begin(&store, self.state.clone());
        commit.removed(&done);
        self.write(commit.finish(), Vec::new(), None)?;
        self.settle()
    }

    fn begin_threads(&mut self) -> Result<(), Fault> {
        let Opened { state, journal, follower, place, commit, .. } = open_again(&self.store, self.commit).map_err(Fault::new)?;
        if (&state, place) != (&self.state, self.place) {
            return Err(Fault::new("the journals give another state than the one that they were written with"));
        }
        self.commit = commit;
        let behind = self.behind.as_ref().ok_or_else(|| Fault::new(ENDED))?;
        self.running = Some(behind.start(&self.store, journal, follower).map_err(Fault::new)?);
        Ok(())
    }

    fn drop_refused(&mut self, number: u64, dropped: Dropped) -> Result<Option<Refusal>, Fault> {
        let store = Arc::clone(&self.store);
        self.begin_volume_if_full()?;
        let mut commit = Commit::begin(&store, self.state.clone());
        let found = commit.drop_refused(number, dropped)?;
        if found.is_some() {
            self.write(commit.finish(), Vec::new(), None)?;
            self.settle()?;
        }
        Ok(found)
    }

    /// One frame and one sync a commit. A commit ends with its volume; what is left makes another.
    fn commit(&mut self, waiting: Vec<Take>) -> Result<(), Fault> {
        let mut waiting = waiting.into_iter();
        let mut stopped = None;
        while waiting.len() > 0 {
            self.begin_volume_if_full()?;
            self.commit_some(&mut waiting, &mut stopped)?;
        }
        if let Some((cause, reason, remedy)) = stopped {
            self.settle()?;
            tracing::error!(reason, remedy, "the intake stopped");
            self.health.send_modify(|health| health.intake = Part::Stopped { cause, reason, remedy });
            // In this order: who reads the stream looks at the health once its round is over.
            self.round.send_replace(None);
        }
        Ok(())
    }

    fn commit_some(&mut self, waiting: &mut std::vec::IntoIter<Take>, stopped: &mut Option<(Cause, String, String)>) -> Result<(), Fault> {
        let store = Arc::clone(&self.store);
        let mut commit = Commit::begin(&store, self.state.clone());
        let mut receipts = Vec::with_capacity(waiting.len());
        let mut changed = false;
        while store.geometry.volume_of(commit.size()) == self.place.volume
            && let Some(Take { message, round, reply, .. }) = waiting.next()
        {
            if round.is_some() && (stopped.is_some() || round != *self.round.borrow()) {
                continue;
            }
            match commit.take(&message)? {
                Taken::Decided { publisher, receipt } => {
                    receipts.push((publisher, receipt, reply));
                    changed = true;
                }
                Taken::Silent => changed = true,
                Taken::Before => {}
                Taken::Stop { cause, reason, remedy } => *stopped = Some((cause, reason, remedy)),
            }
        }
        if changed { self.write(commit.finish(), receipts, None) } else { Ok(()) }
    }

    fn write(&mut self, finished: Finished, receipts: Vec<Pending>, done: Option<oneshot::Sender<()>>) -> Result<(), Fault> {
        let Finished { frame, payload, kept, state } = finished;
        if removal::is_asked_for(&kept) {
            self.redacts.get_or_insert_with(Instant::now);
        }
        self.state = state;
        self.place.frames += 1;
        let prepared = self.prepare(frame, vec![payload], kept);
        let prepared = Prepared { receipts, done, ..prepared };
        // What is this small is on disk before a thread that waits is awake.
        let running = self.running.as_ref().ok_or_else(|| Fault::new(ENDED))?;
        if prepared.kept.records.len() <= MAX_AT_ONCE && self.requests.is_empty() && running.under_way.load(Ordering::Acquire) == 0 {
            return committer::lock(&running.committer).bring(prepared);
        }
        self.step(Step::Commit(Box::new(prepared)))
    }

    /// A volume that's full is followed by a new one, whose journal begins with all mutable keys.
    fn begin_volume_if_full(&mut self) -> Result<(), Fault> {
        let geometry = self.store.geometry;
        let volume = geometry.volume_of(self.state.tree.size());
        if volume == self.place.volume {
            return Ok(());
        }
        let sled = self.store.folder.create_active(volume).map_err(Fault::new)?;
        self.store.place(Shelf::Open(OpenShelf::new(volume, sled).map_err(Fault::new)?));
        let mut keys = BTreeMap::new();
        for letter in layout::MUTABLE {
            let found = self.store.keys(&[letter], &[letter + 1], usize::MAX, Who::Writer).map_err(Fault::new)?;
            keys.extend(found.into_iter().map(|(key, value)| (key, Some(value))));
        }
        let mut payloads = vec![Payload::default()];
        for (key, value) in &keys {
            if payloads.last().is_none_or(|payload| payload.bytes.len() > MAX_FIRST_FRAME) {
                payloads.push(Payload::default());
            }
            payloads.iter_mut().last().zip(value.as_ref()).into_iter().for_each(|(payload, value)| payload.put(key, value));
        }
        payloads.iter_mut().for_each(|payload| payload.state(&self.state));
        self.place = Place { volume, frames: payloads.len() as u64 };
        let kept = Kept { first: geometry.first_of(volume), keys, ..Kept::default() };
        let prepared = self.prepare(self.state.frame_from(geometry.first_of(volume)), payloads, kept);
        self.step(Step::Commit(Box::new(Prepared { begins_volume: true, ..prepared })))
    }

    fn prepare(&mut self, frame: durable::FrameHead, payloads: Vec<Payload>, kept: Kept) -> Prepared {
        self.commit += 1;
        let kept = Arc::new(Kept { commit: self.commit, volume: self.place.volume, frames: self.place.frames, ..kept });
        self.store.push(Arc::clone(&kept));
        Prepared { frame, payloads, kept, head: self.state.head(), receipts: Vec::new(), done: None, begins_volume: false }
    }

    /// Waits until everything that was prepared is on disk and can be read.
    fn settle(&self) -> Result<(), Fault> {
        let (settled, done) = oneshot::channel();
        self.step(Step::Settle(settled))?;
        done.blocking_recv().map_err(|_| Fault::new(ENDED))
    }

    fn step(&self, step: Step) -> Result<(), Fault> {
        let running = self.running.as_ref().ok_or_else(|| Fault::new(ENDED))?;
        running.under_way.fetch_add(1, Ordering::AcqRel);
        running.prepared.send(step).map_err(|_| Fault::new(ENDED))
    }
}

/// The most records of a commit that the writer brings to disk by itself, where nothing else is under way.
const MAX_AT_ONCE: usize = 8;

const ENDED: &str = "a thread that writes has ended";

/// A volume's first frames are cut once they're this large, in bytes.
const MAX_FIRST_FRAME: usize = 8 << 20;

/// A receipt that leaves once its commit is durable.
pub(crate) type Pending = (Option<Publisher>, Receipt, Reply);
