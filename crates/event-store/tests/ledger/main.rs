//! The ledger as a black box: embedded, in processes that die, over a control socket, and behind a real nats-server.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod harness;
mod node;

mod agreement;
mod catch_up;
mod control;
mod damage;
mod deaths;
mod embedded;
mod extremes;
mod log;
mod migration;
mod model;
mod power;
mod queries;
mod redaction;
mod rollback;
mod stream;
mod volumes;
