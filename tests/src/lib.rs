//! What the black-box tests stand on: a real nats-server and the built `handover`, each a process of its own in a folder of its own.
//!
//! - [`NatsServer`], [`NatsCluster`] and [`Handover`] are started, killed and started again; both die with the test.
//! - [`handover_command()`] runs the binary's commands, [`http`] speaks to a server, also in bytes that no client would send.
//! - [`power`] records what a process does to its files, and makes what a power cut may leave of them.
//! - [`corpus`] has the real announcements, [`Generator`] makes any number of others out of a seed.
//!
//! Nothing here sleeps and hopes: [`wait_for`] waits for a condition, with a deadline. What can't be had ends the test with a sentence that says so.

pub mod corpus;
pub mod http;
pub mod power;

mod deadline;
mod handover_command;
mod handover_server;
mod nats_cluster;
mod nats_server;
mod process;
mod programs;

pub use deadline::{PATIENCE, wait_for};
pub use generator::{Generated, Generator, SplitMix};
pub use handover_command::{Ran, handover_command, handover_command_with};
pub use handover_server::{Handover, NotReady, Serve};
pub use nats_cluster::NatsCluster;
pub use nats_server::NatsServer;
pub use process::Process;
pub use programs::{handover, nats_server, repository};
