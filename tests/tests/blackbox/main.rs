//! Handover from outside: the built binary, a real nats-server, real files. In reading order.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod harness;

mod acts;
mod answers;
mod road;

mod audit;
mod bench;
mod cluster;
mod configuration;
mod convert;
mod crashes;
mod deploy_cluster;
mod deployment;
mod doctor;
mod document;
mod draft;
mod events;
mod faults;
mod hostile;
mod integrity;
mod operations;
mod outages;
mod outbox;
mod permissions;
mod power;
mod projections;
mod proofs;
mod proxy;
mod recovery;
mod redaction;
mod roles;
mod service_manager;
mod stream;
mod telemetry;
mod views;
