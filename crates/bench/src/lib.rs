//! `handover bench`: measures the ledger, and holds what it measures against references of the same run.
//!
//! What each figure means is told in the README of the crate `event-store`, beside the figures of one machine.
//!
//! Invariants:
//! 1. Nothing is weakened for a measurement: every commit is synced, every event hashed and looked up, and what comes over NATS is validated.
//! 2. A reference does the same work by the plainest means, in rounds that alternate with ours; what is compared are medians.
//! 3. Events are made before the clock starts. Where memory is reported the case runs in a process of its own.

mod append;
mod child;
mod events;
mod fill;
mod fold;
mod folder;
mod follow;
mod ingest;
mod measure;
mod nats_server;
mod open;
mod plain_file;
mod plain_sled;
mod read;
mod replay;
mod report;
mod run;
mod verify;

pub use child::run_child;
pub use report::{Figure, Machine, Report};
pub use run::{BenchError, Case, Options, run};
