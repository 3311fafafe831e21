//! Handover from outside: the built binary, a real nats-server, real files. In reading order.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod harness;

mod acts;
mod answers;
mod road;

mod audit;
mod bench;
mod cluster;
mod crashes;
mod document;
mod draft;
mod events;
mod faults;
mod hostile;
mod integrity;
mod operations;
mod outages;
mod outbox;
mod power;
mod projections;
mod proofs;
mod proxy;
mod recovery;
mod redaction;
mod roles;
mod stream;
mod views;
