use std::{path::PathBuf, sync::Mutex, thread};

use announcement::{Publisher, Receipt};
use bytes::Bytes;
use durable::Store;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    Head, Health, Message, OpenError, Part, ReadError, Reader, SubmitError, layout,
    state::{Checkpoint, FORMAT, State},
    writer::{MAX_COMMIT, Reply, Request, Writer},
};

/// How many messages may wait for the writer.
const MAX_WAITING: usize = 4 * MAX_COMMIT;
/// How many commits' receipts may wait to be published; a publisher that misses one asks.
const MAX_WAITING_RECEIPTS: usize = 64;

/// What the ledger's folder and clock are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder; it's made where it's missing.
    pub dir: PathBuf,
    /// The clock of the embedded intake, and the one that a stream's clock is held against. No decision depends on it.
    pub clock: fn() -> Timestamp,
}

/// A ledger that's open: a handle of its one writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: std::sync::Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requests: mpsc::Sender<Request>,
    reader: Reader,
    head: watch::Receiver<Head>,
    health: watch::Sender<Health>,
    clock: fn() -> Timestamp,
    dir: PathBuf,
    /// Guards the one end of the receipts, which the NATS side takes once.
    receipts: Mutex<Option<mpsc::Receiver<Receipts>>>,
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
        let (store, opened) = Store::open(&options.dir)?;
        let stored = store.reader();
        let state = match stored.get(layout::STATE).map_err(ReadError::Store)? {
            Some(bytes) => read_state(&bytes)?,
            None => State::default(),
        };
        check(&state, opened.last.as_ref())?;
        let (head_sender, head) = watch::channel(state.head());
        let (health, _) = watch::channel(Health::running());
        let (requests, receiver) = mpsc::channel(MAX_WAITING);
        let (receipts_sender, receipts) = mpsc::channel(MAX_WAITING_RECEIPTS);
        let reader = Reader::new(stored.clone(), head.clone());
        let writer = Writer {
            store,
            reader: stored,
            state,
            requests: receiver,
            head: head_sender,
            health: health.clone(),
            receipts: receipts_sender,
            intake_stopped: false,
        };
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run()).map_err(OpenError::Thread)?;
        let inner = Inner {
            requests,
            reader,
            head,
            health,
            clock: options.clock,
            dir: options.dir,
            receipts: Mutex::new(Some(receipts)),
            writer: Mutex::new(Some(thread)),
        };
        Ok(Self { inner: std::sync::Arc::new(inner) })
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
        if self.head().stream_sequence > 0 {
            return Err(SubmitError::FollowsStream);
        }
        let (reply, receipt) = oneshot::channel();
        let permit = match self.inner.requests.try_reserve() {
            Ok(permit) => permit,
            Err(mpsc::error::TrySendError::Full(())) => return Err(SubmitError::Busy),
            Err(mpsc::error::TrySendError::Closed(())) => return Err(self.stopped()),
        };
        let message = Message { subject, headers, body, sequence: None, time: (self.inner.clock)() };
        permit.send(Request::Take { message, reply: Reply::To(reply) });
        receipt.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Writes what waits, syncs, and ends the writer.
    pub async fn close(&self) {
        let _ = self.inner.requests.send(Request::Close).await;
        let writer = self.inner.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }

    pub(crate) fn clock(&self) -> fn() -> Timestamp {
        self.inner.clock
    }

    pub(crate) async fn request(&self, request: Request) -> Result<(), SubmitError> {
        self.inner.requests.send(request).await.map_err(|_| self.stopped())
    }

    /// Up to where the stream was read, with everything that waits for the writer.
    pub(crate) async fn checkpoint(&self) -> Result<Option<Checkpoint>, SubmitError> {
        let (reply, checkpoint) = oneshot::channel();
        self.request(Request::Checkpoint(reply)).await?;
        checkpoint.await.map_err(|_| self.stopped())
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

fn read_state(bytes: &[u8]) -> Result<State, OpenError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(bytes).map_err(|_| ReadError::State)?;
    if format != FORMAT {
        return Err(OpenError::Format { found: format, expected: FORMAT });
    }
    Ok(serde_json::from_slice(bytes).map_err(|_| ReadError::State)?)
}

/// The journal's last frame and the state must name the same size and root.
fn check(state: &State, last: Option<&durable::FrameHead>) -> Result<(), OpenError> {
    let head = state.head();
    let journal = last.map_or((0, State::default().head().root), |last| (last.size, announcement::Digest::from_bytes(last.root)));
    if (head.size, head.root) == journal {
        return Ok(());
    }
    Err(OpenError::Altered { size: head.size, root: head.root, journal_size: journal.0, journal_root: journal.1 })
}
