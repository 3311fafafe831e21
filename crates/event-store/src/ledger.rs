use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc as std_mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use announcement::{Kind, Outcome, Position, Publisher, Receipt, Record, Route};
use bytes::Bytes;
use durable::{Folder, Journal};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot, watch};

use crate::{
    Backup, BackupError, Cause, Head, Health, Heard, LostCheckpoint, MAX_MESSAGE, Message, OpenError, Part, PendingRedaction, ReadError, Reader, Ready,
    SubmitError,
    backup::backup,
    committer::{self, Committer, Step},
    follower::{Follower, Lag, MAX_FOLLOWED},
    layout::Geometry,
    nats::{Levels, NewEpochError, check_lost},
    nodes::Nodes,
    open::{Fault, Opened, open},
    refusal::{Dropped, Refusal},
    removal,
    state::{Checkpoint, State, VOLUME_RECORDS},
    store::{Store, Who},
    writer::{Begun, MAX_COMMIT, Reply, Request, Round, Take, Writer},
};

/// How many messages may wait for the writer.
const MAX_WAITING: usize = 4 * MAX_COMMIT;
/// How many bytes of messages may wait for the writer or be in its commit: as many batches as a gateway holds at once, twice over.
const MAX_WAITING_BYTES: usize = 32 << 20;
/// How many commits may be prepared while one is being brought to disk: the next one is enough.
const MAX_PREPARED: usize = 1;
/// How many commits' receipts may wait to be published; a publisher that misses one asks.
const MAX_WAITING_RECEIPTS: usize = 64;

/// Between two looks for what waits to be removed.
const REMOVAL_STEP: Duration = Duration::from_millis(10);

/// What the ledger's folder and clock are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder; it's made where it's missing.
    pub dir: PathBuf,
    /// The clock of the embedded intake, and the one that a stream's clock is held against. No decision depends on it.
    pub clock: fn() -> Timestamp,
    /// How many records a volume has: a power of two, at least 256. A folder keeps to the one that it was made with.
    pub volume_records: u64,
}

impl Options {
    /// A folder with volumes of 262,144 records.
    #[must_use]
    pub const fn new(dir: PathBuf, clock: fn() -> Timestamp) -> Self {
        Self { dir, clock, volume_records: VOLUME_RECORDS }
    }
}

/// A ledger that's open: a handle of its one writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requests: mpsc::Sender<Request>,
    /// One permit a byte of [`MAX_WAITING_BYTES`].
    room: Arc<Semaphore>,
    store: Arc<Store>,
    reader: Reader,
    head: watch::Receiver<Head>,
    health: watch::Sender<Health>,
    rounds: watch::Receiver<Option<Round>>,
    clock: fn() -> Timestamp,
    nodes: Nodes,
    follows_stream: AtomicBool,
    /// Lets one at a time take records over from another node; guards nothing else.
    catching_up: tokio::sync::Mutex<()>,
    dir: PathBuf,
    /// Guards the one end of the receipts, which the NATS side takes once.
    receipts: Mutex<Option<mpsc::Receiver<Receipts>>>,
    /// Guards what was seen of the streams last.
    levels: Mutex<Levels>,
    /// Holds a writer that stopped, and so the folder's lock, until the last handle is gone. Guards nothing but its one end.
    holding: Mutex<Option<oneshot::Sender<()>>>,
    /// Guards the writer's thread, which whoever closes waits for.
    writer: Mutex<Option<thread::JoinHandle<()>>>,
}

/// Receipts of one commit, to be published.
pub(crate) type Receipts = Vec<(Publisher, Receipt)>;

