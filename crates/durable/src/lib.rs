//! The one place that touches sled and the disk: redo journals, and volumes of sled behind them.
//!
//! A [`Folder`] has numbered volumes. The one that is written is a [`Journal`] (a commit is one frame and one `fdatasync`) with a [`Volume`] that follows it; a sealed one is
//! a [`Volume`] alone, which is never written again. What the frames' payloads and the volumes' keys mean is the caller's.
//!
//! ```text
//! DIR/lock                 held while the folder is open; the process that has it
//! DIR/journal-<number>     "handover-log" · version u32 · frame · frame · … · zeros, while it's written
//! DIR/active-<number>/     sled: what the frames wrote, as far as it has followed; after a power cut, anything
//! DIR/sealed-<number>/     sled, a file `summary`, and `removed` where something was removed from it since
//! DIR/*.new                unfinished, or not needed any more: removed at the next opening
//! DIR/*.next               whole: takes the place of what has the name without this, at the latest at the next opening
//! DIR/active-<number>.damaged-<n>/   set aside: it was closed in good order and can't be read
//!
//! frame   0   "HjF2"
//!         4   length of the payload      u32
//!         8   CRC-32C of 4..8 and 12..   u32
//!        12   number of the frame        u64      0, 1, 2 …
//!        20   first position             u64
//!        28   stream sequence            u64
//!        36   size                       u64
//!        44   root                       32 bytes
//!        76   payload
//! ```
//!
//! A [`Derived`] folder has sleds alone, for what can be made again from elsewhere:
//!
//! ```text
//! DIR/lock                 as above
//! DIR/names                which sled has which name: name · space · number, a line each
//! DIR/sled-<number>/       sled; removed where no name has it
//! ```
//!
//! A [`Queue`] is a journal alone, for a small map that is read whole at each opening; `first position` is the frame's number and `size` the next one's:
//!
//! ```text
//! DIR/lock                 as above
//! DIR/journal-<number>     as above; the one with the highest number counts. Payload: what (1 put, 2 remove) u8 · number u64 · length u32 · value, repeated
//! ```
//!
//! All numbers are big-endian. In sled, in one tree: `k` + key → `0` + value, or for a value over 6 KiB `1` + number of its parts u8, which are `p` + key + number u8 → part.
//!
//! Invariants:
//! 1. What [`Journal::append`] returned is on disk.
//! 2. A bad frame with a whole one after it is damage and an error; only a write that was never acknowledged is cut off. A flipped bit in the very last frame looks like
//!    such a write; who knows how many frames there were finds it with [`JournalReader::short`].
//! 3. A file or folder has its name only when it's whole and synced.
//! 4. After a failed write or sync a journal takes no more frames.

mod batch;
mod derived;
mod error;
mod first_format;
mod folder;
mod frame;
mod journal;
mod lock;
mod plain;
mod queue;
mod volume;

pub use batch::Batch;
pub use derived::Derived;
pub use error::{OpenError, ReadError, WriteError};
pub use first_format::{FirstFormat, FirstWrite};
pub use folder::Folder;
pub use frame::{Frame, FrameHead, MAX_PAYLOAD};
pub use journal::{Journal, JournalReader};
pub use plain::PlainTrees;
pub use queue::{Change, Queue};
pub use volume::{Entry, Volume};
