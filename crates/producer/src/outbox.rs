//! What is published and has no receipt yet, on disk.

mod entries;
mod error;
mod listed;
mod options;
mod owner;
mod sending;
mod stored;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use announcement::{Publisher, Receipt};
use durable::Queue;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

pub use error::{AcceptError, OutboxError, SendError};
pub use listed::{Listed, State, Waiting};
pub use options::Limits;
pub use owner::Which;
use owner::{Order, Owner};

use crate::{Outgoing, Server};

/// Whose outbox it is.
const PUBLISHER: &str = "publisher";

/// Announcements on disk until their receipts. Cheap to clone; one process has it at a time.
#[derive(Clone, Debug)]
pub struct Outbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    publisher: Publisher,
    limits: Limits,
    /// Taken when it's dropped, so that its thread ends.
    orders: Option<mpsc::Sender<Order>>,
    state: watch::Receiver<Waiting>,
    /// One of those who send does at a time.
    sending: tokio::sync::Mutex<()>,
    /// Guards the thread that has the folder, to be waited for once.
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What became of an event that was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It's in the outbox, on disk.
    New,
    /// The same event was in the outbox already.
    Already,
}

impl Outbox {
    /// Opens a publisher's outbox, or makes it.
    ///
    /// # Errors
    /// See [`OutboxError`].
    pub fn open(dir: impl AsRef<Path>, publisher: Publisher, limits: Limits) -> Result<Self, OutboxError> {
        Self::with(dir.as_ref(), Some(publisher), limits)
    }

    /// Opens an outbox that is there, whosever it is.
    ///
    /// # Errors
    /// See [`OutboxError`].
    pub fn open_existing(dir: impl AsRef<Path>, limits: Limits) -> Result<Self, OutboxError> {
        Self::with(dir.as_ref(), None, limits)
    }

    fn with(dir: &Path, publisher: Option<Publisher>, limits: Limits) -> Result<Self, OutboxError> {
        let missing = || OutboxError::Missing { dir: dir.to_owned() };
        if publisher.is_none() && !dir.join(PUBLISHER).exists() {
            return Err(missing());
        }
        let queue = Queue::open(dir)?;
        let found = queue.note(PUBLISHER)?.map(|name| String::from_utf8_lossy(&name).into_owned());
        let publisher = match (publisher, found) {
            (Some(publisher), Some(found)) if publisher.as_str() != found => return Err(OutboxError::Publisher { dir: dir.to_owned(), found }),
            (Some(publisher), Some(_)) => publisher,
            (Some(publisher), None) => {
                queue.put_note(PUBLISHER, publisher.as_str().as_bytes())?;
                publisher
            }
            (None, found) => found.and_then(|found| found.parse().ok()).ok_or_else(missing)?,
        };
        let (told, state) = watch::channel(Waiting::default());
        let (orders, asked) = mpsc::channel(owner::ORDERS);
        let thread = Owner::open(dir.to_owned(), queue, limits, told)?.start(asked);
        let thread = thread.map_err(|source| durable::OpenError::Io { path: dir.to_owned(), source })?;
        let inner = Inner { publisher, limits, orders: Some(orders), state, sending: tokio::sync::Mutex::default(), thread: Mutex::new(Some(thread)) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// As whom it publishes.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.inner.publisher
    }

    /// Accepts an event: on disk when this returns. It's sent while [`run`](Self::run) or [`flush`](Self::flush) is under way, and leaves the outbox with its receipt.
    ///
    /// # Errors
    /// See [`AcceptError`].
    ///
    /// # Cancel safety
    /// Dropped half-way, the event may have been accepted; published again, it's recognised.
    pub async fn publish(&self, event: &Outgoing) -> Result<Accepted, AcceptError> {
        let (reply, answer) = oneshot::channel();
        let ended = || AcceptError::Disk("its thread ended".to_owned());
        self.orders().send(Order::Accept { event: event.clone(), since: Timestamp::now(), reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Sends what the outbox holds and what comes into it until it's told to stop, and gives each receipt. A queue that is away is waited for, however long.
    ///
    /// # Errors
    /// See [`SendError`].
    ///
    /// # Cancel safety
    /// Dropped half-way, what was under way stays in the outbox; sent again, it's recognised.
    pub async fn run(&self, server: impl Into<Server>, stop: impl Future<Output = ()>, each: impl FnMut(&Receipt)) -> Result<(), SendError> {
        let sending = async {
            let _alone = self.inner.sending.lock().await;
            self.send(&server.into(), each).await
        };
        tokio::select! {
            never = sending => match never? {},
            () = stop => Ok(()),
        }
    }

    /// Sends until nothing waits any more or the time is over, and says what is left. What is refused or held isn't waited for.
    ///
    /// # Errors
    /// See [`SendError`].
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn flush(&self, server: impl Into<Server>, within: Duration, each: impl FnMut(&Receipt)) -> Result<Waiting, SendError> {
        let stop = async {
            // Either is a reason to stop.
            let _ = tokio::time::timeout(within, self.drained()).await;
        };
        if self.waiting().waiting > 0 {
            self.run(server, stop, each).await?;
        }
        match self.waiting() {
            Waiting { failed: Some(reason), .. } => Err(SendError::Disk(reason)),
            waiting => Ok(waiting),
        }
    }

    /// How much it holds.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.inner.state.borrow().clone()
    }

    /// What it holds, in the order in which it was accepted.
    ///
    /// # Errors
    /// [`SendError::Disk`].
    pub async fn list(&self) -> Result<Vec<Listed>, SendError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::List { reply }).await?;
        answer.await.map_err(|_| ended())
    }

    /// Drops events and gives what they were; gone from the disk when this returns. What was held because of one of them is sent.
    ///
    /// # Errors
    /// [`SendError::Disk`].
    pub async fn drop(&self, which: Which) -> Result<Vec<Listed>, SendError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Drop { which, reply }).await?;
        answer.await.map_err(|_| ended())?.map_err(SendError::Disk)
    }

    async fn drained(&self) {
        // Where its thread ended nothing is sent any more.
        let _ = self.state().wait_for(|state| state.waiting == 0 || state.failed.is_some()).await;
    }

    fn state(&self) -> watch::Receiver<Waiting> {
        self.inner.state.clone()
    }

    fn window(&self) -> usize {
        self.inner.limits.window
    }

    fn orders(&self) -> &mpsc::Sender<Order> {
        self.inner.orders.as_ref().expect("it's there until it's dropped")
    }

    async fn order(&self, order: Order) -> Result<(), SendError> {
        self.orders().send(order).await.map_err(|_| ended())
    }

    async fn take(&self, count: usize) -> Result<Vec<(u64, Outgoing)>, SendError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Take { count, reply }).await?;
        answer.await.map_err(|_| ended())?.map_err(SendError::Disk)
    }
}

fn ended() -> SendError {
    SendError::Disk("its thread ended".to_owned())
}

impl Drop for Inner {
    /// Waits for the one write that may be under way, so that the folder is free afterwards.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}