impl Ledger {
    /// Opens the ledger in a folder, or makes it, and starts its writer.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Opened { store, state, journal, follower, place, commit } = open(&options.dir, Geometry::new(options.volume_records))?;
        let (head_sender, head) = watch::channel(state.head());
        let follows_stream = state.checkpoint.is_some() || state.goal.is_some();
        let (health, _) = watch::channel(Health::running());
        let (requests, receiver) = mpsc::channel(MAX_WAITING);
        let (receipts_sender, receipts) = mpsc::channel(MAX_WAITING_RECEIPTS);
        let (round, rounds) = watch::channel(None);
        let (holding, released) = oneshot::channel();
        let (kept, reader) = (Arc::clone(&store), Reader::new(Arc::clone(&store), head.clone()));
        let behind = Behind { fault: Arc::default(), requests: requests.downgrade(), head: head_sender, receipts: receipts_sender };
        let running = behind.start(&store, journal, follower).map_err(OpenError::Thread)?;
        let redacts = (!removal::pending(&store, Who::Reader)?.is_empty()).then(Instant::now);
        let (opened, removed) = std_mpsc::sync_channel(0);
        let writer = Writer {
            store,
            state,
            place,
            commit,
            requests: receiver,
            running: Some(running),
            fault: Arc::clone(&behind.fault),
            behind: Some(behind),
            redacts,
            opened: Some(opened),
            health: health.clone(),
            begun: 0,
            round,
            released,
        };
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run()).map_err(OpenError::Thread)?;
        // Ends once what was redacted before is removed, or can't be.
        let _ = removed.recv();
        let inner = Inner {
            requests,
            store: kept,
            room: Arc::new(Semaphore::new(MAX_WAITING_BYTES)),
            reader,
            head,
            health,
            rounds,
            clock: options.clock,
            nodes: Nodes::default(),
            follows_stream: AtomicBool::new(follows_stream),
            catching_up: tokio::sync::Mutex::default(),
            dir: options.dir,
            receipts: Mutex::new(Some(receipts)),
            levels: Mutex::default(),
            holding: Mutex::new(Some(holding)),
            writer: Mutex::new(Some(thread)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.inner.head.borrow().clone()
    }

    /// Tells of each new head once it can be read.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.inner.head.clone()
    }

    /// Reads what is recorded.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.inner.reader.clone()
    }

    /// Whether it takes records in.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.inner.health.subscribe()
    }

    /// The other ledger nodes that were heard in the last minute.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.inner.nodes.heard(Instant::now())
    }

    /// What the ledger's files take on disk, in bytes.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        fn folder(dir: &std::path::Path) -> u64 {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            entries.map(|entry| if entry.path().is_dir() { folder(&entry.path()) } else { entry.metadata().map_or(0, |file| file.len()) }).sum()
        }
        folder(&self.inner.dir)
    }

    /// Takes one message in, embedded: gives it the clock's time and waits for its receipt.
    ///
    /// # Errors
    /// See [`SubmitError`].
    ///
    /// # Cancel safety
    /// Dropped half-way, the message may have been recorded; sent again, it's recognised.
    pub async fn submit(&self, subject: String, headers: Vec<(String, String)>, body: Bytes) -> Result<Receipt, SubmitError> {
        self.submit_at(subject, headers, body, (self.inner.clock)()).await
    }

    async fn submit_at(&self, subject: String, headers: Vec<(String, String)>, body: Bytes, time: Timestamp) -> Result<Receipt, SubmitError> {
        if self.follows_stream() {
            return Err(SubmitError::FollowsStream);
        }
        let message = Message { subject, headers, body, sequence: None, time };
        let size = message.size();
        if size > MAX_MESSAGE {
            return Err(SubmitError::TooLarge { found: size });
        }
        let room = match Arc::clone(&self.inner.room).try_acquire_many_owned(permits(size)) {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => return Err(SubmitError::Busy),
            Err(TryAcquireError::Closed) => return Err(self.stopped()),
        };
        let (reply, receipt) = oneshot::channel();
        match self.inner.requests.try_send(Request::Take(Take { message, round: None, reply: Reply::To(reply), _room: room })) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.stopped()),
        }
        match receipt.await {
            Ok(receipt) => receipt,
            Err(_) => {
                // The writer says why it stopped before it closes the channel.
                self.inner.requests.closed().await;
                Err(self.stopped())
            }
        }
    }

    /// Adds events in one commit, as far as a volume has room, without validating them or holding them against each other: for measuring the store alone. Known ones are left out.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`].
    ///
    /// # Cancel safety
    /// Dropped half-way, the events are added all the same.
    pub async fn append(&self, ready: Vec<Ready>) -> Result<(), SubmitError> {
        let (done, appended) = oneshot::channel();
        self.request(Request::Append { ready, time: (self.inner.clock)(), done }).await?;
        appended.await.map_err(|_| self.stopped())
    }

    /// Copies the ledger into a folder while it goes on, for [`restore`](crate::restore). Sealed volumes that are there already are left as they are, unless a payload was removed
    /// from one since. Blocks.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn backup(&self, to: &Path) -> Result<Backup, BackupError> {
        let done = backup(&self.inner.store, self.head(), (self.inner.clock)(), to);
        // What was redacted meanwhile had to wait. A writer that has as much to do as there may be looks by itself.
        let _ = self.inner.requests.try_send(Request::Remove);
        done
    }

    /// The redactions that were recorded, whose targets' payloads aren't removed everywhere yet.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn pending_redactions(&self) -> Result<Vec<PendingRedaction>, ReadError> {
        let pending = removal::pending(&self.inner.store, Who::Reader)?;
        Ok(pending.into_iter().map(|(position, redaction)| PendingRedaction { position: Position::new(position), by: redaction.by }).collect())
    }

    /// Waits until nothing waits to be removed; gives whether that came to be within a time.
    pub async fn redactions_removed(&self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        while self.pending_redactions().is_ok_and(|pending| !pending.is_empty()) {
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(REMOVAL_STEP).await;
        }
        true
    }

    /// Takes in a record that an export of another ledger holds, at its time; it's decided on like any other. One whose payload was removed is taken in its place as it is.
    ///
    /// # Errors
    /// See [`SubmitError`].
    ///
    /// # Cancel safety
    /// As [`submit`](Self::submit).
    pub async fn import(&self, record: &Record) -> Result<Receipt, SubmitError> {
        if record.removed.is_some() {
            return self.restore(record).await;
        }
        let kind = record.announcement().map_or(Kind::Completed, |event| event.kind());
        let subject = Route::of(kind, record.publisher.clone()).to_string();
        self.submit_at(subject, Vec::new(), Bytes::from(record.event.clone()), record.recorded).await
    }

    async fn restore(&self, record: &Record) -> Result<Receipt, SubmitError> {
        let (done, restored) = oneshot::channel();
        match self.inner.requests.try_send(Request::Restore { record: Box::new(record.clone()), done }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.stopped()),
        }
        let outcome = restored.await.map_err(|_| self.stopped())?.unwrap_or_else(|problem| Outcome::Refused { problem });
        Ok(Receipt { source: None, id: None, digest: record.digest(), outcome })
    }

    /// Drops the bytes of a refused message, with a reason that's kept; `None` where there is no such refusal.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`].
    pub async fn drop_refused(&self, number: u64, reason: String) -> Result<Option<Refusal>, SubmitError> {
        let (done, dropped) = oneshot::channel();
        let time = (self.inner.clock)();
        self.request(Request::DropRefused { number, dropped: Dropped { reason, time }, done }).await?;
        dropped.await.map_err(|_| self.stopped())
    }

    /// Writes what waits, syncs, and ends the writer.
    pub async fn close(&self) {
        let _ = self.inner.requests.send(Request::Close).await;
        drop(self.inner.holding.lock().ok().and_then(|mut holding| holding.take()));
        let writer = self.inner.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }

    /// Takes a message of the stream in, once there's room for it.
    pub(crate) async fn take(&self, message: Message, round: Round, reply: Reply) -> Result<(), SubmitError> {
        self.inner.follows_stream.store(true, Ordering::Relaxed);
        let room = self.room_for(&message).await?;
        self.request(Request::Take(Take { message, round: Some(round), reply, _room: room })).await
    }

    async fn room_for(&self, message: &Message) -> Result<OwnedSemaphorePermit, SubmitError> {
        let size = message.size().min(MAX_WAITING_BYTES);
        Arc::clone(&self.inner.room).acquire_many_owned(permits(size)).await.map_err(|_| self.stopped())
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What was seen of the streams last.
    pub(crate) fn levels(&self) -> Levels {
        *self.inner.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_levels(&self, see: impl FnOnce(&mut Levels)) {
        see(&mut self.inner.levels.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.inner.store.folder
    }

    pub(crate) fn clock(&self) -> fn() -> Timestamp {
        self.inner.clock
    }

    pub(crate) async fn request(&self, request: Request) -> Result<(), SubmitError> {
        self.inner.requests.send(request).await.map_err(|_| self.stopped())
    }

    /// Begins a round of reading, after everything that waits for the writer.
    pub(crate) async fn begin_round(&self) -> Result<Begun, SubmitError> {
        let (reply, begun) = oneshot::channel();
        self.request(Request::Begin(reply)).await?;
        begun.await.map_err(|_| self.stopped())
    }

    /// The round of reading whose messages are taken.
    pub(crate) fn rounds(&self) -> watch::Receiver<Option<Round>> {
        self.inner.rounds.clone()
    }

    /// Goes on with another stream.
    pub(crate) async fn adopt(&self, epoch: u64, from_sequence: u64) -> Result<(), SubmitError> {
        self.inner.follows_stream.store(true, Ordering::Relaxed);
        let adopted = self.amend(move |state| {
            state.epoch = epoch;
            state.checkpoint = Some(Checkpoint { sequence: from_sequence.saturating_sub(1), message: None });
            state.goal = None;
            Ok(())
        });
        adopted.await?.map_err(SubmitError::Stopped)
    }

    /// Changes what the ledger carries; on disk when this returns. What was read from the stream and waits is thrown away. Gives why the change can't be made.
    pub(crate) async fn amend(&self, amend: impl FnOnce(&mut State) -> Result<(), String> + Send + 'static) -> Result<Result<(), String>, SubmitError> {
        let (done, amended) = oneshot::channel();
        self.request(Request::Amend { amend: Box::new(amend), done }).await?;
        amended.await.map_err(|_| self.stopped())
    }

    /// Takes records over that another node decided on; on disk when this returns.
    pub(crate) async fn take_over(&self, records: Vec<Record>) -> Result<(), SubmitError> {
        let (done, taken) = oneshot::channel();
        self.request(Request::TakeOver { records, done }).await?;
        taken.await.map_err(|_| self.stopped())
    }

    /// Begins an epoch, embedded: for a ledger that no longer holds what was handed out, as far as `lost` is known. It's on disk when this returns. Gives the epoch.
    ///
    /// # Errors
    /// See [`NewEpochError`]. On a stream an epoch is begun by [`nats::new_epoch`](crate::nats::new_epoch).
    pub async fn new_epoch(&self, lost: Option<&LostCheckpoint>) -> Result<u64, NewEpochError> {
        if self.follows_stream() {
            return Err(NewEpochError::FollowsStream);
        }
        if let Some(lost) = lost {
            check_lost(self, lost).await?;
        }
        let of_lost = lost.map(|lost| lost.epoch);
        let begun = self.amend(move |state| {
            // A command that was cut short had begun it already.
            state.epoch = of_lost.map_or(state.epoch + 1, |lost| state.epoch.max(lost + 1));
            Ok(())
        });
        begun.await?.map_err(SubmitError::Stopped)?;
        Ok(self.head().epoch)
    }

    /// Whether announcements come from a stream, or did once.
    #[must_use]
    pub fn follows_stream(&self) -> bool {
        self.inner.follows_stream.load(Ordering::Relaxed)
    }

    /// The intake begins anew.
    pub(crate) fn restart_intake(&self) {
        self.inner.health.send_modify(|health| health.intake = Part::Running);
    }

    /// What stopped stays stopped until it's restarted.
    pub(crate) fn set_intake(&self, part: Part) {
        self.inner.health.send_if_modified(|health| {
            let changes = health.intake != part && !matches!(health.intake, Part::Stopped { .. });
            if changes {
                health.intake = part;
            }
            changes
        });
    }

    /// The intake takes nothing more in until it's restarted; what was read and waits is thrown away.
    pub(crate) async fn stop_intake(&self, cause: Cause, reason: String, remedy: &str) {
        self.set_intake(Part::Stopped { cause, reason, remedy: remedy.to_owned() });
        // Fails only where the writer has ended.
        let _ = self.begin_round().await;
    }

    pub(crate) fn set_log(&self, part: Part) {
        self.inner.health.send_if_modified(|health| {
            let changes = health.log != part;
            health.log = part;
            changes
        });
    }

    /// This node and the others that were heard.
    pub(crate) fn nodes(&self) -> &Nodes {
        &self.inner.nodes
    }

    /// Held by whoever takes records over from another node; `None` where somebody does.
    pub(crate) fn begin_catching_up(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        self.inner.catching_up.try_lock().ok()
    }

    pub(crate) fn take_receipts(&self) -> Option<mpsc::Receiver<Receipts>> {
        self.inner.receipts.lock().ok().and_then(|mut receipts| receipts.take())
    }

    fn stopped(&self) -> SubmitError {
        match &self.inner.health.borrow().writer {
            Part::Stopped { reason, .. } => SubmitError::Stopped(reason.clone()),
            _ => SubmitError::Stopped("the ledger is closed".to_owned()),
        }
    }
}

/// What starts the threads behind the writer.
pub(crate) struct Behind {
    fault: Arc<OnceLock<Fault>>,
    requests: mpsc::WeakSender<Request>,
    head: watch::Sender<Head>,
    receipts: mpsc::Sender<Receipts>,
}

/// Where the writer hands its commits over, and the threads that take them: they end once the writer lets go of it.
pub(crate) struct Running {
    pub(crate) prepared: std_mpsc::SyncSender<Step>,
    /// The same that its thread has.
    pub(crate) committer: Arc<Mutex<Committer>>,
    /// How many steps the committer's thread hasn't ended yet.
    pub(crate) under_way: Arc<AtomicUsize>,
    pub(crate) threads: Vec<thread::JoinHandle<()>>,
}

impl Behind {
    pub(crate) fn start(&self, store: &Arc<Store>, journal: Journal, follower: Follower) -> io::Result<Running> {
        let (prepared, commits) = std_mpsc::sync_channel(MAX_PREPARED);
        let (followed, following) = std_mpsc::sync_channel(MAX_FOLLOWED);
        let lag = Arc::new(Lag::default());
        let (head, receipts) = (self.head.clone(), self.receipts.clone());
        let committer = Committer { store: Arc::clone(store), journal, head, receipts, followed, lag: Arc::clone(&lag) };
        let (committer, under_way) = (Arc::new(Mutex::new(committer)), Arc::new(AtomicUsize::new(0)));
        let (committing, counted) = (Arc::clone(&committer), Arc::clone(&under_way));
        let committing = self.spawn("journal", move || committer::run(&committing, &counted, &commits))?;
        let threads = vec![committing, self.spawn("volumes", move || follower.run(&following, &lag))?];
        Ok(Running { prepared, committer, under_way, threads })
    }

    /// Starts one whose failure ends the writer. Where nothing can be said to the writer any more it has something to do, and looks at the fault by itself.
    fn spawn(&self, name: &str, run: impl FnOnce() -> Result<(), Fault> + Send + 'static) -> io::Result<thread::JoinHandle<()>> {
        let (fault, requests) = (Arc::clone(&self.fault), self.requests.clone());
        let panicked = Fault::new(format_args!("the thread \"{name}\" panicked"));
        let watched = move || {
            if let Err(failed) = catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(panicked)) {
                // The first reason is the one that counts.
                let _ = fault.set(failed);
                if let Some(requests) = requests.upgrade() {
                    let _ = requests.try_send(Request::Failed);
                }
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(watched)
    }
}

fn permits(size: usize) -> u32 {
    u32::try_from(size).expect("at most MAX_WAITING_BYTES")
}
