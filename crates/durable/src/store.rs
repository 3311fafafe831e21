use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    Batch, FrameHead, OpenError, ReadError, StoreReader, WriteError,
    batch::Write,
    error::at,
    frame::Frame,
    journal::{Journal, Reading},
    lock::Lock,
    volume::Volume,
};

/// How long sled may lag behind the disk. The journal holds what it would lose.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// A journal and the sled behind it: the one owner of both.
#[derive(Debug)]
pub struct Store {
    journal: Journal,
    volume: Volume,
    /// The number of the frame that was appended and isn't applied yet.
    pending: Option<u64>,
    /// When the first write was applied that sled hasn't synced.
    unsynced_since: Option<Instant>,
    poisoned: bool,
    _lock: Lock,
}

/// What was found at opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The last frame of the journal.
    pub last: Option<FrameHead>,
    /// How many frames the journal has.
    pub frames: u64,
    /// How many of them sled didn't have.
    pub replayed: u64,
    /// Why sled was set aside and rebuilt from the journal, if it was.
    pub rebuilt: Option<String>,
    /// How many bytes of a write that was never acknowledged were cut off the journal.
    pub truncated_bytes: u64,
}

impl Store {
    /// Opens a folder, or makes it. sled is compared with the journal, brought up to it, or set aside and rebuilt from it.
    ///
    /// # Errors
    /// See [`OpenError`]; the journal is left as it was.
    pub fn open(dir: &Path) -> Result<(Self, Opened), OpenError> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let lock = Lock::take(dir)?;
        let (sled, journal) = (dir.join("sled"), dir.join("journal"));
        if sled.exists() && !journal.exists() {
            return Err(OpenError::JournalMissing { journal, sled });
        }
        let mut reading = Reading::open(dir)?;
        let mut rebuilt = None;
        let (volume, caught) = match open_and_catch_up(&sled, &mut reading)? {
            Ok(done) => done,
            Err(reason) => {
                set_aside(&sled)?;
                tracing::warn!(reason, "sled was set aside and is rebuilt from the journal");
                rebuilt = Some(reason);
                reading.rewind()?;
                open_and_catch_up(&sled, &mut reading)?.map_err(|reason| OpenError::Sled { dir: sled.clone(), reason })?
            }
        };
        let opened = Opened { last: caught.last, frames: reading.frames(), replayed: caught.replayed, rebuilt, truncated_bytes: reading.torn() };
        if opened.truncated_bytes > 0 {
            tracing::warn!(bytes = opened.truncated_bytes, "the journal ended in a write that was never acknowledged; it was cut off");
        }
        if opened.replayed > 0 && opened.rebuilt.is_none() {
            tracing::info!(frames = opened.replayed, "sled was brought up to the journal");
        }
        let journal = reading.finish()?;
        let mut store = Self { journal, volume, pending: None, unsynced_since: None, poisoned: false, _lock: lock };
        store.sync().map_err(|error| OpenError::Sled { dir: sled, reason: error.to_string() })?;
        Ok((store, opened))
    }

    /// Appends one frame to the journal; it's on disk when this returns. sled, and so a reader, doesn't have it yet: [`apply`](Self::apply) is next.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`] writes nothing. After any other the store takes no more writes.
    pub fn append(&mut self, head: &FrameHead, batch: &Batch) -> Result<(), WriteError> {
        self.usable()?;
        assert!(self.pending.is_none(), "a frame is applied before the next is appended");
        let appended = self.journal.append(head, batch);
        self.poisoned = matches!(appended, Err(WriteError::Journal(_)));
        self.pending = Some(appended?);
        Ok(())
    }

    /// Gives sled what was appended, as one atomic step.
    ///
    /// # Errors
    /// The batch stays durable in the journal; the store takes no more writes.
    pub fn apply(&mut self, batch: &Batch) -> Result<(), WriteError> {
        self.usable()?;
        let number = self.pending.take().expect("a frame is appended before it is applied");
        self.volume.apply(number, Batch::writes(batch.as_bytes())).map_err(|reason| self.poison(reason))?;
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// When sled is to be synced next; `None` while there is nothing to sync.
    #[must_use]
    pub fn sync_due(&self) -> Option<Instant> {
        self.unsynced_since.filter(|_| !self.poisoned).map(|since| since + SYNC_EVERY)
    }

    /// Flushes sled and syncs its file.
    ///
    /// # Errors
    /// The store takes no more writes; what was appended is in the journal.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.usable()?;
        self.volume.sync().map_err(|reason| self.poison(reason))?;
        self.unsynced_since = None;
        Ok(())
    }

    /// Reads what was applied.
    #[must_use]
    pub fn reader(&self) -> StoreReader {
        self.volume.reader()
    }

    fn usable(&self) -> Result<(), WriteError> {
        if self.poisoned { Err(WriteError::Poisoned) } else { Ok(()) }
    }

    fn poison(&mut self, reason: String) -> WriteError {
        self.poisoned = true;
        WriteError::Sled(reason)
    }
}

