//! The ledger: takes messages in, decides on each, keeps what it records for ever.
//!
//! ```text
//! stream, or Ledger::submit ──▶ bounded channel ──▶ writer: decide ──▶ committer: journal + fdatasync ▶ head ▶ receipts ──▶ follower: blocks ▶ sled ──▶ sealer
//!                                                      │ recent commits, index in memory                                     ▲ synced each second
//!                                                      └────────────────────▶ readers ◀───────────────────────────────────────┘
//! ```
//!
//! The writer drains what waits, up to 1,024 messages or 1 MiB, and makes one commit of it: there is no timer. While one commit is brought to disk the next is prepared. What
//! was committed is read from memory until the follower has it in sled.
//!
//! A ledger is a row of volumes of 262,144 records. The last one is written: a journal, with a sled that follows it. When it's full the next one begins, and it's sealed: written
//! anew out of its journal (records by blocks with a dictionary of their own, the index sorted), held against the tree record by record, and renamed; then its journal goes.
//!
//! ```text
//! DIR/clean              where the last journal ended, and whether its sled is whole: CRC-32C of the rest in hexadecimal · JSON; written when the ledger is
//!                        closed in good order, and by an opening that has to put a sled away; goes once it's open
//! DIR/last-verified-backup   the backup that was verified last, in the same form
//! DIR/last-verification  the last time that the whole ledger was read and held against its tree, in the same form
//! DIR/journal-<n>        frames; see the crate `durable`
//! DIR/active-<n>/        sled of a volume that's written
//! DIR/sealed-<n>/        sled of a sealed volume, its `summary`, and `removed`: the positions whose payload was removed since, a line each
//!
//! record, in frames and blocks: recorded i64 µs · length of publisher u8 · publisher · event; without its payload:
//!   recorded i64 µs · 0 u8 · position of the redaction u64 · leaf 32 bytes · SHA-256 of the event's bytes · 1 u8 · SHA-256 of its canonical form, or 0 u8 ·
//!   1 u8 · SHA-256 of the announcer's party and office, or 0 u8 · length of publisher u8 · publisher · skeleton of the event
//!
//! payload of a frame, part after part, numbers big-endian:
//!   'R' length u32 · record                the next record
//!   'E' hash u64 · position u64            an entry of the index
//!   'N' 32 bytes                           the root of the next 256 leaves
//!   'P' length u32 · key · length u32 · value, 'D' length u32 · key      a mutable key is written, or goes
//!   'S' length u32 · state                 format, volume_records, tree, rules, epoch, checkpoint, refusals, goal (JSON); the last part
//! The first frames of a journal hold all mutable keys: a journal needs no other.
//!
//! keys of a sled:
//!   r position u64       block of 16 records, the first at this position:
//!                          0 CRC-32C u32 of the position and 4.. · 4 count u8 · 5 kind u8 (0 plain, 1 zstd, 2 zstd with the volume's dictionary)
//!                          6 raw length u32 · 10 data; raw: length u32 · record, each
//!   z                    the dictionary
//!   m                    frames followed, position after the last block (JSON); written volumes only
//!   h number u64         page of up to 310 (62, as it's written now) sorted entries: CRC-32C u32 of the number and 4.. · hash u64 · position u40, each; sealed volumes only
//!   t                    the roots of the volume's tiles, then SHA-256 of all its entries; sealed volumes only
//!   g…, f b n d x …      mutable keys; written volumes only:
//!   gs key, gw key         how many claims, as they stand, name the exchange as a stage, or as the whole of stages
//!   f number u64           refusal (JSON)
//!   b number u64           the refused message's body
//!   x position u64         a redaction whose target's payload isn't removed everywhere yet: by which record, and the refusals that went with it (JSON)
//!   n number u64           the key below
//!   d H(subject, digest) H(headers)   number u64 of the refusal; headers only of binary-mode events
//!
//! an entry's hash (63 bits of SHA-256 over the parts with their lengths; what is found is held against the record):
//!   e, source, id                  the event
//!   d, publisher, digest           the message whose body is the event, byte for byte
//!   o0 and o1, publisher, digest   the message in binary mode;  u0 and u1: a later one with the same content in other bytes
//!   k, key                         the exchange that the event is about
//!   2^63 + 2 · position (+ 1)      the retraction (the corrections) of the claim there
//! ```
//!
//! H is the first half of such a SHA-256. `format` is 2; another is refused at opening. The summary is drawn at its type.
//!
//! The commit that records a redaction drops what was refused of the same event, and writes an `x` key. Then the writer ends the threads behind it, writes each sealed volume and each
//! journal that has the payload anew beside and puts it in its place, opens the written volumes again out of their journals, and removes the key. Killed anywhere, it's done at the next
//! opening, before anything is read. What is left of a record is its leaf, digests, and the *skeleton* of its event: identity, kind, days, exchange keys and targets, which have forms
//! that can't hold words. Every later decision is the same with it. Only the leaf is covered by the tree.
//!
//! On NATS, each stream made or checked at the start:
//!
//! ```text
//! ANNOUNCEMENTS  handover.announce.> handover.curate.> handover.operate.>   what is decided on, in its order
//! LEDGER         handover.log.<kind>     every record: the event's bytes as accepted; Handover-Position, -Recorded (RFC 3339, µs), -Publisher, -Leaf; of one without its
//!                                        payload the answer to `record` as its body, and Handover-Redacted, the position of the redaction;
//!                                        position p is message p + 1, never deleted or purged; whichever node published last goes on
//! no stream      handover.receipts.<publisher>                      receipts, many a message
//!                handover.query.{head,record,range,receipt,root}    questions, one of the nodes answers; handover.query.<node>.{head,root} ask one
//!                handover.nodes.<node>                              where a node stands (size, root, epoch, stream_sequence) and how it is, every two seconds
//!
//! A publisher's W3C trace context, the header `traceparent` of its message or else the extension of its event, goes along: a commit and a fold log the announcements' traces as links,
//! and a message of LEDGER has the header where the node that publishes it recorded the announcement itself since its start. It's no part of a record.
//! ```
//!
//! Invariants:
//! 1. A receipt leaves only after its commit's frame is in the journal and synced.
//! 2. Positions are 0, 1, 2 … without gaps; `recorded` never goes back.
//! 3. A decision is a pure function of the message, its time, the rules in force and what was recorded before.
//! 4. The checkpoint is in the commit's frame. A message that was read before has no effect.
//! 5. A failed write ends the writer; nothing is tried again in place, and reading goes on. The folder stays locked until the last handle is gone.
//! 6. A stream that doesn't go on from the checkpoint stops the intake, and nothing else.
//! 7. Nothing rests on sled alone until its volume is sealed. The sled of the last volume is gone on with where the ledger was closed in good order, and
//!    set aside where it can't be read then; any other one is put away, and made again from its journal, which is held against the tree. Of a sled
//!    that's put away only the marker is believed, and only to refuse a journal that ends before it.
//! 8. What LEDGER or another node holds otherwise stops the intake, with the first position, and never alters the ledger. A node compares each message of LEDGER, those that
//!    were there before it started at leisure, and says which ones are missing.
//! 9. Once a redaction's key is gone no file of the folder has anything of the payload. What is recorded afterwards doesn't depend on when that was.

