//! How the read models are kept: over stops, other versions of the fold, rebuilds, and ledgers that aren't the one of the snapshot.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod harness;

mod kills;
mod over_nats;
mod rebuilds;
mod snapshots;
