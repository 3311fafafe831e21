use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use announcement::Position;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    AsKnown, Book, Known, Metrics, Progress, Settings, Source, State,
    keeper::{Keeper, Order},
};

/// How many operators' orders wait at once.
const ORDERS: usize = 8;

/// The read models, kept up with the ledger. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Guards the book: one task applies records, a page at a time; readers hold it for one answer.
    book: Arc<RwLock<Book>>,
    progress: watch::Sender<Progress>,
    orders: mpsc::Sender<Order>,
    metrics: Metrics,
    /// Guards what [`run`](Self::run) takes, once.
    keeper: Arc<Mutex<Option<Keeping>>>,
}

/// The one that folds, and whose orders it takes.
type Keeping = (Keeper, mpsc::Receiver<Order>);

/// What an answer rests on: the same question gives the same bytes wherever this is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// How many records were applied.
    pub next: Position,
    /// When the last of them was taken in.
    pub recorded: Option<Timestamp>,
    /// The version of the fold.
    pub version: u32,
}

/// The projection didn't reach a position in time. Ask again, or without `at_least`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read models have not reached position {0} yet")]
pub struct TimedOut(pub Position);

/// Why an order isn't carried out. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// There are no read models here.
    #[error("this process keeps no read models")]
    NotRunning,
    /// One after the other.
    #[error("a rebuild is under way already; look at its status, or cancel it")]
    UnderWay,
    /// There is nothing to cancel.
    #[error("no rebuild is under way")]
    NoRebuild,
    /// It isn't the operator's to cancel.
    #[error("the read models are folded anew because the program's fold is of another version than what is answered from; that can't be cancelled")]
    Needed,
    /// The folder of snapshots can't be written.
    #[error("the folder of the read models can't be written: {0}")]
    Snapshots(String),
}

impl Projection {
    /// An empty projection that keeps no snapshots; [`run`](Self::run) fills it.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// The same, kept up as the settings say.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        let progress = Progress {
            next: Position::new(0),
            size: 0,
            state: State::CatchingUp,
            version: settings.version,
            saved: None,
            last_error: None,
            rebuild: None,
            rebuilt: None,
        };
        let (book, progress) = (Arc::default(), watch::Sender::new(progress));
        let (orders, received) = mpsc::channel(ORDERS);
        let metrics = Metrics::default();
        let keeper = Keeper::new(Arc::clone(&book), progress.clone(), settings, metrics.clone());
        Self { book, progress, orders, metrics, keeper: Arc::new(Mutex::new(Some((keeper, received)))) }
    }

    /// Reads what was saved, applies what is recorded and then what comes, until `stop`; then it's saved. It runs once.
    ///
    /// # Cancel safety
    /// Dropped half-way, everything that was applied is answered; what wasn't saved is folded again at the next start.
    pub async fn run(&self, source: Source, stop: CancellationToken) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((keeper, orders)) = keeper {
            keeper.run(orders, source, stop).await;
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// What happened since the start.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Tells where it stands whenever that changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Waits until the record at a position has been applied.
    ///
    /// # Errors
    /// [`TimedOut`].
    ///
    /// # Cancel safety
    /// It only watches; dropping it changes nothing.
    pub async fn at_least(&self, position: Position, within: Duration) -> Result<(), TimedOut> {
        let mut progress = self.progress.subscribe();
        let reached = tokio::time::timeout(within, progress.wait_for(|progress| progress.next > position)).await;
        if matches!(reached, Ok(Ok(_))) { Ok(()) } else { Err(TimedOut(position)) }
    }

    /// Asks a read model, as it was known.
    pub fn ask<T>(&self, as_known: AsKnown, model: impl FnOnce(Known<'_>) -> T) -> T {
        // A reader that panicked changed nothing, so its lock is as good as any.
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        model(book.as_known(as_known))
    }

    /// What an answer rests on that is given now.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.ask_stamped(AsKnown::default(), |_| ()).0
    }

    /// Asks a read model, as it was known, and says what its answer rests on.
    pub fn ask_stamped<T>(&self, as_known: AsKnown, model: impl FnOnce(Known<'_>) -> T) -> (Stamp, T) {
        let version = self.progress.borrow().version;
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let now = book.now();
        (Stamp { next: now.next(), recorded: now.recorded(), version }, model(book.as_known(as_known)))
    }

    /// Begins to fold everything anew beside what is answered from, which the new one replaces once it's as far. All read models are made from one fold. A start after a stop
    /// goes on with it.
    ///
    /// # Errors
    /// See [`OrderError`].
    ///
    /// # Cancel safety
    /// Dropped half-way, the rebuild may have begun.
    pub async fn rebuild(&self) -> Result<(), OrderError> {
        self.order(Order::Rebuild).await
    }

    /// Ends a rebuild that was asked for; what is answered from stays.
    ///
    /// # Errors
    /// See [`OrderError`].
    ///
    /// # Cancel safety
    /// Dropped half-way, it may have ended.
    pub async fn cancel_rebuild(&self) -> Result<(), OrderError> {
        self.order(Order::Cancel).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<Result<(), OrderError>>) -> Order) -> Result<(), OrderError> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).await.map_err(|_| OrderError::NotRunning)?;
        answered.await.unwrap_or(Err(OrderError::NotRunning))
    }
}

impl Default for Projection {
    fn default() -> Self {
        Self::new()
    }
}
