use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    ReadError, WriteError,
    batch::{Batch, PARTS, WHOLE, part_key, prefixed},
};

/// sled's page cache, in bytes: the working set of a commit and of a page of reads, so that the whole server stays small.
const CACHE: u64 = 8 << 20;
/// sled's segments, in bytes. A page over a quarter of it would go to `blobs/`, which sled never syncs; with the values of a [`Batch`] no page does.
const SEGMENT: usize = 1 << 19;

/// How long closing a sled may take.
const CLOSING: Duration = Duration::from_secs(10);
/// How long is waited before another look.
const CLOSING_STEP: Duration = Duration::from_millis(2);

/// One sled: atomic batches in one tree. Closed when it's dropped.
#[derive(Debug)]
pub struct Volume {
    /// Taken when it's dropped.
    db: Option<sled::Db>,
    dir: PathBuf,
    /// sled's `flush` ends with `sync_file_range`, which neither writes metadata nor empties the device's cache; this handle is for `fdatasync`.
    data: File,
    remove: AtomicBool,
}

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

impl Volume {
    /// Opens the sled in a folder, or makes it. A torn snapshot, which a kill while sled opens leaves, is removed: sled makes it anew from its log.
    ///
    /// # Errors
    /// Why sled can't be opened, which may be a panic of its own.
    pub(crate) fn open(dir: &Path) -> Result<Self, String> {
        let fresh = !dir.exists();
        let configuration = sled::Config::new().path(dir).cache_capacity(CACHE).segment_size(SEGMENT).flush_every_ms(None);
        let db = match open(&configuration) {
            Ok(db) => db,
            Err(reason) if remove_snapshots(dir).map_err(|error| error.to_string())? => {
                let db = open(&configuration)?;
                tracing::warn!(reason, dir = %dir.display(), "a torn snapshot of sled was removed");
                db
            }
            Err(reason) => return Err(reason),
        };
        let synced = || -> io::Result<File> {
            if fresh {
                File::open(dir.join("conf"))?.sync_all()?;
                File::open(dir)?.sync_all()?;
                dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
            }
            File::open(dir.join("db"))
        };
        let data = synced().map_err(|error| error.to_string())?;
        Ok(Self { db: Some(db), dir: dir.to_owned(), data, remove: AtomicBool::new(false) })
    }

    /// Writes a batch, as one atomic step.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: the volume takes no more writes.
    pub fn apply(&self, batch: Batch) -> Result<(), WriteError> {
        guarded(|| self.tree().apply_batch(batch.writes)).map_err(WriteError::Sled)
    }

    /// Makes what was applied durable: flushes sled and syncs its file.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: the volume takes no more writes.
    pub fn sync(&self) -> Result<(), WriteError> {
        guarded(|| self.tree().flush()).map_err(WriteError::Sled)?;
        self.data.sync_data().map_err(|error| WriteError::Sled(format!("{}: {error}", self.dir.join("db").display())))
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where sled can't read it.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        read(|| self.tree().get(prefixed(key)))?.map(|stored| self.whole(key, &stored)).transpose()
    }

    /// Up to `limit` keys with their values, ascending, from `from` up to and without `to`.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where sled can't read one.
    pub fn range(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, ReadError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let found = read(|| self.tree().range(prefixed(from)..prefixed(to)).take(limit).collect::<sled::Result<Vec<_>>>())?;
        found
            .into_iter()
            .map(|(key, stored)| {
                let key = key[1..].to_vec();
                let value = self.whole(&key, &stored)?;
                Ok((key, value))
            })
            .collect()
    }

    /// Whether something went to `blobs/`, which sled never syncs.
    #[must_use]
    pub fn has_blobs(&self) -> bool {
        fs::read_dir(self.dir.join("blobs")).is_ok_and(|mut blobs| blobs.next().is_some())
    }

    /// Its folder is removed once nobody reads it any more.
    pub fn remove_when_closed(&self) {
        self.remove.store(true, Ordering::Release);
    }

    fn tree(&self) -> &sled::Db {
        self.db.as_ref().expect("it's open until it's dropped")
    }

    fn whole(&self, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, ReadError> {
        let damaged = || ReadError::Damaged("a value isn't of its form".to_owned());
        match stored {
            [WHOLE, value @ ..] => Ok(value.to_vec()),
            &[PARTS, count] => {
                let mut value = Vec::new();
                for part in 0..count {
                    value.extend_from_slice(&read(|| self.tree().get(part_key(key, part)))?.ok_or_else(damaged)?);
                }
                Ok(value)
            }
            _ => Err(damaged()),
        }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let db = self.db.take();
        // Closing a damaged sled may panic as well; what it holds is in the journal, or was synced when its volume was sealed.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(db)));
        if self.remove.load(Ordering::Acquire)
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::debug!(%error, dir = %self.dir.display(), "a folder that is no longer needed stays; it's removed at the next start");
        }
    }
}

/// A sled that was closed just now lets go of its file a moment later, on a thread of its own; who else might have it is kept away by the folder's lock.
fn open(configuration: &sled::Config) -> Result<sled::Db, String> {
    let deadline = Instant::now() + CLOSING;
    loop {
        match guarded(|| configuration.open()) {
            Err(reason) if reason.contains("could not acquire lock") && Instant::now() < deadline => thread::sleep(CLOSING_STEP),
            opened => return opened,
        }
    }
}

fn remove_snapshots(sled: &Path) -> io::Result<bool> {
    let mut removed = false;
    for entry in fs::read_dir(sled)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap.")) {
            fs::remove_file(&path)?;
            removed = true;
        }
    }
    Ok(removed)
}

fn read<T>(operation: impl FnOnce() -> sled::Result<T>) -> Result<T, ReadError> {
    guarded(operation).map_err(ReadError::Damaged)
}

/// sled panics at some damage instead of returning an error.
fn guarded<T>(operation: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("it panicked: {}", text.unwrap_or("without a word")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_opened_again_as_soon_as_it_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..40_u8 {
            let volume = Volume::open(&dir.path().join("sled")).unwrap();
            assert_eq!(volume.get(b"a").unwrap(), number.checked_sub(1).map(|before| vec![before]));
            let mut batch = Batch::new();
            batch.put(b"a", &[number]);
            volume.apply(batch).unwrap();
        }
    }

    #[test]
    fn a_large_value_that_is_replaced_leaves_nothing_of_itself() {
        let dir = tempfile::tempdir().unwrap();
        let volume = Volume::open(&dir.path().join("sled")).unwrap();
        let large: Vec<u8> = (0..90_000_u32).map(|number| number.to_be_bytes()[3]).collect();
        let mut batch = Batch::new();
        batch.put(b"a", &large);
        batch.put(b"b", b"small");
        volume.apply(batch).unwrap();
        assert_eq!(volume.get(b"a").unwrap().unwrap(), large);
        assert_eq!(volume.range(b"a", b"c", 9).unwrap(), [(b"a".to_vec(), large), (b"b".to_vec(), b"small".to_vec())]);
        for value in [Some(&b"x"[..]), None] {
            let mut batch = Batch::new();
            batch.replace(b"a", value);
            volume.apply(batch).unwrap();
            assert_eq!(volume.get(b"a").unwrap().as_deref(), value);
            assert_eq!(volume.tree().scan_prefix([b'p']).count(), 0);
        }
        assert!(!volume.has_blobs());
    }
}
