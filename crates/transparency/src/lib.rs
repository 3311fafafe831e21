//! What lets anyone check a ledger without trusting it: the Merkle tree of RFC 6962 over its records.
//!
//! Everything here is pure: no I/O, no clock, no randomness.

mod frontier;
mod node;
#[cfg(test)]
mod oracle;

pub use frontier::{Frontier, TileHash};
pub use node::{leaf_hash, node_hash};
