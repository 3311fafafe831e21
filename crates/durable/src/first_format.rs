//! Reads what the first version of the layout wrote: one journal of frames, whose batches name sled's keys.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{FrameHead, OpenError, error::at, lock::Lock};

/// A folder of the first format, held for one process.
#[derive(Debug)]
pub struct FirstFormat {
    dir: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    position: u64,
    _lock: Lock,
}

/// One write of such a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWrite<'a> {
    /// A key is written.
    Put(&'a [u8], &'a [u8]),
    /// A key goes.
    Remove(&'a [u8]),
}

const HEADER: &[u8] = b"handover-log\0\0\0\x01";
const MAGIC: &[u8; 4] = b"HjF1";
const HEAD: usize = 76;

impl FirstFormat {
    /// Reads a folder of the first format.
    ///
    /// # Errors
    /// [`OpenError::Format`] where it isn't one, [`OpenError::Locked`], [`OpenError::Io`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let lock = Lock::take(dir)?;
        let path = dir.join("journal");
        let bytes = fs::read(&path).map_err(at(&path))?;
        if !bytes.starts_with(HEADER) {
            return Err(OpenError::Format { path });
        }
        Ok(Self { dir: dir.to_owned(), bytes, at: HEADER.len(), position: 0, _lock: lock })
    }

    /// The next frame: its head, and its batch for [`writes`](Self::writes). A torn end counts as the end.
    ///
    /// # Errors
    /// [`OpenError::JournalDamaged`] where a frame before the last one isn't what was written.
    pub fn next_frame(&mut self) -> Result<Option<(FrameHead, Vec<u8>)>, OpenError> {
        let rest = &self.bytes[self.at..];
        let Some((head, batch)) = frame(rest) else {
            let later = rest.windows(MAGIC.len()).enumerate().skip(1).any(|(start, magic)| magic == MAGIC && frame(&rest[start..]).is_some());
            if later {
                return Err(OpenError::JournalDamaged { path: self.dir.join("journal"), offset: self.at as u64, position: self.position });
            }
            return Ok(None);
        };
        let batch = batch.to_vec();
        self.at += HEAD + batch.len();
        self.position = head.size;
        Ok(Some((head, batch)))
    }

    /// The writes of a frame's batch.
    pub fn writes(batch: &[u8]) -> impl Iterator<Item = FirstWrite<'_>> {
        let mut rest = batch;
        std::iter::from_fn(move || {
            let (head, after) = rest.split_at_checked(7)?;
            let key_len = usize::from(u16::from_be_bytes([head[1], head[2]]));
            let value_len = usize::try_from(u32::from_be_bytes([head[3], head[4], head[5], head[6]])).ok()?;
            let (key, after) = after.split_at_checked(key_len)?;
            let (value, after) = after.split_at_checked(value_len)?;
            rest = after;
            Some(if head[0] == 2 { FirstWrite::Remove(key) } else { FirstWrite::Put(key, value) })
        })
    }

    /// Puts what the first format wrote aside, once the same records stand in another folder, which takes its place.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn replace_with(self, migrated: &Path) -> Result<PathBuf, OpenError> {
        let aside = self.dir.with_extension("first-format");
        fs::rename(&self.dir, &aside).map_err(at(&self.dir))?;
        fs::rename(migrated, &self.dir).map_err(at(migrated))?;
        let parent = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(at(parent))?;
        Ok(aside)
    }
}

fn frame(bytes: &[u8]) -> Option<(FrameHead, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let u32_at = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) << 32 | u64::from(u32_at(at + 4));
    let batch = rest.get(..usize::try_from(u32_at(4)).ok()?)?;
    let crc = crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&head[4..8]), &head[12..]), batch);
    if head[..4] != *MAGIC || crc != u32_at(8) {
        return None;
    }
    let root = head[44..].try_into().expect("32 bytes");
    Some((FrameHead { first_position: u64_at(20), stream_sequence: u64_at(28), size: u64_at(36), root }, batch))
}
