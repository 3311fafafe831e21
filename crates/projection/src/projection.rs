use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use announcement::{ExchangeKey, Position};
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    Book, Channels, ChannelsQuery, Discrepancies, DiscrepanciesQuery, Dossier, Frameworks, FrameworksQuery, Identity, IdentityQuery, Lineages, Offices,
    OfficesQuery, Plans, PlansQuery, Policy, Reconciliation, ReconciliationQuery, Source, ThirdParties, ThirdPartiesQuery, Timeline, TimelineQuery, Totals,
    TotalsQuery, channels::channels, discrepancies::discrepancies, dossier::dossier, frameworks::frameworks, identity::identity, offices::offices,
    plans::plans, reconciliation::reconciliation, reports::lineage, third_parties::third_parties, timeline::timeline, totals::totals,
};

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

    /// What happened, newest first.
    #[must_use]
    pub fn timeline(&self, query: &TimelineQuery) -> Timeline {
        timeline(&self.read(), query)
    }

    /// Who said what about one exchange; `None` where no claim is about it.
    #[must_use]
    pub fn dossier(&self, key: &ExchangeKey, policy: Policy) -> Option<Dossier> {
        dossier(&self.read(), key, policy)
    }

    /// How many, by direction and category.
    #[must_use]
    pub fn totals(&self, query: &TotalsQuery) -> Totals {
        totals(&self.read(), query)
    }

    /// Is it blocked, and who says so.
    #[must_use]
    pub fn channels(&self, query: &ChannelsQuery) -> Channels {
        channels(&self.read(), query)
    }

    /// Do the official totals fit.
    #[must_use]
    pub fn reconciliation(&self, query: &ReconciliationQuery) -> Reconciliation {
        reconciliation(&self.read(), query)
    }

    /// Where statements about one exchange differ.
    #[must_use]
    pub fn discrepancies(&self, query: &DiscrepanciesQuery) -> Discrepancies {
        discrepancies(&self.read(), query)
    }

    /// Were the promises kept.
    #[must_use]
    pub fn plans(&self, query: &PlansQuery) -> Plans {
        plans(&self.read(), query)
    }

    /// How much of what was agreed is done.
    #[must_use]
    pub fn frameworks(&self, query: &FrameworksQuery) -> Frameworks {
        frameworks(&self.read(), query)
    }

    /// What is credited to third parties.
    #[must_use]
    pub fn third_parties(&self, query: &ThirdPartiesQuery) -> ThirdParties {
        third_parties(&self.read(), query)
    }

    /// What offices have said.
    #[must_use]
    pub fn offices(&self, query: &OfficesQuery) -> Offices {
        offices(&self.read(), query)
    }

    /// Which statements about an exchange are independent, and which are copies; `None` where no claim is about it.
    #[must_use]
    pub fn lineage(&self, key: &ExchangeKey) -> Option<Lineages> {
        lineage(&self.read(), key)
    }

    /// What became of the bodies.
    #[must_use]
    pub fn identity(&self, query: &IdentityQuery) -> Identity {
        identity(&self.read(), query)
    }

    /// A reader that panicked changed nothing, so its lock is as good as any.
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Projection {
    fn default() -> Self {
        Self::new()
    }
}
