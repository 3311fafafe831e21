use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::{ReadError, batch::Write};

/// sled's page cache, in bytes: the working set of a commit and of a page of reads, so that the whole server stays small.
const CACHE: u64 = 8 << 20;
/// sled's segments, in bytes. A page over a quarter of it would go to `blobs/`, which sled never syncs; with values of at most [`MAX_INLINE`] no page does.
const SEGMENT: usize = 1 << 19;
/// The largest value that goes into sled in one piece; a larger one is cut into parts of this size.
const MAX_INLINE: usize = 60 << 10;

/// The number of the last frame that sled has, plus one.
const MARKER: &[u8] = b"m";
const KEY: u8 = b'k';
const PART: u8 = b'p';
const WHOLE: u8 = 0;
const PARTS: u8 = 1;

/// sled, holding what the journal's frames wrote.
#[derive(Debug)]
pub(crate) struct Volume {
    db: sled::Db,
    dir: PathBuf,
    /// sled's `flush` ends with `sync_file_range`, which neither writes metadata nor empties the device's cache; this handle is for `fdatasync`.
    data: File,
}

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Reads what sled holds; cheap to clone.
#[derive(Clone, Debug)]
pub struct StoreReader {
    tree: sled::Tree,
}

impl Volume {
    pub(crate) fn open(dir: &Path) -> Result<Self, String> {
        let fresh = !dir.exists();
        let db = guarded(|| sled::Config::new().path(dir).cache_capacity(CACHE).segment_size(SEGMENT).flush_every_ms(None).open())?;
        let synced = || -> io::Result<File> {
            if fresh {
                File::open(dir.join("conf"))?.sync_all()?;
                File::open(dir)?.sync_all()?;
                dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
            }
            File::open(dir.join("db"))
        };
        let data = synced().map_err(|error| error.to_string())?;
        Ok(Self { db, dir: dir.to_owned(), data })
    }

    /// How many frames it has.
    pub(crate) fn applied(&self) -> Result<u64, ReadError> {
        let marker = read(|| self.db.get(MARKER))?;
        marker.map_or(Ok(0), |bytes| {
            let bytes: [u8; 8] = bytes.as_ref().try_into().map_err(|_| ReadError::Damaged("the marker has a wrong length".to_owned()))?;
            Ok(u64::from_be_bytes(bytes))
        })
    }

    /// One atomic batch in one tree, with the marker.
    pub(crate) fn apply<'a>(&self, frame: u64, writes: impl Iterator<Item = Write<'a>>) -> Result<(), String> {
        let mut batch = sled::Batch::default();
        for write in writes {
            match write {
                Write::Insert(key, value) | Write::Put(key, value) => put(&mut batch, key, value),
                Write::Remove(key) => batch.remove(prefixed(key)),
            }
        }
        batch.insert(MARKER, (frame + 1).to_be_bytes().as_slice());
        guarded(|| self.db.apply_batch(batch))
    }

    pub(crate) fn sync(&self) -> Result<(), String> {
        guarded(|| self.db.flush())?;
        self.data.sync_data().map_err(|error| format!("{}: {error}", self.dir.join("db").display()))
    }

    pub(crate) fn reader(&self) -> StoreReader {
        StoreReader { tree: (*self.db).clone() }
    }
}

impl StoreReader {
    /// The value of a key.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where sled can't read it.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        read(|| self.tree.get(prefixed(key)))?.map(|stored| self.whole(key, &stored)).transpose()
    }

    /// Up to `limit` keys with their values, ascending, from `from` up to and without `to`.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where sled can't read one.
    pub fn range(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, ReadError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let found = read(|| self.tree.range(prefixed(from)..prefixed(to)).take(limit).collect::<sled::Result<Vec<_>>>())?;
        found
            .into_iter()
            .map(|(key, stored)| {
                let key = key[1..].to_vec();
                let value = self.whole(&key, &stored)?;
                Ok((key, value))
            })
            .collect()
    }

    /// The last key below `to` and at least `from`, with its value.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where sled can't read it.
    pub fn last(&self, from: &[u8], to: &[u8]) -> Result<Option<Entry>, ReadError> {
        let found = read(|| self.tree.range(prefixed(from)..prefixed(to)).next_back().transpose())?;
        found
            .map(|(key, stored)| {
                let key = key[1..].to_vec();
                let value = self.whole(&key, &stored)?;
                Ok((key, value))
            })
            .transpose()
    }

    fn whole(&self, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, ReadError> {
        let damaged = || ReadError::Damaged("a value isn't of its form".to_owned());
        match stored.split_first() {
            Some((&WHOLE, value)) => Ok(value.to_vec()),
            Some((&PARTS, count)) => {
                let count = u32::from_be_bytes(count.try_into().map_err(|_| damaged())?);
                let mut value = Vec::new();
                for part in 0..count {
                    value.extend_from_slice(&read(|| self.tree.get(part_key(key, part)))?.ok_or_else(damaged)?);
                }
                Ok(value)
            }
            _ => Err(damaged()),
        }
    }
}

fn put(batch: &mut sled::Batch, key: &[u8], value: &[u8]) {
    if value.len() <= MAX_INLINE {
        let mut stored = Vec::with_capacity(1 + value.len());
        stored.push(WHOLE);
        stored.extend_from_slice(value);
        return batch.insert(prefixed(key), stored);
    }
    let mut count = 0_u32;
    for part in value.chunks(MAX_INLINE) {
        batch.insert(part_key(key, count), part);
        count += 1;
    }
    let mut stored = vec![PARTS];
    stored.extend_from_slice(&count.to_be_bytes());
    batch.insert(prefixed(key), stored);
}

fn prefixed(key: &[u8]) -> Vec<u8> {
    let mut prefixed = Vec::with_capacity(1 + key.len());
    prefixed.push(KEY);
    prefixed.extend_from_slice(key);
    prefixed
}

fn part_key(key: &[u8], part: u32) -> Vec<u8> {
    let mut name = vec![PART];
    name.extend_from_slice(key);
    name.extend_from_slice(&part.to_be_bytes());
    name
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
