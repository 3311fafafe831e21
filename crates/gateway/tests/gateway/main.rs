//! The gateway as its clients meet it: over a socket, with a real ledger and real read models behind it.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod access;
mod contract;
mod events;
mod forms;
mod harness;
mod hostile;
mod integrity;
mod life;
mod metrics;
mod page;
mod publishing;
mod read_models;
mod reading;
mod redaction;
mod sharing;
mod streams;
mod versions;
