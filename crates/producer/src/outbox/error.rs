use std::path::PathBuf;

use durable::OpenError;

use crate::ConnectError;

/// Why an outbox can't be opened. Nothing in it was altered.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// Another process has it, or the disk said no.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// It's the outbox of another publisher, who alone may send what is in it.
    #[error("{} is the outbox of {found}; publish as {found}, or use another folder", dir.display())]
    Publisher {
        /// Its folder.
        dir: PathBuf,
        /// Whose it is.
        found: String,
    },
    /// There is none.
    #[error("there is no outbox at {}; publishing makes one", dir.display())]
    Missing {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// An entry isn't of a form that this program reads.
    #[error("entry {number} of {} can't be read: {reason}; use the program that wrote it", dir.display())]
    Entry {
        /// Its folder.
        dir: PathBuf,
        /// The number of the entry.
        number: u64,
        /// Why.
        reason: String,
    },
}

/// Why an outbox didn't accept an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// It holds as much as it may. Nothing of the event is in it.
    #[error("the outbox is full with {entries} announcements of {bytes} bytes; {remedy}")]
    Full {
        /// How many it holds.
        entries: usize,
        /// What they take.
        bytes: u64,
        /// What to do about it.
        remedy: &'static str,
    },
    /// It holds another event with this identity, which is as it was. Nothing of this one is in it.
    #[error("the outbox holds another event {id} of {source_uri}; give this one an id of its own, or drop the other one")]
    Conflict {
        /// The event's `source`.
        source_uri: String,
        /// The event's `id`.
        id: String,
    },
    /// The disk has no room for it. Nothing of the event is in the outbox, and what it holds goes on.
    #[error("the disk has no room for another announcement: {0}; make room and publish it again")]
    DiskFull(String),
    /// The outbox can't be written or read. What was accepted is on disk, whether this event is isn't known: open the outbox anew and publish it again, it's recognised.
    #[error("the outbox can't be used any more: {0}; see to the disk, open it anew and publish again")]
    Disk(String),
}

impl AcceptError {
    pub(super) const FULL: &'static str = "wait until some are sent, or drop refused ones";
}

/// Why an outbox doesn't send any more. What is in it stays.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server is too old.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The outbox can't be written or read.
    #[error("the outbox can't be used any more: {0}; see to the disk and open it anew")]
    Disk(String),
}
