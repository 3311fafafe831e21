use std::{io, path::PathBuf};

/// Why a folder can't be opened. Nothing in it was altered, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by process {pid}; stop it, or use another data folder", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// The process, as far as it said.
        pid: String,
    },
    /// The journal isn't of a version that this program reads.
    #[error("{} isn't a journal of version {}; use the program that wrote it", path.display(), crate::journal::VERSION)]
    Format {
        /// The journal.
        path: PathBuf,
    },
    /// The journal is damaged before its end: records that were acknowledged can't be read.
    #[error("{} is damaged at byte {offset}, in the frame of position {position}; restore the folder from a backup", path.display())]
    JournalDamaged {
        /// The journal.
        path: PathBuf,
        /// Where the damaged frame begins.
        offset: u64,
        /// The first position that can't be read.
        position: u64,
    },
    /// The journal ends before what is known to have been written.
    #[error("{} ends after {frames} frames, before position {position}, though {expected} were written; restore the folder from a backup", path.display())]
    JournalShort {
        /// The journal.
        path: PathBuf,
        /// How many frames it has.
        frames: u64,
        /// How many frames were written.
        expected: u64,
        /// The first position that's missing.
        position: u64,
    },
    /// The folder holds records and the journal that they go on in isn't there.
    #[error("{} is missing: the records from position {position} on are gone; restore the folder from a backup", journal.display())]
    JournalMissing {
        /// Where the journal should be.
        journal: PathBuf,
        /// The first position that's missing.
        position: u64,
    },
    /// Written by the first version of the layout.
    #[error("{} is of the first format; bring it to this one with: handover ledger migrate", dir.display())]
    Old {
        /// The folder.
        dir: PathBuf,
    },
    /// A freshly made sled can't be written either.
    #[error("sled can't be written in {}: {reason}", dir.display())]
    Sled {
        /// The folder of sled.
        dir: PathBuf,
        /// What sled said.
        reason: String,
    },
    /// The disk said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// Whether the folder is at fault (in use, or out of reach), and not what is in it.
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Io { .. })
    }
}

/// Why a commit or a sync failed. The store takes no more writes; open it anew to go on.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The journal couldn't be written or synced: the batch isn't durable.
    #[error("the journal could not be written: {0}")]
    Journal(#[source] io::Error),
    /// sled couldn't be written or synced. The batch is durable in the journal, and sled is brought up to it at the next opening.
    #[error("sled could not be written: {0}")]
    Sled(String),
    /// Larger than a frame may be. Nothing was written, and the store goes on.
    #[error("a commit of {0} bytes is larger than a frame")]
    TooLarge(usize),
    /// An earlier write failed.
    #[error("an earlier write failed; open the folder anew")]
    Poisoned,
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// sled couldn't read what it holds.
    #[error("sled is damaged: {0}")]
    Damaged(String),
}

pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}
