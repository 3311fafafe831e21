use std::{
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    thread,
    time::{Duration, Instant},
};

use announcement::Position;
use durable::{Folder, Volume};

use crate::{
    ReadError,
    block::{BLOCK, Decoder, Records},
    entry::MemoryIndex,
    layout,
    store::locked,
    summary::{Summary, entries_of},
};

/// How long readers may take to let go of a volume that's replaced; each has it for one look.
const LETTING_GO: Duration = Duration::from_secs(10);
/// How long is waited before another look at them.
const LETTING_GO_STEP: Duration = Duration::from_millis(1);

/// One volume, as it's read.
#[derive(Debug)]
pub(crate) enum Shelf {
    /// It's written, or waits to be sealed.
    Open(OpenShelf),
    /// It's never written again.
    Sealed(SealedShelf),
}

#[derive(Debug)]
pub(crate) struct OpenShelf {
    pub(crate) number: u64,
    pub(crate) volume: Volume,
    pub(crate) decoder: Decoder,
    /// Guards the entries of the records that the volume has or will have: the writer adds to them, readers look up.
    pub(crate) index: RwLock<MemoryIndex>,
}

#[derive(Debug)]
pub(crate) struct SealedShelf {
    pub(crate) number: u64,
    pub(crate) summary: Summary,
    folder: Arc<Folder>,
    /// Guards the volume while it's opened; closed again when others are asked for.
    opened: Mutex<Slot>,
}

/// An open volume that's kept, and the one that some reader may still have: sled can't be opened twice.
#[derive(Debug, Default)]
struct Slot {
    kept: Option<Arc<Opened>>,
    read: Weak<Opened>,
}

/// A sealed volume that's open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) volume: Volume,
    pub(crate) decoder: Decoder,
}

impl Opened {
    fn new(volume: Volume) -> Result<Self, ReadError> {
        let dictionary = volume.get(layout::DICTIONARY)?;
        Ok(Self { volume, decoder: Decoder::new(dictionary) })
    }
}

impl OpenShelf {
    /// A volume that's written, with nothing in its index.
    pub(crate) fn new(number: u64, volume: Volume) -> Result<Self, ReadError> {
        let Opened { volume, decoder } = Opened::new(volume)?;
        Ok(Self { number, volume, decoder, index: RwLock::default() })
    }
}

impl SealedShelf {
    pub(crate) fn new(number: u64, summary: Summary, folder: Arc<Folder>) -> Self {
        Self { number, summary, folder, opened: Mutex::default() }
    }

    /// The open volume; opening it takes some tens of milliseconds.
    pub(crate) fn open(&self) -> Result<Arc<Opened>, ReadError> {
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &slot.kept {
            return Ok(Arc::clone(opened));
        }
        let opened = match slot.read.upgrade() {
            Some(opened) => opened,
            None => {
                let volume = self.folder.open_sealed(self.number).map_err(|reason| ReadError::Sealed { volume: self.number, reason })?;
                Arc::new(Opened::new(volume)?)
            }
        };
        *slot = Slot { kept: Some(Arc::clone(&opened)), read: Arc::downgrade(&opened) };
        Ok(opened)
    }

    fn read<T>(&self, look: impl FnOnce(&Opened) -> Result<T, ReadError>) -> Result<T, ReadError> {
        look(&*self.open()?).map_err(|error| error.in_sealed(self.number))
    }

    /// Puts another volume of the same index in this one's place, with nobody having it open; who asks for it meanwhile waits. `None` where readers don't let go of it.
    pub(crate) fn replace<T>(&self, put: impl FnOnce() -> T) -> Option<T> {
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        slot.kept.take();
        let deadline = Instant::now() + LETTING_GO;
        while slot.read.strong_count() > 0 {
            if Instant::now() > deadline {
                return None;
            }
            thread::sleep(LETTING_GO_STEP);
        }
        Some(put())
    }

    pub(crate) fn close(&self) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).kept.take();
    }
}

impl Shelf {
    pub(crate) const fn number(&self) -> u64 {
        match self {
            Self::Open(shelf) => shelf.number,
            Self::Sealed(shelf) => shelf.number,
        }
    }

    /// The positions with a hash, newest first.
    pub(crate) fn positions(&self, hash: u64) -> Result<Vec<u64>, ReadError> {
        match self {
            Self::Open(shelf) => Ok(locked(&shelf.index).positions(hash).collect()),
            Self::Sealed(shelf) => {
                let pages = shelf.summary.pages(hash);
                if pages.is_empty() {
                    return Ok(Vec::new());
                }
                let mut positions = Vec::new();
                for number in pages {
                    let page = shelf.read(|opened| Ok(opened.volume.get(&layout::page(number as u64))?))?;
                    let entries = page.and_then(|page| entries_of(number as u64, &page)).ok_or(ReadError::Index { volume: shelf.number })?;
                    positions.extend(entries.iter().filter(|entry| entry.hash == hash).map(|entry| entry.position));
                }
                positions.reverse();
                Ok(positions)
            }
        }
    }

    /// The block of records that begins at this position.
    pub(crate) fn block(&self, first: u64) -> Result<Records, ReadError> {
        match self {
            Self::Open(shelf) => block(&shelf.volume, &shelf.decoder, first),
            Self::Sealed(shelf) => shelf.read(|opened| block(&opened.volume, &opened.decoder, first)),
        }
    }

    /// Up to `count` blocks from the one that begins at this position.
    pub(crate) fn blocks(&self, first: u64, count: usize) -> Result<Vec<Records>, ReadError> {
        match self {
            Self::Open(shelf) => blocks(&shelf.volume, &shelf.decoder, first, count),
            Self::Sealed(shelf) => shelf.read(|opened| blocks(&opened.volume, &opened.decoder, first, count)),
        }
    }
}

fn block(volume: &Volume, decoder: &Decoder, first: u64) -> Result<Records, ReadError> {
    let bytes = volume.get(&layout::block(first))?;
    let records = bytes.and_then(|bytes| decoder.decode(first, &bytes));
    records.filter(|records| records.len() as u64 == BLOCK).ok_or(ReadError::Unreadable { position: Position::new(first) })
}

/// Whole blocks that follow one another.
pub(crate) fn blocks(volume: &Volume, decoder: &Decoder, first: u64, count: usize) -> Result<Vec<Records>, ReadError> {
    let end = first + BLOCK * count as u64;
    let found = volume.range(&layout::block(first), &layout::block(end), count)?;
    let mut next = first;
    let mut blocks = Vec::with_capacity(found.len());
    for (key, bytes) in found {
        let records = decoder.decode(next, &bytes).filter(|records| layout::number(&key) == Some(next) && records.len() as u64 == BLOCK);
        blocks.push(records.ok_or(ReadError::Unreadable { position: Position::new(next) })?);
        next += BLOCK;
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use announcement::Digest;

    use super::*;
    use crate::entry::Entry;

    #[test]
    fn a_volume_that_is_closed_while_it_is_read_is_not_opened_a_second_time() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::take(dir.path()).unwrap());
        drop(folder.begin_sealed(0).unwrap());
        let summary = Summary::new(vec![Digest::of(b"a")], &[Entry { hash: 1, position: 1 }]).0;
        folder.finish_sealed(0, &summary.to_bytes(0)).unwrap();
        let shelf = SealedShelf::new(0, summary, folder);
        let reading = shelf.open().unwrap();
        shelf.close();
        assert!(Arc::ptr_eq(&reading, &shelf.open().unwrap()));
        shelf.close();
        drop(reading);
        assert_eq!(shelf.read(|opened| Ok(opened.volume.get(b"a")?)).unwrap(), None);
    }
}
