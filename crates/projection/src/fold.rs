use std::sync::{Arc, PoisonError, RwLock};

use announcement::{Position, Record};
use tokio::{
    task::spawn_blocking,
    time::{Duration, Instant},
};

use crate::{Book, Slot};

/// How many exchanges are warmed at a time: records wait no longer than that takes.
const WARMED: usize = 32;

/// A book that is being kept up.
#[derive(Debug)]
pub(crate) struct Fold {
    pub(crate) book: Arc<RwLock<Book>>,
    pub(crate) slot: Slot,
    pub(crate) version: u32,
    pub(crate) next: Position,
    /// Up to where it was saved.
    pub(crate) saved: Option<Position>,
    /// When it was saved, or when saving it was tried.
    pub(crate) tried: Instant,
    /// Whether it must be saved at once: something was redacted.
    pub(crate) is_urgent: bool,
    /// Up to which exchange what readers ask for was made ahead.
    pub(crate) warmed: usize,
    /// Why it can't take the next record.
    pub(crate) stopped: Option<String>,
}

impl Fold {
    pub(crate) fn new(book: Arc<RwLock<Book>>, slot: Slot, version: u32) -> Self {
        let next = book.read().unwrap_or_else(PoisonError::into_inner).next();
        Self { book, slot, version, next, saved: None, tried: Instant::now(), is_urgent: false, warmed: 0, stopped: None }
    }

    /// As it was read from a snapshot.
    pub(crate) fn loaded(book: Arc<RwLock<Book>>, slot: Slot, version: u32) -> Self {
        let fold = Self::new(book, slot, version);
        Self { saved: Some(fold.next), ..fold }
    }

    /// Takes records, as far as it can.
    pub(crate) async fn apply(&mut self, records: Vec<Record>) {
        let book = Arc::clone(&self.book);
        let applying = spawn_blocking(move || {
            let mut book = book.write().unwrap_or_else(PoisonError::into_inner);
            let applied = records.iter().try_for_each(|record| book.apply(record).map(drop));
            (book.next(), book.changed.redacted, applied)
        });
        match applying.await {
            Ok((next, is_urgent, applied)) => {
                (self.next, self.is_urgent) = (next, is_urgent);
                self.stopped = applied.err().map(|error| error.to_string());
            }
            Err(error) => self.stopped = Some(error.to_string()),
        }
    }

    /// Makes what readers will ask for of some more exchanges, so that the first of them needn't wait; says whether there were any.
    pub(crate) async fn warm(&mut self) -> bool {
        let (book, from) = (Arc::clone(&self.book), self.warmed);
        let warming = spawn_blocking(move || book.read().unwrap_or_else(PoisonError::into_inner).now().warm(from, WARMED));
        let warmed = warming.await.unwrap_or(0);
        self.warmed += warmed;
        warmed > 0
    }

    /// When it's to be saved, where there is something to save.
    pub(crate) fn due(&self, every: Duration, every_records: u64) -> Option<Instant> {
        let unsaved = self.next.get() - self.saved.map_or(0, Position::get);
        let is_full = unsaved >= every_records;
        (unsaved > 0 || self.is_urgent).then(|| if is_full || self.is_urgent { self.tried } else { self.tried + every })
    }
}
