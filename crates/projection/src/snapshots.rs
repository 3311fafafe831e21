use std::{
    collections::BTreeMap,
    mem,
    path::Path,
    sync::{PoisonError, RwLock},
};

use announcement::Digest;
use durable::{Derived, OpenError, WriteError};

use crate::{
    Book,
    snapshot::{Snapshot, Stand, Unusable},
};

/// A snapshot that couldn't be used, for whoever wants to look at it.
const ASIDE: &str = "aside";

/// The folder that keeps snapshots of books, held for one process.
#[derive(Debug)]
pub struct Snapshots {
    derived: Derived,
    open: BTreeMap<Slot, Snapshot>,
    /// After a failed write nothing is written any more.
    failed: bool,
}

/// Which book a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The one that is answered from.
    Served,
    /// The one that is to take its place.
    Rebuilt,
}

impl Slot {
    const fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Rebuilt => "rebuilt",
        }
    }
}

impl Snapshots {
    /// Takes a folder, or makes it.
    ///
    /// # Errors
    /// [`OpenError::Locked`] or [`OpenError::Io`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Ok(Self { derived: Derived::take(dir)?, open: BTreeMap::new(), failed: false })
    }

    /// The book that was saved last, and where it stood; nothing where none was.
    ///
    /// # Errors
    /// [`Unusable`], which says why; [`set_aside`](Self::set_aside) is next.
    pub fn load(&mut self, slot: Slot) -> Result<Option<(Book, Stand)>, Unusable> {
        let Some(volume) = self.derived.open(slot.name()).map_err(Unusable)? else { return Ok(None) };
        let Some((snapshot, book, stand)) = Snapshot::load(volume)? else { return Ok(None) };
        self.open.insert(slot, snapshot);
        Ok(Some((book, stand)))
    }

    /// Writes what changed of a book since it was saved last; all of it where that's most, or where something was taken out of it that must not stay on disk. It's on disk
    /// when this returns, and half of it is never found. The book is locked for writing for a moment, and then for reading; nobody else may change it meanwhile.
    ///
    /// # Errors
    /// [`WriteError`]: what was saved before is still there, and nothing is saved any more.
    pub fn save(&mut self, slot: Slot, book: &RwLock<Book>, root: Digest, version: u32) -> Result<(), WriteError> {
        if self.failed {
            return Err(WriteError::Poisoned);
        }
        let saved = self.try_save(slot, book, root, version);
        self.failed = saved.is_err();
        saved
    }

    fn try_save(&mut self, slot: Slot, book: &RwLock<Book>, root: Digest, version: u32) -> Result<(), WriteError> {
        let (changed, has_redactions) = {
            let mut book = book.write().unwrap_or_else(PoisonError::into_inner);
            if book.changed.redacted {
                book.forget_unnamed();
            }
            (mem::take(&mut book.changed), book.has_redactions())
        };
        if has_redactions {
            // It may hold what they took away.
            self.derived.forget(ASIDE)?;
            self.derived.sweep();
        }
        if let Some(snapshot) = self.open.get_mut(&slot).filter(|snapshot| snapshot.is_closed()) {
            let volume = self.derived.open(slot.name()).map_err(WriteError::Sled)?;
            volume.into_iter().for_each(|volume| snapshot.reopen(volume));
        }
        match self.open.get_mut(&slot) {
            Some(snapshot) if !changed.redacted && changed.chunks.len() <= snapshot.chunks() => snapshot.add(book, &changed, root, version),
            _ => {
                let (number, volume) = self.derived.begin()?;
                let snapshot = Snapshot::of(volume, book, root, version)?;
                self.derived.name(slot.name(), number)?;
                self.open.insert(slot, snapshot).into_iter().for_each(Snapshot::remove);
                self.derived.sweep();
                Ok(())
            }
        }
    }

    /// Puts a book's snapshot aside, where the one before goes.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: nothing was changed, and nothing is saved any more.
    pub fn set_aside(&mut self, slot: Slot) -> Result<(), WriteError> {
        self.open.remove(&slot);
        self.note(|derived| derived.rename(slot.name(), ASIDE))
    }

    /// Removes a book's snapshot.
    ///
    /// # Errors
    /// As [`set_aside`](Self::set_aside).
    pub fn forget(&mut self, slot: Slot) -> Result<(), WriteError> {
        self.open.remove(&slot).into_iter().for_each(Snapshot::remove);
        self.note(|derived| derived.forget(slot.name()))
    }

    /// Puts the snapshot of the rebuilt book in the served one's place.
    ///
    /// # Errors
    /// As [`set_aside`](Self::set_aside).
    pub fn switch(&mut self) -> Result<(), WriteError> {
        self.note(|derived| derived.rename(Slot::Rebuilt.name(), Slot::Served.name()))?;
        let rebuilt = self.open.remove(&Slot::Rebuilt);
        self.open.remove(&Slot::Served).into_iter().for_each(Snapshot::remove);
        self.open.extend(rebuilt.map(|rebuilt| (Slot::Served, rebuilt)));
        self.derived.sweep();
        Ok(())
    }

    fn note(&mut self, change: impl FnOnce(&mut Derived) -> Result<(), WriteError>) -> Result<(), WriteError> {
        let changed = change(&mut self.derived);
        self.failed |= changed.is_err();
        self.derived.sweep();
        changed
    }

    /// What a book's snapshot takes on disk, in bytes.
    #[must_use]
    pub fn disk_bytes(&self, slot: Slot) -> u64 {
        self.derived.disk_bytes(slot.name())
    }
}
