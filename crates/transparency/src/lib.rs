//! What lets anyone check a ledger without trusting it: the Merkle tree of RFC 6962 over its records, kept in the tiles of C2SP tlog-tiles, and
//! checkpoints of it, signed as C2SP tlog-checkpoint and signed-note say.
//!
//! ```text
//! Record ─▶ encode_entry ─▶ leaf_hash ─▶ Frontier ─▶ root ─▶ Checkpoint ─▶ Note (signed)
//!                               │            └─▶ TileHash: what the tiles above level 0 gain
//!                               └─▶ tiles ─▶ root, inclusion, consistency at any size ─▶ verify_inclusion, verify_consistency
//! ProofFile: a record, its inclusion proof and its checkpoint, checked by who has a checkpoint and nothing else
//! ```
//!
//! A log keeps the leaf hashes (level 0) and the roots of full tiles (levels 1, 2 …, a hash each for 256, 65,536 … leaves); what lies between is
//! hashed again when it's asked for.
//!
//! ```
//! use std::convert::Infallible;
//! use transparency::{Tile, leaf_hash};
//!
//! let leaves: Vec<_> = ["a", "b", "c"].map(|entry| leaf_hash(entry.as_bytes())).into();
//! let read = |tile: Tile| Ok::<_, Infallible>(leaves[..usize::from(tile.width())].to_vec());
//! let (root, proof) = (transparency::root(3, read)?, transparency::inclusion(1, 3, read)?);
//! assert_eq!(transparency::verify_inclusion(leaves[1], 1, 3, &proof, root), Ok(()));
//! # Ok::<_, transparency::TreeError<Infallible>>(())
//! ```
//!
//! Invariants:
//! 1. Everything here is pure: no I/O, no clock, no randomness. A key is made of the seed that it's given.
//! 2. Whatever is read or checked may be hostile: nothing panics, and every loop has a bound.
//! 3. What is read is written as the same bytes: a path, a key, a note, a checkpoint, an entry, a bundle has one form.
//! 4. No error and no `Debug` shows a private key.

mod bundle;
mod checkpoint;
mod entry;
mod frontier;
mod key;
mod node;
mod note;
#[cfg(test)]
mod oracle;
mod origin;
mod path;
mod proof;
mod proof_file;
mod shape;
mod signature;
mod signer;
mod tile;
mod tree;
mod verifier;

pub use bundle::{BundleError, decode_bundle, encode_bundle};
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointFault, MAX_CHECKPOINT, OpenError};
pub use entry::{EntryError, MAX_ENTRY, decode_entry, encode_entry};
pub use frontier::{Frontier, TileHash};
pub use key::{KeyError, KeyId, KeyName};
pub use node::{leaf_hash, node_hash};
pub use note::{MAX_NOTE, MAX_SIGNATURES, Note, NoteError, NoteFault};
pub use origin::Origin;
pub use path::{PathError, TilePath};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use proof_file::{CheckError, ProofFile, ProofFileError};
pub use signature::{Signature, SignatureError};
pub use signer::SignerKey;
pub use tile::{Bundle, TILE_WIDTH, Tile, hashes_at, tiles};
pub use tree::{TreeError, consistency, frontier, inclusion, root};
pub use verifier::VerifierKey;
