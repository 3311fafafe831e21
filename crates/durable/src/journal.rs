use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

use crate::{
    FrameHead, OpenError, WriteError,
    error::at,
    frame::{self, Frame, HEAD_LEN},
};

/// The version of the journal's form.
pub(crate) const VERSION: u32 = 2;
const HEADER_MAGIC: &[u8; 12] = b"handover-log";
const HEADER_LEN: u64 = 16;
/// How far the file reaches beyond what is written, in bytes, all of them zero: a write that doesn't change its length needs one write of the disk less to be synced.
const ROOM: u64 = 1 << 20;

/// The redo journal of one volume: a file of frames, appended to by one thread.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Where the last frame ends.
    end: u64,
    /// The file's length.
    len: u64,
    next_number: u64,
    /// A write failed: what the file's end is isn't known.
    poisoned: bool,
}

/// A journal that's being read.
#[derive(Debug)]
pub struct JournalReader {
    path: PathBuf,
    reader: BufReader<File>,
    offset: u64,
    len: u64,
    next_number: u64,
    next_position: u64,
    ended: bool,
    torn: u64,
}

impl JournalReader {
    pub(crate) fn open(path: &Path, first_position: u64) -> Result<Self, OpenError> {
        let mut file = File::open(path).map_err(at(path))?;
        let len = file.metadata().map_err(at(path))?.len();
        let mut header = [0; HEADER_LEN as usize];
        let whole = file.read_exact(&mut header).is_ok();
        if !whole || header[..12] != *HEADER_MAGIC || header[12..] != VERSION.to_be_bytes() {
            return Err(OpenError::Format { path: path.to_owned() });
        }
        let reader = BufReader::with_capacity(1 << 18, file);
        Ok(Self { path: path.to_owned(), reader, offset: HEADER_LEN, len, next_number: 0, next_position: first_position, ended: false, torn: 0 })
    }

    /// The next frame; `None` at the end, after which there's nothing or only zeros. A torn end counts as the end.
    ///
    /// # Errors
    /// [`OpenError::JournalDamaged`] where a frame before the last one isn't what was written.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, OpenError> {
        if self.offset == self.len || self.ended {
            return Ok(None);
        }
        let bytes = self.read_frame().map_err(at(&self.path))?;
        let len = bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let found = bytes.and_then(frame::decode).filter(|frame| frame.number == self.next_number && frame.head.first_position == self.next_position);
        let Some(frame) = found else {
            let rest = self.rest().map_err(at(&self.path))?;
            if self.has_frame(&rest) {
                return Err(self.damaged());
            }
            self.torn = rest.iter().rposition(|&byte| byte != 0).map_or(0, |last| last as u64 + 1);
            self.ended = true;
            return Ok(None);
        };
        self.offset += len;
        self.next_number += 1;
        self.next_position = frame.head.size;
        Ok(Some(frame))
    }

    /// The first frame, wherever it begins.
    pub(crate) fn first_frame(mut self) -> Result<Option<Frame>, OpenError> {
        Ok(self.read_frame().map_err(at(&self.path))?.and_then(frame::decode))
    }

    /// Begins again at the first frame.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn rewind(&mut self, first_position: u64) -> Result<(), OpenError> {
        self.reader.seek(SeekFrom::Start(HEADER_LEN)).map_err(at(&self.path))?;
        (self.offset, self.next_number, self.next_position) = (HEADER_LEN, 0, first_position);
        (self.ended, self.torn) = (false, 0);
        Ok(())
    }

    /// Brings what is in the journal to disk: a process that was killed may have written more than it came to sync.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn sync(&self) -> Result<(), OpenError> {
        self.reader.get_ref().sync_all().map_err(at(&self.path))
    }

    /// Where the last frame that was read ends.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The file, to read at any place.
    pub(crate) fn file(&self) -> Result<File, OpenError> {
        File::open(&self.path).map_err(at(&self.path))
    }

    /// How many bytes at the end are no whole frame: a write that was never acknowledged.
    #[must_use]
    pub const fn torn(&self) -> u64 {
        self.torn
    }

    /// How many frames were read.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.next_number
    }

    /// That the journal ends though `expected` frames of it were written.
    #[must_use]
    pub fn short(&self, expected: u64) -> OpenError {
        OpenError::JournalShort { path: self.path.clone(), frames: self.next_number, expected, position: self.next_position }
    }

    /// That the frame that comes next isn't what was written.
    #[must_use]
    pub fn damaged(&self) -> OpenError {
        OpenError::JournalDamaged { path: self.path.clone(), offset: self.offset, position: self.next_position }
    }

    /// Cuts off the torn end and gives the journal to append to, synced: what was read is on disk.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn finish(self) -> Result<Journal, OpenError> {
        let mut file = OpenOptions::new().write(true).open(&self.path).map_err(at(&self.path))?;
        if self.torn > 0 {
            tracing::warn!(bytes = self.torn, "the journal ended in a write that was never acknowledged; it was cut off");
        }
        file.set_len(self.offset).map_err(at(&self.path))?;
        file.sync_all().map_err(at(&self.path))?;
        file.seek(SeekFrom::Start(self.offset)).map_err(at(&self.path))?;
        Ok(Journal { file, end: self.offset, len: self.offset, next_number: self.next_number, poisoned: false })
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

    /// What comes after the last good frame, as far as a frame may have been written.
    fn rest(&mut self) -> io::Result<Vec<u8>> {
        self.reader.seek(SeekFrom::Start(self.offset))?;
        let mut rest = Vec::new();
        self.reader.by_ref().take(2 * (frame::MAX_PAYLOAD as u64 + HEAD_LEN as u64)).read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// Whether a whole frame stands anywhere after the bad one: then the bad one was synced once, and it's damage.
    fn has_frame(&self, rest: &[u8]) -> bool {
        let whole_frame_at = |start: usize| {
            let head = rest[start..].first_chunk::<HEAD_LEN>()?;
            let bytes = rest.get(start..start + frame::whole_len(head)?)?;
            frame::decode(bytes.to_vec()).filter(|frame| frame.number > self.next_number)
        };
        rest.windows(4).enumerate().skip(1).any(|(start, magic)| magic == frame::MAGIC && whole_frame_at(start).is_some())
    }
}

