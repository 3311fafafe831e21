use std::{
    mem,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use announcement::{Digest, Position, Record, TRACEPARENT, TraceContext};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Book, Cause, Metrics, OrderError, Progress, Rebuild, Rebuilt, Settings, Slot, Snapshots, Source, Stand, State,
    feed::Feed,
    fold::Fold,
    source::{Page, SourceError},
};

/// How many records are applied at a time: readers wait no longer than that takes.
const PAGE: usize = 1_024;
/// Between two attempts to read records, or to save.
const RETRY: Duration = Duration::from_millis(500);
/// How long a ledger over NATS that is behind a snapshot is given: it may be another node's turn to answer.
const BEHIND: u32 = 10;

/// How many links to publishers' traces the fold of one page logs.
const MAX_LINKS: usize = 64;

/// The traces that records of a page were published in, where the log wants them: as whoever gave them says, else as an event itself does.
fn links(page: &Page) -> Vec<(Position, TraceContext)> {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return Vec::new();
    }
    let said = |record: &Record| {
        let may_say = record.event.windows(TRACEPARENT.len()).any(|text| text == TRACEPARENT.as_bytes());
        if may_say { TraceContext::of(&record.announcement().ok()?) } else { None }
    };
    let link = |record: &Record| {
        let told = page.traces.binary_search_by_key(&record.position, |&(position, _)| position).map(|found| page.traces[found].1);
        Some((record.position, told.ok().or_else(|| said(record))?))
    };
    page.records.iter().filter_map(link).take(MAX_LINKS).collect()
}

fn log_links(links: &[(Position, TraceContext)]) {
    for (position, trace) in links {
        tracing::debug!(%position, link.trace_id = %trace.trace_id(), link.span_id = %trace.span_id(), "an announcement of this trace was folded");
    }
}

/// What an operator wants.
#[derive(Debug)]
pub(crate) enum Order {
    Rebuild(oneshot::Sender<Result<(), OrderError>>),
    Cancel(oneshot::Sender<Result<(), OrderError>>),
}

/// The one that folds: it alone changes books and writes snapshots.
#[derive(Debug)]
pub(crate) struct Keeper {
    settings: Settings,
    progress: watch::Sender<Progress>,
    served: Fold,
    second: Option<(Fold, Cause)>,
    metrics: Metrics,
}