struct CaughtUp {
    last: Option<FrameHead>,
    replayed: u64,
}

type Attempt<T> = Result<T, String>;

/// The outer error ends the opening; the inner one says why sled has to be rebuilt.
fn open_and_catch_up(sled: &Path, reading: &mut Reading) -> Result<Attempt<(Volume, CaughtUp)>, OpenError> {
    let volume = match Volume::open(sled) {
        Ok(volume) => volume,
        Err(reason) if remove_snapshots(sled)? => match Volume::open(sled) {
            Ok(volume) => {
                tracing::warn!(reason, "a torn snapshot of sled was removed");
                volume
            }
            Err(reason) => return Ok(Err(reason)),
        },
        Err(reason) => return Ok(Err(reason)),
    };
    let caught = catch_up(&volume, reading)?;
    Ok(match caught {
        Ok(caught) => Ok((volume, caught)),
        Err(reason) => {
            // Closing a damaged sled may panic as well, and there is nothing in it that the journal lacks.
            let _ = catch_unwind(AssertUnwindSafe(move || drop(volume)));
            Err(reason)
        }
    })
}

fn catch_up(volume: &Volume, reading: &mut Reading) -> Result<Attempt<CaughtUp>, OpenError> {
    let applied = match volume.applied() {
        Ok(applied) => applied,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let reader = volume.reader();
    let mut caught = CaughtUp { last: None, replayed: 0 };
    let mut mutable = BTreeMap::new();
    while let Some(frame) = reading.next()? {
        caught.last = Some(frame.head);
        let step = if frame.number < applied {
            compare(&reader, &frame, &mut mutable)
        } else {
            caught.replayed += 1;
            compare_mutable(&reader, &mut mutable).and_then(|()| volume.apply(frame.number, Batch::writes(&frame.batch)))
        };
        if let Err(reason) = step {
            return Ok(Err(reason));
        }
    }
    if applied > reading.frames() {
        let position = reading.next_position();
        return Err(OpenError::JournalShort { path: reading.path().to_owned(), frames: reading.frames(), applied, position });
    }
    Ok(compare_mutable(&reader, &mut mutable).map(|()| caught))
}

/// Compares what is written once, and notes the last value of what is written again.
fn compare(reader: &StoreReader, frame: &Frame, mutable: &mut BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Attempt<()> {
    for write in Batch::writes(&frame.batch) {
        match write {
            Write::Insert(key, value) => same(reader, key, Some(value))?,
            Write::Put(key, value) => drop(mutable.insert(key.to_vec(), Some(value.to_vec()))),
            Write::Remove(key) => drop(mutable.insert(key.to_vec(), None)),
        }
    }
    Ok(())
}

fn compare_mutable(reader: &StoreReader, mutable: &mut BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Attempt<()> {
    while let Some((key, value)) = mutable.pop_first() {
        same(reader, &key, value.as_deref())?;
    }
    Ok(())
}

fn same(reader: &StoreReader, key: &[u8], expected: Option<&[u8]>) -> Attempt<()> {
    let found = reader.get(key).map_err(|ReadError::Damaged(reason)| reason)?;
    if found.as_deref() == expected { Ok(()) } else { Err("it differs from the journal".to_owned()) }
}

/// A kill while sled opens can leave a torn snapshot, which keeps it from opening again; sled makes it anew from its log.
fn remove_snapshots(sled: &Path) -> Result<bool, OpenError> {
    let mut removed = false;
    for entry in fs::read_dir(sled).map_err(at(sled))? {
        let path = entry.map_err(at(sled))?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap.")) {
            fs::remove_file(&path).map_err(at(&path))?;
            removed = true;
        }
    }
    Ok(removed)
}

fn set_aside(sled: &Path) -> Result<(), OpenError> {
    let aside = (1_u32..).map(|n| PathBuf::from(format!("{}.damaged-{n}", sled.display()))).find(|path| !path.exists()).expect("fewer than 4 billion");
    fs::rename(sled, &aside).map_err(at(sled))
}