pub mod control;
pub mod nats;

mod backup;
#[cfg(test)]
mod bench;
mod block;
mod checked;
mod checkpoints;
mod closed;
mod commit;
mod committer;
mod decide;
mod entry;
mod error;
mod follower;
mod head;
mod index;
mod layout;
mod ledger;
mod message;
mod metrics;
mod migrate;
mod nodes;
mod open;
mod payload;
mod proofs;
mod reader;
mod recent;
mod refusal;
mod removal;
mod rules;
mod sealing;
mod shelf;
mod stage;
mod state;
mod store;
mod summary;
mod take_over;
mod target;
mod traces;
mod tree;
mod verification;
mod verified;
mod verified_backup;
mod verify;
mod writer;

pub use backup::{Backup, BackupError, Manifest, copy, exchange, manifest, restore};
pub use checkpoints::{Checkpoints, CheckpointsError, HandedOut, LostCheckpoint};
pub use commit::Ready;
pub use decide::Epoch;
pub use error::{OpenError, ReadError, SubmitError};
pub use head::{Cause, Head, Health, Part};
pub use ledger::{Ledger, Options};
pub use message::{MAX_MESSAGE, Message};
pub use metrics::Metrics;
pub use migrate::migrate;
pub use nats::{RangeAnswer, RecordAnswer, RootAnswer};
pub use nodes::{Condition, Heard, NodeHead};
pub use proofs::{Entries, ProofError};
pub use reader::{MAX_PAGE, MAX_PAGE_BYTES, Reader};
pub use refusal::{Dropped, MAX_REFUSALS, MAX_REFUSED_BYTES, Refusal};
pub use removal::PendingRedaction;
pub use transparency::Frontier;
pub use verification::{Verification, VerificationError, note_verification};
pub use verified::Verified;
pub use verified_backup::{NoteError, VerifiedBackup};
pub use verify::{Damage, Redacts, VolumeReport, verify_volume, volumes};