impl Journal {
    /// A journal that begins with these frames, on disk with its name when this returns. It has another name first, so that half a beginning is never found.
    pub(crate) fn create(path: &Path, frames: &[(FrameHead, Vec<u8>)]) -> Result<Self, WriteError> {
        let mut journal = Self::begin(path)?;
        for (head, payload) in frames {
            journal.write(head, payload)?;
        }
        journal.name(path)?;
        Ok(journal)
    }

    /// Puts another journal in the place of one, of the same frames with the payloads that `each` makes of theirs, if it can; it's on disk when this returns.
    pub(crate) fn rewrite(path: &Path, mut reader: JournalReader, mut each: impl FnMut(&Frame) -> Option<Vec<u8>>) -> Result<(), OpenError> {
        let written = |error: WriteError| at(path)(io::Error::other(error));
        let mut journal = Self::begin(path).map_err(written)?;
        while let Some(frame) = reader.next_frame()? {
            let payload = each(&frame).ok_or_else(|| reader.damaged())?;
            journal.write(&frame.head, &payload).map_err(written)?;
        }
        journal.name(path).map_err(written)
    }

    fn begin(path: &Path) -> Result<Self, WriteError> {
        let created = || -> io::Result<File> {
            let mut file = File::create(path.with_extension("new"))?;
            file.write_all(HEADER_MAGIC)?;
            file.write_all(&VERSION.to_be_bytes())?;
            Ok(file)
        };
        let file = created().map_err(WriteError::Journal)?;
        Ok(Self { file, end: HEADER_LEN, len: HEADER_LEN, next_number: 0, poisoned: false })
    }

    fn name(&self, path: &Path) -> Result<(), WriteError> {
        let named = || -> io::Result<()> {
            self.file.sync_all()?;
            std::fs::rename(path.with_extension("new"), path)?;
            File::open(path.parent().unwrap_or(Path::new("")))?.sync_all()
        };
        named().map_err(WriteError::Journal)
    }

    /// Where the last frame ends.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    /// How many frames there are.
    pub(crate) const fn frames(&self) -> u64 {
        self.next_number
    }

    /// Has the file system set aside room for so many bytes more; where it can't set any aside they are written on trust.
    ///
    /// # Errors
    /// There is no room. Nothing was written, and the journal goes on.
    pub(crate) fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let to = self.end + bytes;
        if to <= self.len {
            return Ok(());
        }
        let allocate = |to: u64| fallocate(&self.file, FallocateFlags::empty(), self.end, to - self.end).map(|()| to);
        match allocate(to + ROOM).or_else(|_| allocate(to)) {
            Ok(len) => self.len = len,
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Appends a frame; it's on disk when this returns. Gives how long its sync took.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`] writes nothing. After any other the journal takes no more frames.
    pub fn append(&mut self, head: &FrameHead, payload: &[u8]) -> Result<Duration, WriteError> {
        if self.poisoned {
            return Err(WriteError::Poisoned);
        }
        self.write(head, payload)?;
        let begun = Instant::now();
        let synced = self.file.sync_data().map_err(WriteError::Journal);
        self.poisoned = synced.is_err();
        synced.map(|()| begun.elapsed())
    }

    fn write(&mut self, head: &FrameHead, payload: &[u8]) -> Result<(), WriteError> {
        let before = frame::before(self.next_number, head, payload).ok_or(WriteError::TooLarge(payload.len()))?;
        let end = self.end + (HEAD_LEN + payload.len()) as u64;
        let mut write = || {
            if end > self.len {
                self.file.set_len(end + ROOM)?;
                self.len = end + ROOM;
            }
            self.file.write_all(&before)?;
            self.file.write_all(payload)
        };
        let written = write().map_err(WriteError::Journal);
        self.poisoned = written.is_err();
        self.end = end;
        self.next_number += 1;
        written
    }
}

impl Drop for Journal {
    /// Nothing depends on it: where it fails, zeros stay.
    fn drop(&mut self) {
        if !self.poisoned {
            let _ = self.file.set_len(self.end);
        }
    }
}
