use std::path::PathBuf;

use announcement::Digest;
use durable::Folder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{BackupError, Ledger, checked};

const NAME: &str = "last-verified-backup";

/// The backup that was restored and verified last. What it holds may go from the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedBackup {
    /// Where it was.
    pub dir: PathBuf,
    /// How many records it has.
    pub size: u64,
    /// Their root.
    pub root: Digest,
    /// In which epoch the ledger was.
    pub epoch: u64,
    /// Up to where it has read the stream: a ledger that's restored from it goes on there.
    pub stream_sequence: u64,
    /// When it was verified.
    pub verified: Timestamp,
}

/// Why a backup isn't noted as verified. The note is the one that it was.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// It's another ledger's.
    #[error("the backup has {size} records with root {root}, which this ledger doesn't have: it's a backup of another one")]
    Other {
        /// Its size.
        size: u64,
        /// Its root.
        root: Digest,
    },
    /// It has read more of the stream than the ledger.
    #[error("the backup has read the stream of epoch {epoch} up to message {stream_sequence}, and this ledger hasn't")]
    Ahead {
        /// Its epoch.
        epoch: u64,
        /// Its place in the stream.
        stream_sequence: u64,
    },
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] crate::ReadError),
    /// The folder can't be written.
    #[error(transparent)]
    Write(#[from] durable::OpenError),
}

impl Ledger {
    /// Notes that a backup of this ledger was restored and verified; it's on disk when this returns. A backup doesn't have the note. Blocks.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub fn note_verified(&self, verified: &VerifiedBackup) -> Result<(), NoteError> {
        let (head, &VerifiedBackup { size, root, epoch, stream_sequence, .. }) = (self.head(), verified);
        if self.reader().root_at(size)? != Some(root) {
            return Err(NoteError::Other { size, root });
        }
        if (epoch, stream_sequence) > (head.epoch, head.stream_sequence) {
            return Err(NoteError::Ahead { epoch, stream_sequence });
        }
        Ok(self.folder().put_note(NAME, &checked::to_bytes(verified))?)
    }

    /// The backup that was verified last; `None` where none was, or the note is damaged.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn verified_backup(&self) -> Result<Option<VerifiedBackup>, BackupError> {
        noted(self.folder())
    }
}

/// What is noted in a ledger's folder.
pub(crate) fn noted(folder: &Folder) -> Result<Option<VerifiedBackup>, BackupError> {
    checked::noted(folder, NAME)
}
