//! The ledger: takes messages in, decides on each, keeps what it records for ever.
//!
//! ```text
//! stream, or Ledger::submit ──▶ bounded channel ──▶ writer: decide ▶ one batch ▶ journal + fdatasync ▶ receipts ▶ sled ▶ head
//! ```
//!
//! One thread owns the store. It drains what waits, up to a bound, and makes one commit of it: there is no timer. A [`Reader`] reads what sled has.
//!
//! What the keys of the store hold, all numbers big-endian:
//!
//! ```text
//! s                                 state: format, tree, rules, epoch, checkpoint, refusals (JSON); each commit's last write
//! r position u64                    record: recorded i64 µs · length of publisher u8 · publisher · event
//! i H(publisher, source, id)        position u64
//! e H(source, id) position u64      nothing: who has an event of this source and id
//! d H(publisher, digest) position   0 where the message with this body was recorded there, 1 where its content had been
//! x position u64                    position of the retraction
//! c position u64                    position of the latest correction
//! gs key, gw key                    how many claims, as they stand, name the exchange as a stage, or as the whole of stages
//! f number u64                      refusal (JSON)
//! b number u64                      the refused message's body
//! n number u64                      the key below
//! F H(subject, digest) H(headers)   number u64 of the refusal; headers only of binary-mode events
//! ```
//!
//! H is the first half of SHA-256 over the parts with their lengths. `format` is 1; another is refused at opening.
//!
//! Invariants:
//! 1. A receipt leaves only after its commit's frame is in the journal and synced.
//! 2. Positions are 0, 1, 2 … without gaps; `recorded` never goes back.
//! 3. A decision is a pure function of the message, its time, the rules in force and what was recorded before.
//! 4. The checkpoint is in the commit's batch. A message that was read before has no effect.
//! 5. A failed write ends the writer; nothing is tried again in place, and reading goes on. The folder stays locked until the last handle is gone.
//! 6. A stream that doesn't go on from the checkpoint stops the intake, and nothing else.

pub mod control;
pub mod nats;

#[cfg(test)]
mod bench;
mod commit;
mod decide;
mod error;
mod head;
mod index;
mod layout;
mod ledger;
mod message;
mod open;
mod reader;
mod refusal;
mod rules;
mod stage;
mod state;
mod target;
mod writer;

pub use decide::Epoch;
pub use error::{OpenError, ReadError, SubmitError};
pub use head::{Head, Health, Part};
pub use ledger::{Ledger, Options};
pub use message::{MAX_MESSAGE, Message};
pub use nats::{RangeAnswer, RecordAnswer};
pub use reader::{MAX_PAGE, MAX_PAGE_BYTES, Reader};
pub use refusal::{MAX_REFUSALS, MAX_REFUSED_BYTES, Refusal};
pub use transparency::Frontier;
