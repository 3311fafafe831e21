use std::path::Path;

use announcement::Digest;
use durable::Folder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{BackupError, Ledger, Verified, checked};

const NAME: &str = "last-verification";

/// The last time that the whole ledger was read and held against its tree, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// How many records were read.
    pub size: u64,
    /// The root that they give.
    pub root: Digest,
    /// How many parts weren't as they were recorded; 0 where the ledger was whole.
    pub damage: u64,
    /// When it was verified.
    pub verified: Timestamp,
}

impl Verification {
    /// Of what was found then.
    #[must_use]
    pub const fn of(found: &Verified, verified: Timestamp) -> Self {
        Self { size: found.size, root: found.root, damage: found.damage.len() as u64, verified }
    }
}

/// Why a verification isn't noted. The note is the one that it was.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// It's said to be whole, and it's another ledger.
    #[error("{size} records with root {root} were verified, which this ledger doesn't have: it was another one")]
    Other {
        /// Its size.
        size: u64,
        /// Its root.
        root: Digest,
    },
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] crate::ReadError),
    /// The folder is in use, or can't be written.
    #[error(transparent)]
    Write(#[from] durable::OpenError),
}

impl Ledger {
    /// Notes that this ledger was verified; it's on disk when this returns. A backup doesn't have the note. Blocks.
    ///
    /// # Errors
    /// See [`VerificationError`].
    pub fn note_verification(&self, verification: &Verification) -> Result<(), VerificationError> {
        let &Verification { size, root, damage, .. } = verification;
        // What a damaged ledger's records give is no root of its tree.
        if damage == 0 && self.reader().root_at(size)? != Some(root) {
            return Err(VerificationError::Other { size, root });
        }
        put(self.folder(), verification)
    }

    /// The last verification; `None` where there was none, or the note is damaged.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn verification(&self) -> Result<Option<Verification>, BackupError> {
        noted(self.folder())
    }
}

/// Notes in a folder that nobody has open that it was verified; it's on disk when this returns. The ledger isn't opened: what is damaged stays as it was found.
///
/// # Errors
/// [`VerificationError::Write`].
pub fn note_verification(dir: &Path, verification: &Verification) -> Result<(), VerificationError> {
    put(&Folder::take(dir)?, verification)
}

fn put(folder: &Folder, verification: &Verification) -> Result<(), VerificationError> {
    Ok(folder.put_note(NAME, &checked::to_bytes(verification))?)
}

/// What is noted in a ledger's folder.
pub(crate) fn noted(folder: &Folder) -> Result<Option<Verification>, BackupError> {
    checked::noted(folder, NAME)
}
