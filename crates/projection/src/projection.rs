use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use announcement::Position;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{AsKnown, Book, Known, Source};

/// How many records are applied at a time: readers wait no longer than that takes.
const PAGE: usize = 1_024;
/// Between two attempts to read records.
const RETRY: Duration = Duration::from_millis(500);

/// The read models, kept up with the ledger. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Guards the book: one task applies records, a page at a time; readers hold it for one answer.
    book: Arc<RwLock<Book>>,
    progress: watch::Sender<Progress>,
}

/// Where the projection stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The next record to apply.
    pub next: Position,
    /// How many records the ledger held when it was last asked.
    pub size: u64,
    /// What it does.
    pub state: State,
}

/// What the projection does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It applies what was recorded before.
    CatchingUp,
    /// It has applied everything and follows.
    Following,
    /// Records can't be read at the moment.
    Waiting {
        /// Why.
        reason: String,
    },
    /// It can't apply the next record; what it has applied is still answered.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// The projection didn't reach a position in time. Ask again, or without `at_least`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read models have not reached position {0} yet")]
pub struct TimedOut(pub Position);

impl Projection {
    /// An empty projection; [`run`](Self::run) fills it.
    #[must_use]
    pub fn new() -> Self {
        let progress = Progress { next: Position::new(0), size: 0, state: State::CatchingUp };
        Self { book: Arc::default(), progress: watch::Sender::new(progress) }
    }

    /// Applies what is recorded and then what comes, until `stop`.
    ///
    /// # Cancel safety
    /// Dropped half-way, everything that was applied is answered.
    pub async fn run(&self, source: Source, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow(source) => {}
        }
    }

    async fn follow(&self, source: Source) {
        let mut next = Position::new(0);
        loop {
            let page = match source.records(next, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    self.set(next, None, State::Waiting { reason: error.to_string() });
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            if page.records.is_empty() {
                self.set(next, Some(page.size), State::Following);
                source.wait(next).await;
                continue;
            }
            let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
            let applied = page.records.iter().try_for_each(|record| book.apply(record).map(drop));
            next = book.next();
            drop(book);
            if let Err(error) = applied {
                tracing::error!(%error, "the read models stopped");
                self.set(next, Some(page.size), State::Stopped { reason: error.to_string() });
                return;
            }
            let state = if next.get() < page.size { State::CatchingUp } else { State::Following };
            self.set(next, Some(page.size), state);
        }
    }

    fn set(&self, next: Position, size: Option<u64>, state: State) {
        self.progress.send_modify(|progress| *progress = Progress { next, size: size.unwrap_or(progress.size), state });
    }

    /// Where it stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Tells where it stands whenever that changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
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
}

impl Default for Projection {
    fn default() -> Self {
        Self::new()
    }
}
