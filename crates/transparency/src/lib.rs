//! What lets anyone check a ledger without trusting it: the Merkle tree of RFC 6962 over its records, kept in the tiles of C2SP tlog-tiles, and
//! checkpoints of it, signed as C2SP tlog-checkpoint and signed-note say.
//!
//! Everything here is pure: no I/O, no clock, no randomness.

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
pub use signature::{Signature, SignatureError};
pub use signer::SignerKey;
pub use tile::{Bundle, TILE_WIDTH, Tile, hashes_at, tiles};
pub use tree::{TreeError, consistency, frontier, inclusion, root};
pub use verifier::VerifierKey;
