use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::{
    Batch, FrameHead, OpenError, WriteError,
    error::at,
    frame::{self, Frame, HEAD_LEN},
};

/// The version of the journal's form.
pub(crate) const VERSION: u32 = 1;
const HEADER_MAGIC: &[u8; 12] = b"handover-log";
const HEADER_LEN: u64 = 16;

/// The redo journal: one file of frames, appended to by one thread.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    next_number: u64,
}

/// A journal that's being read at opening.
pub(crate) struct Reading {
    path: PathBuf,
    reader: BufReader<File>,
    offset: u64,
    len: u64,
    next_number: u64,
    next_position: u64,
    torn: u64,
}

impl Reading {
    /// Opens the journal, or makes an empty one and syncs it and its folder.
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("journal");
        if !path.exists() {
            create(dir, &path).map_err(at(&path))?;
        }
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(at(&path))?;
        let len = file.metadata().map_err(at(&path))?.len();
        let mut header = [0; HEADER_LEN as usize];
        let whole = file.read_exact(&mut header).is_ok();
        if !whole || header[..12] != *HEADER_MAGIC || header[12..] != VERSION.to_be_bytes() {
            return Err(OpenError::Format { path });
        }
        Ok(Self { path, reader: BufReader::with_capacity(1 << 18, file), offset: HEADER_LEN, len, next_number: 0, next_position: 0, torn: 0 })
    }

    /// The next frame; `None` at the end. A torn end counts as the end, damage before it is an error.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, OpenError> {
        if self.offset == self.len || self.torn > 0 {
            return Ok(None);
        }
        let bytes = self.read_frame().map_err(at(&self.path))?;
        let found = bytes.as_deref().and_then(frame::decode).filter(|frame| frame.number == self.next_number);
        let Some(frame) = found else {
            if self.has_frame_after().map_err(at(&self.path))? {
                return Err(OpenError::JournalDamaged { path: self.path.clone(), offset: self.offset, position: self.next_position });
            }
            self.torn = self.len - self.offset;
            return Ok(None);
        };
        self.offset += bytes.map_or(0, |bytes| bytes.len() as u64);
        self.next_number += 1;
        self.next_position = frame.head.size;
        Ok(Some(frame))
    }

    /// Begins again at the first frame.
    pub(crate) fn rewind(&mut self) -> Result<(), OpenError> {
        self.reader.seek(SeekFrom::Start(HEADER_LEN)).map_err(at(&self.path))?;
        self.offset = HEADER_LEN;
        self.next_number = 0;
        self.next_position = 0;
        Ok(())
    }

    /// How many bytes at the end are no whole frame: a write that was never acknowledged.
    pub(crate) const fn torn(&self) -> u64 {
        self.torn
    }

    pub(crate) const fn frames(&self) -> u64 {
        self.next_number
    }

    pub(crate) const fn next_position(&self) -> u64 {
        self.next_position
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts off the torn end and gives the journal to append to.
    pub(crate) fn finish(self) -> Result<Journal, OpenError> {
        let mut file = self.reader.into_inner();
        if self.torn > 0 {
            file.set_len(self.offset).and_then(|()| file.sync_all()).map_err(at(&self.path))?;
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(at(&self.path))?;
        Ok(Journal { file, next_number: self.next_number })
    }

    fn read_frame(&mut self) -> io::Result<Option<Vec<u8>>> {
        let left = self.len - self.offset;
        let mut head = [0; HEAD_LEN];
        if left < HEAD_LEN as u64 {
            return Ok(None);
        }
        self.reader.read_exact(&mut head)?;
        let Some(len) = frame::whole_len(&head).filter(|&len| len as u64 <= left) else {
            return Ok(None);
        };
        let mut bytes = vec![0; len];
        bytes[..HEAD_LEN].copy_from_slice(&head);
        self.reader.read_exact(&mut bytes[HEAD_LEN..])?;
        Ok(Some(bytes))
    }

    /// Whether a whole frame stands anywhere after the bad one: then the bad one was synced once, and it's damage.
    fn has_frame_after(&mut self) -> io::Result<bool> {
        self.reader.seek(SeekFrom::Start(self.offset))?;
        let mut rest = Vec::new();
        self.reader.by_ref().take(2 * (frame::MAX_BATCH as u64 + HEAD_LEN as u64)).read_to_end(&mut rest)?;
        let whole_frame_at = |start: usize| {
            let head = rest[start..].first_chunk::<HEAD_LEN>()?;
            let bytes = rest.get(start..start + frame::whole_len(head)?)?;
            frame::decode(bytes).filter(|frame| frame.number > self.next_number)
        };
        Ok(rest.windows(4).enumerate().skip(1).any(|(start, magic)| magic == frame::MAGIC && whole_frame_at(start).is_some()))
    }
}

impl Journal {
    /// Appends a frame; it's on disk when this returns.
    pub(crate) fn append(&mut self, head: &FrameHead, batch: &Batch) -> Result<u64, WriteError> {
        let bytes = frame::encode(self.next_number, head, batch).ok_or(WriteError::TooLarge(batch.as_bytes().len()))?;
        self.file.write_all(&bytes).and_then(|()| self.file.sync_data()).map_err(WriteError::Journal)?;
        let number = self.next_number;
        self.next_number += 1;
        Ok(number)
    }
}

/// Under another name first, so that a journal with half a header never exists.
fn create(dir: &Path, path: &Path) -> io::Result<()> {
    let unfinished = dir.join("journal.new");
    let mut file = File::create(&unfinished)?;
    file.write_all(HEADER_MAGIC)?;
    file.write_all(&VERSION.to_be_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    File::open(dir)?.sync_all()
}
