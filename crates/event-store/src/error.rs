use announcement::Position;

/// Why a ledger can't be opened. Nothing in its folder was altered.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can't be opened.
    #[error(transparent)]
    Store(#[from] durable::OpenError),
    /// What was opened can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Written by another version.
    #[error("the ledger is of format {found}, and this program reads format {expected}; use the program that wrote it")]
    Format {
        /// The format found.
        found: u32,
        /// The format of this program.
        expected: u32,
    },
    /// It goes on by rules that this program doesn't know.
    #[error("the ledger goes on by version {found} of the rules, which this program doesn't know; start a version of handover that knows them")]
    Rules {
        /// The version found.
        found: u32,
    },
    /// The journal's last frame names another size or root than the records give.
    #[error("the ledger holds {size} records with root {root}, and its journal says {journal_size} with root {journal_root}; restore the folder from a backup")]
    Altered {
        /// How many records there are.
        size: u64,
        /// Their root.
        root: announcement::Digest,
        /// How many the journal says.
        journal_size: u64,
        /// The root that the journal says.
        journal_root: announcement::Digest,
    },
    /// Its volumes are of another size.
    #[error("the ledger's volumes have {found} records, and {expected} were asked for; ask for {found}")]
    Volumes {
        /// How many they have.
        found: u64,
        /// How many were asked for.
        expected: u64,
    },
    /// A sealed volume isn't there.
    #[error("sealed volume {volume}, positions {first} to {last}, is missing; restore the folder from a backup")]
    VolumeMissing {
        /// Its number.
        volume: u64,
        /// Its first position.
        first: u64,
        /// Its last one.
        last: u64,
    },
    /// A volume is neither sealed nor has a journal.
    #[error("volume {volume} is missing; restore the folder from a backup")]
    VolumeGone {
        /// Its number.
        volume: u64,
    },
    /// A volume can't be rebuilt from its journal.
    #[error("volume {volume} can't be rebuilt from its journal: {reason}; see to the disk and start anew")]
    Rebuild {
        /// Its number.
        volume: u64,
        /// Why.
        reason: String,
    },
    /// A ledger of the first format is too large to be brought to this one.
    #[error("a ledger of the first format with {most} records or more isn't migrated; publish its announcements anew")]
    TooManyToMigrate {
        /// One more than can be.
        most: u64,
    },
    /// A new ledger can't be made.
    #[error("the ledger can't be made: {0}")]
    Create(#[source] durable::WriteError),
    /// The writer's thread can't be started.
    #[error("the writer can't be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The store can't read what it holds.
    #[error(transparent)]
    Store(#[from] durable::ReadError),
    /// A record that must be there isn't, or isn't of its form.
    #[error("the record at position {position} can't be read; verify the ledger: handover verify")]
    Unreadable {
        /// Its position.
        position: Position,
    },
    /// The state isn't of its form.
    #[error("the ledger's state can't be read; restore the folder from a backup")]
    State,
    /// The index of a sealed volume isn't of its form.
    #[error("the index of sealed volume {volume} is damaged; restore the folder from a backup")]
    Index {
        /// Its number.
        volume: u64,
    },
    /// A sealed volume can't be opened, or sled can't read what it holds.
    #[error("sealed volume {volume} can't be read: {reason}; restore the folder from a backup")]
    Sealed {
        /// Its number.
        volume: u64,
        /// Why.
        reason: String,
    },
    /// Nothing came within the time given.
    #[error("the ledger hasn't reached {size} records yet")]
    TimedOut {
        /// What was waited for.
        size: u64,
    },
}

impl ReadError {
    /// What sled says doesn't name its volume.
    pub(crate) fn in_sealed(self, volume: u64) -> Self {
        match self {
            Self::Store(error) => Self::Sealed { volume, reason: error.to_string() },
            named => named,
        }
    }
}

/// Why a message got no receipt. Whether it was recorded isn't known unless the variant says so: send it again, what is recorded is recognised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The writer stopped. Nothing of the message is in the ledger, or it's recognised when it's sent again.
    #[error("the ledger takes nothing in: {0}")]
    Stopped(String),
    /// As many messages wait as may wait. Nothing of this one is in the ledger.
    #[error("the ledger is busy; try again")]
    Busy,
    /// Larger than a message may be. Nothing of it is in the ledger, and none so large ever will be.
    #[error("the message has {found} bytes; at most {} are taken", crate::MAX_MESSAGE)]
    TooLarge {
        /// Its size, subject and headers included.
        found: usize,
    },
    /// The ledger follows a stream. Nothing of the message is in the ledger.
    #[error("the ledger follows a stream: publish to NATS")]
    FollowsStream,
}