impl Keeper {
    pub(crate) fn new(book: Arc<RwLock<Book>>, progress: watch::Sender<Progress>, settings: Settings, metrics: Metrics) -> Self {
        let served = Fold::new(book, Slot::Served, settings.version);
        Self { settings, progress, served, second: None, metrics }
    }

    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>, source: Source, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.restore(&source) => {}
        }
        let mut feeds = [source.clone(), source.clone()].map(Feed::new);
        while !stop.is_cancelled() {
            while let Ok(order) = orders.try_recv() {
                self.carry_out(order).await;
            }
            let moved = self.fold(&mut feeds, &stop).await;
            self.switch(&source).await;
            self.save_what_is_due(&source).await;
            if !moved && !self.served.warm().await {
                tokio::select! {
                    () = stop.cancelled() => break,
                    order = orders.recv() => if let Some(order) = order { self.carry_out(order).await },
                    () = self.wait(&mut feeds[0]) => {}
                    () = self.until_due() => {}
                }
            }
        }
        self.save_all(&source).await;
    }

    /// Goes on from what was saved, once the ledger has shown that it's of its records.
    async fn restore(&mut self, source: &Source) {
        let version = self.settings.version;
        if let Some((book, stand)) = self.load(Slot::Served, source).await {
            let before = mem::replace(&mut *self.served.book.write().unwrap_or_else(PoisonError::into_inner), book);
            drop(before);
            self.served = Fold::loaded(Arc::clone(&self.served.book), Slot::Served, stand.version);
            tracing::info!(records = stand.next.get(), version = stand.version, "the read models go on from their snapshot");
        }
        let resumed = self.load(Slot::Rebuilt, source).await;
        let cause = if self.served.version == version { Cause::Asked } else { Cause::Version };
        match resumed {
            Some((book, stand)) if stand.version == version && self.served.saved.is_some() => {
                self.second = Some((Fold::loaded(Arc::new(RwLock::new(book)), Slot::Rebuilt, version), cause));
            }
            // A rebuild that another version of the fold began is begun again.
            Some(_) if self.served.saved.is_some() => self.begin_second(cause).await,
            Some(_) => drop(self.with_snapshots(|snapshots| snapshots.forget(Slot::Rebuilt)).await),
            None if cause == Cause::Version => self.begin_second(cause).await,
            None => {}
        }
        self.tell(|_| {});
    }

    async fn load(&mut self, slot: Slot, source: &Source) -> Option<(Book, Stand)> {
        let unusable = match self.with_snapshots(move |snapshots| snapshots.load(slot)).await? {
            Ok(None) => return None,
            Ok(Some((book, stand))) => {
                if stand.next.get() == 0 || self.is_of_this_ledger(stand, source).await {
                    return Some((book, stand));
                }
                "it's of other records than this ledger's, or of more".to_owned()
            }
            Err(unusable) => unusable.to_string(),
        };
        tracing::warn!(reason = unusable, ?slot, "a snapshot of the read models is put aside; they are folded from the first record on");
        self.fail(format!("a snapshot was put aside: {unusable}"));
        if let Some(Err(error)) = self.with_snapshots(move |snapshots| snapshots.set_aside(slot)).await {
            self.fail(error.to_string());
        }
        None
    }

    async fn is_of_this_ledger(&mut self, stand: Stand, source: &Source) -> bool {
        let mut behind = 0;
        loop {
            match source.root(stand.next).await {
                Ok(Some(root)) => return root == stand.root,
                Ok(None) if behind == BEHIND || source.is_local() => return false,
                Ok(None) => behind += 1,
                Err(error) => self.tell(|progress| progress.state = State::Waiting { reason: error.to_string() }),
            }
            sleep(RETRY).await;
        }
    }

    /// Applies a page to each book; says whether there was any.
    async fn fold(&mut self, [served, beside]: &mut [Feed; 2], stop: &CancellationToken) -> bool {
        let mut moved = false;
        if self.served.stopped.is_none()
            && let Some(page) = stop.run_until_cancelled(served.page(self.served.next, PAGE)).await
        {
            let links = page.as_ref().map(links).unwrap_or_default();
            let span = tracing::debug_span!("fold", first_position = self.served.next.get());
            moved |= self.take(page).instrument(span.clone()).await;
            span.in_scope(|| log_links(&links));
        }
        let limit = match &self.second {
            Some((second, _)) if second.stopped.is_some() => 0,
            // Beyond what is answered from only where that can't go on.
            Some((second, _)) if self.served.stopped.is_none() => usize::try_from(self.served.next.get() - second.next.get()).unwrap_or(PAGE).min(PAGE),
            Some(_) => PAGE,
            None => {
                beside.rest();
                0
            }
        };
        if let Some((second, _)) = &mut self.second
            && limit > 0
        {
            match stop.run_until_cancelled(beside.page(second.next, limit)).await {
                Some(Ok(page)) if !page.records.is_empty() => {
                    second.apply(page.records).await;
                    if let Some(reason) = &second.stopped {
                        tracing::error!(reason, "the rebuild of the read models stopped");
                    }
                    moved = true;
                }
                Some(Err(error)) => self.fail(error.to_string()),
                Some(Ok(_)) | None => {}
            }
            self.tell(|_| {});
        }
        moved
    }

    async fn take(&mut self, page: Result<Page, SourceError>) -> bool {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.tell(|progress| progress.state = State::Waiting { reason: error.to_string() });
                self.fail(error.to_string());
                return false;
            }
        };
        let moved = !page.records.is_empty();
        if moved {
            let (before, begun) = (self.served.next.get(), Instant::now());
            self.served.apply(page.records).await;
            self.metrics.folded(self.served.next.get() - before, begun.elapsed());
        }
        let state = match &self.served.stopped {
            Some(reason) => {
                tracing::error!(reason, "the read models stopped");
                State::Stopped { reason: reason.clone() }
            }
            None if self.served.next.get() < page.size => State::CatchingUp,
            None => State::Following,
        };
        if let State::Stopped { reason } = &state {
            self.fail(reason.clone());
        }
        self.tell(|progress| (progress.size, progress.state) = (page.size, state));
        moved
    }

    async fn wait(&self, feed: &mut Feed) {
        let follows = matches!(self.progress.borrow().state, State::Following);
        if follows { feed.wait(self.served.next).await } else { sleep(RETRY).await }
    }

    async fn carry_out(&mut self, order: Order) {
        let (carried_out, answer) = match order {
            Order::Rebuild(answer) => (self.rebuild().await, answer),
            Order::Cancel(answer) => (self.cancel().await, answer),
        };
        self.tell(|_| {});
        // Who asked may have gone.
        let _ = answer.send(carried_out);
    }

    async fn rebuild(&mut self) -> Result<(), OrderError> {
        if self.second.as_ref().is_some_and(|(second, _)| second.stopped.is_none()) {
            return Err(OrderError::UnderWay);
        }
        let cause = self.second.take().map_or(Cause::Asked, |(_, cause)| cause);
        self.begin_second(cause).await;
        match &self.second {
            Some((second, _)) if second.saved.is_none() && self.settings.snapshots.is_some() => {
                self.second = None;
                Err(OrderError::Snapshots(self.progress.borrow().last_error.clone().unwrap_or_default()))
            }
            _ => Ok(()),
        }
    }

    async fn cancel(&mut self) -> Result<(), OrderError> {
        match self.second.take() {
            None => Err(OrderError::NoRebuild),
            Some(needed @ (_, Cause::Version)) => {
                self.second = Some(needed);
                Err(OrderError::Needed)
            }
            Some((second, Cause::Asked)) => {
                let forgotten = self.with_snapshots(|snapshots| snapshots.forget(Slot::Rebuilt)).await;
                spawn_blocking(move || drop(second));
                forgotten.unwrap_or(Ok(())).map_err(|error| OrderError::Snapshots(error.to_string()))
            }
        }
    }

    /// An empty book beside the one that is answered from. It's saved, so that a start goes on with it.
    async fn begin_second(&mut self, cause: Cause) {
        let mut second = Fold::new(Arc::default(), Slot::Rebuilt, self.settings.version);
        drop(self.with_snapshots(|snapshots| snapshots.forget(Slot::Rebuilt)).await);
        self.save_at(&mut second, Digest::of(b"")).await;
        tracing::info!(version = second.version, ?cause, "the read models are folded anew beside what is answered from");
        self.second = Some((second, cause));
    }

    /// Puts the second book in the place of the one that is answered from, once it's as far.
    async fn switch(&mut self, source: &Source) {
        let is_due = |second: &Fold| second.stopped.is_none() && (second.next >= self.served.next);
        let Some((mut second, cause)) = self.second.take_if(|(second, _)| is_due(second)) else { return };
        if self.settings.snapshots.is_some() && !self.save(&mut second, source).await {
            self.second = Some((second, cause));
            return;
        }
        let differs = if cause == Cause::Asked && second.next == self.served.next { self.compare(&second).await } else { None };
        let switched = self.with_snapshots(Snapshots::switch).await;
        if let Some(Err(error)) = switched {
            self.fail(error.to_string());
        }
        let records = second.next.get();
        mem::swap(&mut *self.served.book.write().unwrap_or_else(PoisonError::into_inner), &mut *second.book.write().unwrap_or_else(PoisonError::into_inner));
        self.served = Fold { book: Arc::clone(&self.served.book), slot: Slot::Served, ..second };
        match &differs {
            Some(differs) => tracing::warn!(records, differs, "the read models were rebuilt; what is answered now differs"),
            None => tracing::info!(records, version = self.served.version, "the read models were rebuilt"),
        }
        spawn_blocking(move || drop(second.book));
        self.metrics.rebuilt();
        self.tell(|progress| progress.rebuilt = Some(Rebuilt { records, differs }));
    }

    async fn compare(&self, second: &Fold) -> Option<String> {
        let (served, second) = (Arc::clone(&self.served.book), Arc::clone(&second.book));
        let compared = spawn_blocking(move || {
            let (served, second) = (served.read().unwrap_or_else(PoisonError::into_inner), second.read().unwrap_or_else(PoisonError::into_inner));
            served.difference(&second).map(|differs| differs.to_string())
        });
        compared.await.unwrap_or_else(|error| Some(error.to_string()))
    }

    async fn until_due(&self) {
        let due = |fold: &Fold| fold.due(self.settings.every, self.settings.every_records);
        match due(&self.served).filter(|_| self.settings.snapshots.is_some()) {
            Some(due) => sleep_until(due.max(self.served.tried + RETRY)).await,
            None => std::future::pending().await,
        }
    }

    async fn save_what_is_due(&mut self, source: &Source) {
        let Settings { every, every_records, .. } = self.settings;
        let is_due = |fold: &Fold| fold.due(every, every_records).is_some_and(|due| due <= Instant::now());
        if is_due(&self.served) {
            self.save_served(source).await;
        }
        if let Some((mut second, cause)) = self.second.take() {
            if is_due(&second) {
                self.save(&mut second, source).await;
            }
            self.second = Some((second, cause));
        }
    }

    async fn save_all(&mut self, source: &Source) {
        self.save_served(source).await;
        if let Some((mut second, _)) = self.second.take() {
            self.save(&mut second, source).await;
        }
    }

    async fn save_served(&mut self, source: &Source) {
        let emptied = Fold::new(Arc::default(), Slot::Served, 0);
        let mut served = mem::replace(&mut self.served, emptied);
        self.save(&mut served, source).await;
        self.served = served;
        self.tell(|_| {});
    }

    /// Saves a book where something changed; says whether it's saved.
    async fn save(&mut self, fold: &mut Fold, source: &Source) -> bool {
        if self.settings.snapshots.is_none() {
            return false;
        }
        if fold.saved == Some(fold.next) && !fold.is_urgent {
            return true;
        }
        fold.tried = Instant::now();
        match source.root(fold.next).await {
            Ok(Some(root)) => self.save_at(fold, root).await,
            Ok(None) => {
                tracing::debug!(records = fold.next.get(), "the ledger that answered is behind the read models; they are saved later");
                false
            }
            Err(error) => {
                self.fail(error.to_string());
                false
            }
        }
    }

    async fn save_at(&mut self, fold: &mut Fold, root: Digest) -> bool {
        let (slot, version, book) = (fold.slot, fold.version, Arc::clone(&fold.book));
        match self.with_snapshots(move |snapshots| snapshots.save(slot, &book, root, version)).await {
            Some(Ok(())) => {
                (fold.saved, fold.is_urgent) = (Some(fold.next), false);
                self.metrics.saved(true);
            }
            Some(Err(error)) => {
                self.metrics.saved(false);
                tracing::error!(%error, "the read models are no longer saved; see to the disk and start anew");
                self.fail(error.to_string());
                // What was written last stays; a start goes on from there.
                self.settings.snapshots = None;
            }
            None => {}
        }
        fold.tried = Instant::now();
        fold.saved == Some(fold.next)
    }

    /// Does something with the folder of snapshots, on a thread that may block; nothing where there is none.
    async fn with_snapshots<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Snapshots) -> T + Send + 'static) -> Option<T> {
        let mut snapshots = self.settings.snapshots.take()?;
        let working = spawn_blocking(move || {
            let done = work(&mut snapshots);
            (snapshots, done)
        });
        match working.await {
            Ok((snapshots, done)) => {
                self.settings.snapshots = Some(snapshots);
                Some(done)
            }
            Err(error) => {
                tracing::error!(%error, "the read models are no longer saved");
                self.fail(error.to_string());
                None
            }
        }
    }

    fn fail(&self, reason: String) {
        self.progress.send_modify(|progress| progress.last_error = Some(reason));
    }

    /// Says where everything stands.
    fn tell(&self, more: impl FnOnce(&mut Progress)) {
        let rebuild = self.second.as_ref().map(|(second, cause)| Rebuild {
            folded: second.next.get(),
            version: second.version,
            cause: *cause,
            stopped: second.stopped.clone(),
        });
        self.progress.send_modify(|progress| {
            (progress.next, progress.version, progress.saved) = (self.served.next, self.served.version, self.served.saved);
            progress.rebuild = rebuild;
            more(progress);
        });
    }
}
