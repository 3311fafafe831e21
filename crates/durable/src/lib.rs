//! The one place that touches sled and the disk: a redo journal, and sled behind it.
//!
//! A commit is [`Store::append`] (one write to the journal and one `fdatasync`: the batch is durable) and then [`Store::apply`] (sled has it, readers see it).
//! sled is synced at most a second later. At [opening](Store::open) the journal is read whole, and sled is brought up to it; where sled can't be opened, or differs from
//! what the journal says, it's set aside as `sled.damaged-<n>` and rebuilt.
//!
//! ```text
//! DIR/lock       held while the folder is open; the process that has it
//! DIR/journal    "handover-log" · version u32 · frame · frame · …
//! DIR/sled/      what the frames wrote
//!
//! frame   0   "HjF1"
//!         4   length of the batch        u32
//!         8   CRC-32C of 4..8 and 12..   u32
//!        12   number of the frame        u64      0, 1, 2 …
//!        20   first position             u64
//!        28   stream sequence            u64
//!        36   size                       u64
//!        44   root                       32 bytes
//!        76   batch: writes, each  kind u8 (0 insert, 1 put, 2 remove) · length of key u16 · length of value u32 · key · value
//! ```
//!
//! All numbers are big-endian. In sled, in one tree: `k` + key → `0` + value, or for a value over 60 KiB `1` + number of its parts, which are `p` + key + number → part;
//! `m` → how many frames it has.
//!
//! Invariants:
//! 1. What [`Store::append`] returned is in the journal on disk, and is in sled after the next opening whatever became of sled.
//! 2. sled is never ahead of the journal.
//! 3. A bad frame with a whole one after it is damage and an error; only a write that was never acknowledged is cut off. A flipped bit in the very last frame looks like
//!    such a write unless sled has that frame.
//! 4. After a failed write or sync nothing is written any more.

mod batch;
mod error;
mod frame;
mod journal;
mod lock;
mod store;
mod volume;

pub use batch::Batch;
pub use error::{OpenError, ReadError, WriteError};
pub use frame::{FrameHead, MAX_BATCH};
pub use store::{Opened, Store};
pub use volume::{Entry, StoreReader};
