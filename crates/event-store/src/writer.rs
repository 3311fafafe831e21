use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc as std_mpsc,
    },
    thread::JoinHandle,
};

use announcement::{Publisher, Receipt, Record};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::{
    Head, Health, Message, Part, SubmitError,
    closed::Closed,
    commit::{Commit, Finished, Ready, Taken},
    committer::{self, Committer, Prepared, Step},
    layout,
    open::{Fault, Place},
    payload::Payload,
    recent::Kept,
    refusal::{Dropped, Refusal},
    shelf::{OpenShelf, Shelf},
    state::{Checkpoint, Goal, State},
    store::{Store, Who},
    take_over::take_over,
};

/// The most messages of one commit.
pub(crate) const MAX_COMMIT: usize = 1_024;
/// A commit ends once its messages hold this many bytes.
const MAX_COMMIT_BYTES: usize = 1 << 20;

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
    /// Taken when it ends: the threads behind it end with it.
    pub(crate) prepared: Option<std_mpsc::SyncSender<Step>>,
    /// The same that its thread has; taken when it ends.
    pub(crate) committer: Option<Arc<Mutex<Committer>>>,
    /// How many steps the committer's thread hasn't ended yet.
    pub(crate) under_way: Arc<AtomicUsize>,
    pub(crate) threads: Vec<JoinHandle<()>>,
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
        drop(self.prepared.take());
        drop(self.committer.take());
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
        let fault = match served {
            Err(_) => Some(Fault::new("the writer panicked")),
            Ok(Err(fault)) => Some(self.fault.get().cloned().unwrap_or(fault)),
            Ok(Ok(())) => self.fault.get().cloned().or_else(|| self.note_clean().err()),
        };
        let Some(fault) = fault else { return };
        tracing::error!(reason = %fault, "the writer stopped");
        let remedy = fault.remedy.to_owned();
        self.health.send_modify(|health| health.writer = Part::Stopped { reason: fault.to_string(), remedy });
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

    fn serve(&mut self) -> Result<(), Fault> {
        let mut waiting = Vec::with_capacity(MAX_COMMIT);
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
            if waiting.is_empty() || self.handle(waiting.drain(..))? {
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
        if let Some((reason, remedy)) = stopped {
            self.settle()?;
            tracing::error!(reason, remedy, "the intake stopped");
            self.health.send_modify(|health| health.intake = Part::Stopped { reason, remedy });
            // In this order: who reads the stream looks at the health once its round is over.
            self.round.send_replace(None);
        }
        Ok(())
    }

    fn commit_some(&mut self, waiting: &mut std::vec::IntoIter<Take>, stopped: &mut Option<(String, String)>) -> Result<(), Fault> {
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
                Taken::Stop { reason, remedy } => *stopped = Some((reason, remedy)),
            }
        }
        if changed { self.write(commit.finish(), receipts, None) } else { Ok(()) }
    }

    fn write(&mut self, finished: Finished, receipts: Vec<Pending>, done: Option<oneshot::Sender<()>>) -> Result<(), Fault> {
        let Finished { frame, payload, kept, state } = finished;
        self.state = state;
        self.place.frames += 1;
        let prepared = self.prepare(frame, vec![payload], kept);
        let prepared = Prepared { receipts, done, ..prepared };
        // What is this small is on disk before a thread that waits is awake.
        if prepared.kept.records.len() <= MAX_AT_ONCE && self.requests.is_empty() && self.under_way.load(Ordering::Acquire) == 0 {
            let committer = self.committer.as_ref().ok_or_else(|| Fault::new(ENDED))?;
            return committer::lock(committer).bring(prepared);
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
        let (sled, _) = self.store.folder.open_active(volume).map_err(Fault::new)?;
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
        let steps = self.prepared.as_ref().ok_or_else(|| Fault::new(ENDED))?;
        self.under_way.fetch_add(1, Ordering::AcqRel);
        steps.send(step).map_err(|_| Fault::new(ENDED))
    }
}

/// The most records of a commit that the writer brings to disk by itself, where nothing else is under way.
const MAX_AT_ONCE: usize = 8;

const ENDED: &str = "a thread that writes has ended";

/// A volume's first frames are cut once they're this large, in bytes.
const MAX_FIRST_FRAME: usize = 8 << 20;

/// A receipt that leaves once its commit is durable.
pub(crate) type Pending = (Option<Publisher>, Receipt, Reply);
